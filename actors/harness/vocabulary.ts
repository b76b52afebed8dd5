import { countOf, decode, encode, type MessageOf } from '../../protocols/eth/messages.ts'
import {
  type EthVersion,
  ethLengths,
  isAnswer,
  isRequest,
  type MessageName,
  messageTable,
  type RequestName,
} from '../../protocols/eth/versions.ts'
import { asItem, HashList, LazyList, MalformedItem, Uint32List } from '../../protocols/lib/lazy-list.ts'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { DiscError, DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import type { LocalProtocol, MatchedProtocol } from '../../protocols/p2p/matching.ts'
import {
  baseCodes,
  baseProtocolLength,
  type Cap,
  decodeDisconnect,
  decodeHello,
  type Hello,
} from '../../protocols/p2p/messages.ts'

// The messages that a script knows by name, and their codes on one connection.

export type BaseName = keyof typeof baseCodes
/** A message of the base protocol or of eth. */
export type PeerMessageName = BaseName | MessageName

/** What a message is once it is read. */
export type PeerMessage<N extends PeerMessageName> = N extends MessageName ? MessageOf<N> : BaseMessage[N & BaseName]

type BaseMessage = {
  readonly Hello: Hello
  readonly Disconnect: { readonly reason: DiscReason }
  readonly Ping: object
  readonly Pong: object
}

/** What a message is written from: whole numbers as numbers, lists as arrays, what has a usual value left out. */
export type FieldsOf<N extends MessageName> = Loose<N, MessageOf<N>>

type Loose<N extends MessageName, M> = M extends unknown
  ? { readonly [K in Exclude<keyof M, 'kind' | Usual<N>>]: LooseField<M[K]> } & {
      readonly [K in keyof M & Usual<N>]?: LooseField<M[K]>
    }
  : never
/** An id is the next of the connection's own; nothing is skipped, reversed, or had already. */
type Usual<N extends MessageName> = N extends RequestName
  ? 'id' | 'skip' | 'reverse' | 'firstBlockReceiptIndex'
  : 'lastBlockIncomplete' | 'mask'
type LooseField<T> = T extends bigint
  ? bigint | number
  : T extends HashList
    ? HashList | readonly Uint8Array[]
    : T extends Uint32List
      ? Uint32List | readonly number[]
      : T extends LazyList<infer Item>
        ? LazyList<Item> | readonly Uint8Array[]
        : T

/** @param id for a request that says none @throws {RangeError} a number that is not whole, a hash that is not 32 bytes */
export function toMessage<N extends MessageName>(name: N, fields: object, id: () => bigint): MessageOf<N> {
  const given = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, toField(key, value)]))
  const usual = isRequest(name) ? { id: given.id ?? id(), skip: 0n, reverse: false, firstBlockReceiptIndex: 0n } : {}
  return { lastBlockIncomplete: false, ...usual, ...given, kind: name } as never
}

function toField(key: string, value: unknown): unknown {
  if (typeof value === 'number') return key === 'version' ? value : BigInt(value)
  if (!Array.isArray(value)) return value
  if (key === 'hashes') return HashList.of(value)
  return key === 'sizes' ? Uint32List.of(value) : LazyList.of(value, asItem)
}

/** The messages of one connection, once both Hellos are known. */
export class Vocabulary {
  readonly #matched: readonly MatchedProtocol<LocalProtocol>[]

  constructor(matched: readonly MatchedProtocol<LocalProtocol>[] = []) {
    this.#matched = matched
  }

  /** Undefined: the two have none in common. */
  get eth(): { readonly version: EthVersion; readonly offset: number } | undefined {
    return this.#matched.find(({ name }) => name === 'eth') as MatchedProtocol<never> & { version: EthVersion }
  }

  /** @returns undefined for a message that this connection does not have */
  codeOf(name: PeerMessageName): number | undefined {
    if (isBase(name)) return baseCodes[name]
    const code = this.eth && messageTable(this.eth.version).codeOf(name)
    return code === undefined ? undefined : this.eth!.offset + code
  }

