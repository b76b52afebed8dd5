import type { EthVersion } from '../../protocols/eth/versions.ts'
import { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { LocalProtocol, MatchedProtocol } from '../../protocols/p2p/matching.ts'
import {
  baseCodes,
  baseNames,
  baseProtocolLength,
  decodeDisconnect,
  decodeHello,
  type Hello,
  readReason,
} from '../../protocols/p2p/messages.ts'
import type { SnapVersion } from '../../protocols/snap/versions.ts'
import {
  countOf,
  decodeMessage,
  encodeMessage,
  isAnswerName,
  isRemoteFault,
  protocolOf,
  type SubCap,
  type SubMessage,
  type SubMessageIn,
  type SubMessageName,
  type SubMessageNameIn,
  tableOf,
} from '../../protocols/sub-protocols.ts'

// The messages that a script knows by name, and their codes on one connection.

export type BaseName = keyof typeof baseCodes
/** A message of the base protocol, of eth or of snap. */
export type PeerMessageName<C extends SubCap = SubCap> = BaseName | SubMessageNameIn<C>

/** What a message is once it is read, where one of the versions `C` is spoken. */
export type PeerMessage<N extends PeerMessageName, C extends SubCap = SubCap> = N extends BaseName
  ? BaseMessage[N]
  : SubMessageIn<C, N & SubMessageName>

type BaseMessage = {
  readonly Hello: Hello
  readonly Disconnect: { readonly reason: DiscReason }
  readonly Ping: object
  readonly Pong: object
}

/** The messages of one connection, once both Hellos are known. */
export class NegotiatedMessages {
  readonly #matched: readonly MatchedProtocol<LocalProtocol>[]

  constructor(matched: readonly MatchedProtocol<LocalProtocol>[] = []) {
    this.#matched = matched
  }

  /** Undefined: the two have none in common. */
  get eth(): Spoken<EthVersion> | undefined {
    return this.#spoken('eth') as Spoken<EthVersion> | undefined
  }
  get snap(): Spoken<SnapVersion> | undefined {
    return this.#spoken('snap') as Spoken<SnapVersion> | undefined
  }

  /** @returns undefined for a message that this connection does not have */
  codeOf(name: PeerMessageName): number | undefined {
    if (isBase(name)) return baseCodes[name]
    const spoken = this.#spoken(protocolOf(name))
    const code = spoken && tableOf(spoken.name, spoken.version)?.codeOf(name)
    return code === undefined ? undefined : spoken!.offset + code
  }

  /** The reverse of {@link protocolOf}. @returns undefined where `protocol` is not matched */
  codeIn(protocol: string, code: number): number | undefined {
    if (protocol === 'p2p' || protocol === 'unknown') return code
    const spoken = this.#spoken(protocol)
    return spoken && spoken.offset + code
  }

  /** @returns `Hello`, `BlockHeaders`; by number where it has no name: `les 0x04`, `code 0x7f` */
  nameOf(code: number): string {
    if (code < baseProtocolLength) return baseNames.get(code) ?? hex('code', code)
    const protocol = this.#at(code)
    if (!protocol) return hex('code', code)
    const relative = code - protocol.offset
    return tableOf(protocol.name, protocol.version)?.nameOf(relative) ?? hex(protocol.name, relative)
  }

  /** @returns what the feed says a code is of */
  protocolOf(code: number): { readonly protocol: string; readonly version?: number; readonly code: number } {
    const of = this.#at(code)
    return of
      ? { protocol: of.name, version: of.version, code: code - of.offset }
      : { protocol: code < baseProtocolLength ? 'p2p' : 'unknown', code }
  }

  /** @throws {RangeError} a field does not fit, or its protocol is not matched */
  encode(message: SubMessage): Uint8Array {
    const protocol = protocolOf(message.kind)
    const spoken = this.#spoken(protocol)
    if (!spoken) throw new RangeError(`no version of ${protocol} is matched: ${message.kind} cannot be written`)
    return encodeMessage(spoken.version, message)
  }

  /** @throws what is named by isRemoteFault: the payload is malformed */
  read<N extends PeerMessageName>(name: N, payload: Uint8Array): PeerMessage<N> {
    if (name === 'Hello') return decodeHello(payload) as PeerMessage<N>
    if (name === 'Disconnect') return { reason: decodeDisconnect(payload) } as PeerMessage<N>
    if (isBase(name)) return {} as PeerMessage<N>
    return decodeMessage(this.#spoken(protocolOf(name))!.version, name as SubMessageName, payload) as PeerMessage<N>
  }

  /** @returns undefined: the payload is malformed */
  decode<N extends PeerMessageName>(name: N, payload: Uint8Array): PeerMessage<N> | undefined {
    try {
      return this.read(name, payload)
    } catch (error) {
      if (isRemoteFault(error)) return undefined
      throw error
    }
  }

  /** @returns what a log says of a message: `disc 0x10`, `BlockHeaders 3`, or its name alone */
  describe(code: number, payload: Uint8Array): string {
    const name = this.nameOf(code)
    if (name === 'Disconnect') return describeDisconnect(payload)
    if (!isAnswerName(name)) return name
    const answer = this.decode(name, payload)
    return answer ? `${name} ${countOf(answer)}` : `${name} malformed`
  }

  #spoken(protocol: string): MatchedProtocol<LocalProtocol> | undefined {
    return this.#matched.find(({ name }) => name === protocol)
  }

  #at(code: number): MatchedProtocol<LocalProtocol> | undefined {
    return this.#matched.find(({ offset, length }) => offset <= code && code < offset + length)
  }
}

/** A protocol that both sides speak, and where its codes begin. */
type Spoken<V extends number> = { readonly version: V; readonly offset: number }

export const isBase = (name: PeerMessageName): name is BaseName => Object.hasOwn(baseCodes, name)

/** A Disconnect's, as a number or by its name in DiscReason. */
export type Reason = DiscReason | keyof typeof DiscReason

/**
 * @param reason as a number, or by its name in DiscReason
 * @throws {TypeError} there is no such name
 */
export function toReason(reason: Reason): DiscReason {
  if (typeof reason !== 'string') return reason
  if (Object.hasOwn(DiscReason, reason)) return DiscReason[reason]
  throw new TypeError(
    `Disconnect has no reason ${JSON.stringify(reason)}: they are ${Object.keys(DiscReason).join(', ')}`,
  )
}

function describeDisconnect(payload: Uint8Array): string {
  const reason = readReason(payload)
  return reason === undefined ? 'disc without a reason' : hex('disc', reason)
}

export const hex = (what: string, code: number): string => `${what} 0x${code.toString(16).padStart(2, '0')}`
