import { type Codec, MessageCodecs } from '../lib/message-codecs.ts'
import type { RlpError } from '../lib/rlp.ts'
import { AccessLists, ByteCodes, GetAccessLists, GetByteCodes, GetTrieNodes, TrieNodes } from './lookup-messages.ts'
import { AccountRange, GetAccountRange, GetStorageRanges, StorageRanges } from './range-messages.ts'
import {
  type SnapAnswerName,
  type SnapMessageName,
  type SnapRequestName,
  type SnapVersion,
  snapTable,
} from './versions.ts'

// Every message of every version, from bytes and to bytes. Lists stay the bytes they came as.

export type SnapMessage =
  | GetAccountRange
  | AccountRange
  | GetStorageRanges
  | StorageRanges
  | GetByteCodes
  | ByteCodes
  | GetTrieNodes
  | TrieNodes
  | GetAccessLists
  | AccessLists

export type SnapMessageOf<N extends SnapMessageName> = Extract<SnapMessage, { readonly kind: N }>
export type SnapRequest = SnapMessageOf<SnapRequestName>
export type SnapAnswer = SnapMessageOf<SnapAnswerName>

const byName: { readonly [N in SnapMessageName]: Codec<SnapMessageOf<N>, SnapVersion> } = {
  GetAccountRange,
  AccountRange,
  GetStorageRanges,
  StorageRanges,
  GetByteCodes,
  ByteCodes,
  GetTrieNodes,
  TrieNodes,
  GetAccessLists,
  AccessLists,
}
const codecs = new MessageCodecs<SnapMessage, SnapVersion>(
  'snap',
  snapTable,
  byName,
  (kind, code, size, cause) => new MalformedSnapMessage(kind, code, size, cause),
)

/**
 * Bytes after the first RLP value are ignored. The message's lists are views of `payload`.
 * @throws {MalformedSnapMessage} the remote broke the message's definition
 * @throws {RangeError} `version` has no such message
 */
export function decode<N extends SnapMessageName>(
  version: SnapVersion,
  name: N,
  payload: Uint8Array,
): SnapMessageOf<N> {
  return codecs.decode(version, name, payload)
}

/** As {@link decode}, in steps of 64 KiB. */
export function decodeSteps<N extends SnapMessageName>(
  version: SnapVersion,
  name: N,
  payload: Uint8Array,
): Generator<void, SnapMessageOf<N>> {
  return codecs.decodeSteps(version, name, payload)
}

/** @throws {RangeError} `version` has no such message, or a field of ours does not fit */
export function encode<N extends SnapMessageName>(version: SnapVersion, message: SnapMessageOf<N>): Uint8Array {
  return codecs.encode(version, message)
}

/** @returns how many items `answer` holds: accounts, accounts with storage, codes, nodes or access lists */
export function countOf(answer: SnapAnswer): number {
  switch (answer.kind) {
    case 'AccountRange':
      return answer.accounts.count
    case 'StorageRanges':
      return answer.slots.count
    case 'ByteCodes':
      return answer.codes.count
    case 'TrieNodes':
      return answer.nodes.count
    case 'AccessLists':
      return answer.accessLists.count
  }
}

/**
 * A payload is not the message that its code names: a breach by the remote. geth's snap wraps what its decoder says, so the
 * session ends with SubprotocolError (0x10), where a malformed message of eth ends it with ProtocolError (0x02).
 */
export class MalformedSnapMessage extends Error {
  override readonly name = 'MalformedSnapMessage'
  readonly kind: SnapMessageName

  constructor(kind: SnapMessageName, code: number, size: number, cause: RlpError) {
    super(`invalid message: (code ${code.toString(16)}) (size ${size}) ${cause.message}`, { cause })
    this.kind = kind
  }
}