  /** @returns `Hello`, `BlockHeaders`; by number where nobody gave it a name: `snap 0x04`, `code 0x7f` */
  nameOf(code: number): string {
    if (code < baseProtocolLength) return baseNames.get(code) ?? hex('code', code)
    const protocol = this.#matched.find(({ offset, length }) => offset <= code && code < offset + length)
    if (!protocol) return hex('code', code)
    const relative = code - protocol.offset
    const name = protocol.name === 'eth' ? messageTable(this.eth!.version).nameOf(relative) : undefined
    return name ?? hex(protocol.name, relative)
  }

  /** @returns what the feed says a code is of */
  protocolOf(code: number): { readonly protocol: string; readonly version?: number; readonly code: number } {
    const of = this.#matched.find(({ offset, length }) => offset <= code && code < offset + length)
    return of
      ? { protocol: of.name, version: of.version, code: code - of.offset }
      : { protocol: code < baseProtocolLength ? 'p2p' : 'unknown', code }
  }

  /** @throws {RangeError} a field does not fit, or eth is not matched */
  encode<N extends MessageName>(message: MessageOf<N>): Uint8Array {
    if (!this.eth) throw new RangeError(`no version of eth is matched: ${message.kind} cannot be written`)
    return encode(this.eth.version, message)
  }

  /** @returns undefined: the payload is malformed */
  decode<N extends PeerMessageName>(name: N, payload: Uint8Array): PeerMessage<N> | undefined {
    try {
      if (name === 'Hello') return decodeHello(payload) as PeerMessage<N>
      if (name === 'Disconnect') return { reason: decodeDisconnect(payload) } as PeerMessage<N>
      if (isBase(name)) return {} as PeerMessage<N>
      return decode(this.eth!.version, name as MessageName, payload) as PeerMessage<N>
    } catch (error) {
      if (error instanceof PeerError || error instanceof DiscError || error instanceof MalformedItem) return undefined
      throw error
    }
  }

  /** @returns what a log says of a message: `disc 0x10`, `BlockHeaders 3`, or its name alone */
  describe(code: number, payload: Uint8Array): string {
    const name = this.nameOf(code)
    if (name === 'Disconnect') return hex('disc', decodeDisconnect(payload))
    if (!this.eth || !isAnswer(name as MessageName)) return name
    const answer = this.decode(name as 'BlockHeaders', payload)
    return answer ? `${name} ${countOf(answer)}` : `${name} malformed`
  }
}

export const isBase = (name: PeerMessageName): name is BaseName => Object.hasOwn(baseCodes, name)

/** @param cap as `eth/72`, or as it is */
export function toCap(cap: string | Cap): Cap {
  if (typeof cap !== 'string') return cap
  const slash = cap.lastIndexOf('/')
  return { name: cap.slice(0, slash), version: Number(cap.slice(slash + 1)) }
}

/** How many codes a capability takes; 1 where nobody knows. */
export const withLength = ({ name, version }: Cap): LocalProtocol => ({
  name,
  version,
  length:
    (name === 'eth' ? ethLengths[version as EthVersion] : name === 'snap' ? snapLengths[version] : undefined) ?? 1,
})

/** A Disconnect's, as a number or by its name in DiscReason. */
export type Reason = DiscReason | keyof typeof DiscReason

/** @param reason as a number, or by its name in DiscReason */
export const toReason = (reason: Reason): DiscReason => (typeof reason === 'string' ? DiscReason[reason] : reason)

const snapLengths: Readonly<Record<number, number>> = { 1: 8, 2: 10 }
const baseNames = new Map<number, string>(Object.entries(baseCodes).map(([name, code]) => [code, name]))
export const hex = (what: string, code: number): string => `${what} 0x${code.toString(16).padStart(2, '0')}`
