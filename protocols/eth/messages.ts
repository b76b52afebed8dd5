import { MessageCodecs } from '../lib/message-codecs.ts'
import { PeerError } from '../lib/peer-error.ts'
import type { RlpError } from '../lib/rlp.ts'
import {
  BlockAccessLists,
  BlockBodies,
  BlockHeaders,
  GetBlockAccessLists,
  GetBlockBodies,
  GetBlockHeaders,
  NewBlock,
  NewBlockHashes,
} from './block-messages.ts'
import { BlockRangeUpdate } from './block-range.ts'
import type { Codec } from './codec.ts'
import {
  GetReceipts,
  type GetReceipts69,
  Receipts,
  type Receipts68,
  type Receipts69,
  type Receipts70,
} from './receipt-messages.ts'
import { Status, type Status68, type Status69 } from './status.ts'
import {
  Cells,
  GetCells,
  GetPooledTransactions,
  NewPooledTransactionHashes,
  type NewPooledTransactionHashes71,
  type NewPooledTransactionHashes72,
  PooledTransactions,
  Transactions,
} from './transaction-messages.ts'
import {
  type AnswerName,
  type EthVersion,
  type MessageName,
  type MessageNameIn,
  messageTable,
  type RequestName,
} from './versions.ts'

// Every message of every version, from bytes and to bytes. Lists stay the bytes they came as.

export type EthMessage =
  | Status
  | NewBlockHashes
  | Transactions
  | GetBlockHeaders
  | BlockHeaders
  | GetBlockBodies
  | BlockBodies
  | NewBlock
  | NewPooledTransactionHashes
  | GetPooledTransactions
  | PooledTransactions
  | GetReceipts
  | Receipts
  | BlockRangeUpdate
  | GetBlockAccessLists
  | BlockAccessLists
  | GetCells
  | Cells

export type MessageOf<N extends MessageName> = Extract<EthMessage, { readonly kind: N }>
/** What a message is in the versions `V`; never where they have none of that name. */
export type MessageIn<V extends EthVersion, N extends MessageName> = V extends EthVersion
  ? N extends MessageNameIn<V>
    ? N extends keyof Changing<V>
      ? Changing<V>[N]
      : MessageOf<N>
    : never
  : never
/** What is not the same in every version that has it. */
type Changing<V extends EthVersion> = {
  readonly Status: V extends 68 ? Status68 : Status69
  readonly GetReceipts: V extends 68 | 69 ? GetReceipts69 : GetReceipts
  readonly Receipts: V extends 68 ? Receipts68 : V extends 69 ? Receipts69 : Receipts70
  readonly NewPooledTransactionHashes: V extends 72 ? NewPooledTransactionHashes72 : NewPooledTransactionHashes71
}

export type EthRequest = MessageOf<RequestName>
export type EthAnswer = MessageOf<AnswerName>

const byName: { readonly [N in MessageName]: Codec<MessageOf<N>> } = {
  Status,
  NewBlockHashes,
  Transactions,
  GetBlockHeaders,
  BlockHeaders,
  GetBlockBodies,
  BlockBodies,
  NewBlock,
  NewPooledTransactionHashes,
  GetPooledTransactions,
  PooledTransactions,
  GetReceipts,
  Receipts,
  BlockRangeUpdate,
  GetBlockAccessLists,
  BlockAccessLists,
  GetCells,
  Cells,
}
const codecs = new MessageCodecs<EthMessage, EthVersion>(
  'eth',
  messageTable,
  byName,
  (kind, code, size, cause) => new MalformedMessage(kind, code, size, cause),
)

/**
 * Bytes after the first RLP value are ignored. The message's lists are views of `payload`.
 * @throws {MalformedMessage} the remote broke the message's definition
 * @throws {RangeError} `version` has no such message
 */
export function decode<N extends MessageName>(version: EthVersion, name: N, payload: Uint8Array): MessageOf<N> {
  return codecs.decode(version, name, payload)
}

/** As {@link decode}, step by step. */
export function decodeSteps<N extends MessageName>(
  version: EthVersion,
  name: N,
  payload: Uint8Array,
): Generator<void, MessageOf<N>> {
  return codecs.decodeSteps(version, name, payload)
}

/** @throws {RangeError} `version` has no such message, or a field of ours does not fit */
export function encode<N extends MessageName>(version: EthVersion, message: MessageOf<N>): Uint8Array {
  return codecs.encode(version, message)
}

/**
 * What decides whether an answer was asked for: checked before any of its items is opened.
 * @returns its request's id, and how many items it holds
 * @throws as {@link decode}
 */
export function peekAnswer(version: EthVersion, name: AnswerName, payload: Uint8Array): { id: bigint; count: number } {
  const answer: EthAnswer = decode(version, name, payload)
  return { id: answer.id, count: countOf(answer) }
}

/** @returns how many items `answer` holds: headers, bodies, transactions, blocks of receipts, access lists or groups of cells */
export function countOf(answer: EthAnswer): number {
  switch (answer.kind) {
    case 'BlockHeaders':
      return answer.headers.count
    case 'BlockBodies':
      return answer.bodies.count
    case 'PooledTransactions':
      return answer.transactions.count
    case 'Receipts':
      return answer.receipts.count
    case 'BlockAccessLists':
      return answer.accessLists.count
    case 'Cells':
      return answer.cells.count
  }
}

/** A payload is not the message that its code names: a breach by the remote, disconnected with ProtocolError (0x02). */
export class MalformedMessage extends PeerError {
  override readonly name = 'MalformedMessage'
  readonly kind: MessageName

  constructor(kind: MessageName, code: number, size: number, cause: RlpError) {
    super('invalid message', `(code ${code.toString(16)}) (size ${size}) ${cause.message}`, { cause })
    this.kind = kind
  }
}
