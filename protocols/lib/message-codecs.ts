import { RawList } from './lazy-list.ts'
import type { MessageTable } from './message-table.ts'
import { RlpError, type RlpItem, readItem } from './rlp.ts'

/** The bytes of one message in every version that has it. */
export type Codec<M, V extends number = number> = {
  /**
   * Its lists come uncounted.
   * @param payload the first RLP value of the message
   * @throws {RlpError} it is no `M` of this version
   */
  decode(payload: RlpItem, version: V): M
  encode(message: M, version: V): Uint8Array
}

type Message = { readonly kind: string }
type Of<M extends Message, N> = Extract<M, { readonly kind: N }>

/** A protocol's messages, from bytes and to bytes. */
export class MessageCodecs<M extends Message, V extends number> {
  readonly #protocol: string
  readonly #tableOf: (version: V) => MessageTable<M['kind'], V>
  readonly #codecs: { readonly [N in M['kind']]: Codec<Of<M, N>, V> }
  readonly #malformed: (kind: M['kind'], code: number, size: number, cause: RlpError) => Error

  /** @param malformed the error of a payload that is not the message that its code names */
  constructor(
    protocol: string,
    tableOf: (version: V) => MessageTable<M['kind'], V>,
    codecs: { readonly [N in M['kind']]: Codec<Of<M, N>, V> },
    malformed: (kind: M['kind'], code: number, size: number, cause: RlpError) => Error,
  ) {
    this.#protocol = protocol
    this.#tableOf = tableOf
    this.#codecs = codecs
    this.#malformed = malformed
  }

  /**
   * Bytes after the first RLP value are ignored. The message's lists are views of `payload`.
   * @throws what `malformed` makes @throws {RangeError} `version` has no such message
   */
  decode<N extends M['kind']>(version: V, name: N, payload: Uint8Array): Of<M, N> {
    const code = this.#codeIn(version, name)
    try {
      const message = this.#codecs[name].decode(readItem(payload), version)
      for (const list of listsOf(message)) list.countNow()
      return message
    } catch (cause) {
      throw this.#faultOf(name, code, payload, cause)
    }
  }

  /** As {@link decode}, in steps of 64 KiB: a message may be ten million empty items. */
  *decodeSteps<N extends M['kind']>(version: V, name: N, payload: Uint8Array): Generator<void, Of<M, N>> {
    const code = this.#codeIn(version, name)
    try {
      const message = this.#codecs[name].decode(readItem(payload), version)
      for (const list of listsOf(message)) yield* list.countSteps()
      return message
    } catch (cause) {
      throw this.#faultOf(name, code, payload, cause)
    }
  }

  /** @throws {RangeError} `version` has no such message, or a field of ours does not fit */
  encode<N extends M['kind']>(version: V, message: Of<M, N>): Uint8Array {
    const name = message.kind as N
    this.#codeIn(version, name)
    return this.#codecs[name].encode(message, version)
  }

  #faultOf(name: M['kind'], code: number, { length }: Uint8Array, cause: unknown): unknown {
    return cause instanceof RlpError ? this.#malformed(name, code, length, cause) : cause
  }

  #codeIn(version: V, name: M['kind']): number {
    const code = this.#tableOf(version).codeOf(name)
    if (code === undefined) throw new RangeError(`${this.#protocol}/${version} has no ${name}`)
    return code
  }
}

const listsOf = (message: object) => Object.values(message).filter((field) => field instanceof RawList)
