import {
  countOf as countOfEth,
  decode as decodeEth,
  type EthAnswer,
  type EthMessage,
  type EthRequest,
  encode as encodeEth,
  type MessageIn,
} from './eth/messages.ts'
import {
  type AnswerName,
  type EthVersion,
  answerOf as ethAnswerOf,
  ethVersions,
  type MessageName,
  type MessageNameIn,
  messageTable,
} from './eth/versions.ts'
import { MalformedItem } from './lib/lazy-list.ts'
import type { MessageTable } from './lib/message-table.ts'
import { PeerError } from './lib/peer-error.ts'
import { RlpError } from './lib/rlp.ts'
import { DiscError } from './p2p/disconnect-reasons.ts'
import {
  countOf as countOfSnap,
  decode as decodeSnap,
  encode as encodeSnap,
  MalformedSnapMessage,
  type SnapAnswer,
  type SnapMessage,
  type SnapMessageOf,
  type SnapRequest,
} from './snap/messages.ts'
import {
  isSnapName,
  type SnapAnswerName,
  type SnapMessageName,
  type SnapMessageNameIn,
  type SnapVersion,
  snapAnswerOf,
  snapTable,
  snapVersions,
} from './snap/versions.ts'

// eth and snap as one, for code that handles the messages of a connection by name. No two of them have a name in common.

export type SubMessageName = MessageName | SnapMessageName
export type SubMessage = EthMessage | SnapMessage
export type SubMessageOf<N extends SubMessageName> = Extract<SubMessage, { readonly kind: N }>
/** A version of eth or snap, as Hello names it. */
export type SubCap = EthCap | `snap/${SnapVersion}`
export type EthCap = `eth/${EthVersion}`
/** What at least one of the versions `C` has. */
export type SubMessageNameIn<C extends SubCap> = C extends `eth/${infer V extends EthVersion}`
  ? MessageNameIn<V>
  : C extends `snap/${infer V extends SnapVersion}`
    ? SnapMessageNameIn<V>
    : never
/** What a message is in the versions `C`: of several, one of what it is in each. */
export type SubMessageIn<C extends SubCap, N extends SubMessageName> = C extends `eth/${infer V extends EthVersion}`
  ? MessageIn<V, N & MessageName>
  : C extends `snap/${infer V extends SnapVersion}`
    ? SnapMessageOf<N & SnapMessageNameIn<V>>
    : never

export type SubRequestNameIn<C extends SubCap> = SubRequestName & SubMessageNameIn<C>

export type SubRequest = EthRequest | SnapRequest
export type SubAnswer = EthAnswer | SnapAnswer

/** Which message answers which request. */
export const answerOf = { ...ethAnswerOf, ...snapAnswerOf } as const
export type SubRequestName = keyof typeof answerOf
export type SubAnswerName = AnswerName | SnapAnswerName

/** Which request a message answers, by its name. */
export const requestOf: ReadonlyMap<string, SubRequestName> = new Map(
  Object.entries(answerOf).map(([request, answer]) => [answer, request as SubRequestName]),
)

export const isRequestName = (name: string): name is SubRequestName => Object.hasOwn(answerOf, name)
export const isAnswerName = (name: string): name is SubAnswerName => requestOf.has(name)

/** @returns which protocol has a message of this name */
export const protocolOf = (name: SubMessageName): 'eth' | 'snap' => (isSnapName(name) ? 'snap' : 'eth')

/** @returns the messages of a protocol; undefined for one, or a version, that is not spoken here */
export function tableOf(
  protocol: string,
  version: number | undefined,
): MessageTable<SubMessageName, number> | undefined {
  if (protocol === 'eth' && isOneOf(ethVersions, version)) return messageTable(version)
  return protocol === 'snap' && isOneOf(snapVersions, version) ? snapTable(version) : undefined
}

/**
 * @param version of the protocol that has `name`
 * @throws {MalformedMessage} {MalformedSnapMessage} the payload is no such message
 * @throws {RangeError} the version has no such message
 */
export function decodeMessage<N extends SubMessageName>(version: number, name: N, payload: Uint8Array) {
  const message: SubMessage = isSnapName(name)
    ? decodeSnap(version as SnapVersion, name, payload)
    : decodeEth(version as EthVersion, name as MessageName, payload)
  return message as SubMessageOf<N>
}

/** @throws {RangeError} the version has no such message, or a field of ours does not fit */
export const encodeMessage = (version: number, message: SubMessage): Uint8Array =>
  isSnap(message) ? encodeSnap(version as SnapVersion, message) : encodeEth(version as EthVersion, message)

/** @returns how many items `answer` holds */
export const countOf = (answer: SubAnswer): number => (isSnap(answer) ? countOfSnap(answer) : countOfEth(answer))

/** @returns whether bytes of a remote are no message, which decoders throw */
export const isRemoteFault = (error: unknown): error is Error =>
  [PeerError, DiscError, MalformedSnapMessage, MalformedItem, RlpError].some((fault) => error instanceof fault)

const isSnap = <M extends SubMessage>(message: M): message is M & SnapMessage => isSnapName(message.kind)

const isOneOf = <V extends number>(versions: readonly V[], version: number | undefined): version is V =>
  (versions as readonly unknown[]).includes(version)
