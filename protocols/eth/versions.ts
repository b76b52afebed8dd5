import { type MessageTable as LibTable, type MessageRow, type NameIn, toMessageTable } from '../lib/message-table.ts'

// The messages of every version of eth (devp2p caps/eth.md; geth eth/protocols/eth/protocol.go).

/** What we speak. geth 1.17 speaks 69 to 72; eth/68 is what older clients still offer. */
export const ethVersions = [68, 69, 70, 71, 72] as const
export type EthVersion = (typeof ethVersions)[number]

/** How many codes a version takes from its offset on. */
export const ethLengths: Readonly<Record<EthVersion, number>> = { 68: 17, 69: 18, 70: 18, 71: 20, 72: 22 }

/** Codes relative to the protocol's offset. 0x0b to 0x0e belonged to versions before 68. */
const messages = {
  Status: { code: 0x00 },
  NewBlockHashes: { code: 0x01, until: 68 },
  Transactions: { code: 0x02 },
  GetBlockHeaders: { code: 0x03 },
  BlockHeaders: { code: 0x04 },
  GetBlockBodies: { code: 0x05 },
  BlockBodies: { code: 0x06 },
  NewBlock: { code: 0x07, until: 68 },
  NewPooledTransactionHashes: { code: 0x08 },
  GetPooledTransactions: { code: 0x09 },
  PooledTransactions: { code: 0x0a },
  GetReceipts: { code: 0x0f },
  Receipts: { code: 0x10 },
  BlockRangeUpdate: { code: 0x11, since: 69 },
  GetBlockAccessLists: { code: 0x12, since: 71 },
  BlockAccessLists: { code: 0x13, since: 71 },
  GetCells: { code: 0x14, since: 72 },
  Cells: { code: 0x15, since: 72 },
} as const satisfies Record<string, MessageRow<EthVersion>>

export type MessageName = keyof typeof messages
/** What at least one version of `V` has. */
export type MessageNameIn<V extends EthVersion> = NameIn<typeof messages, typeof ethVersions, V>

/** Which message answers which request. */
export const answerOf = {
  GetBlockHeaders: 'BlockHeaders',
  GetBlockBodies: 'BlockBodies',
  GetPooledTransactions: 'PooledTransactions',
  GetReceipts: 'Receipts',
  GetBlockAccessLists: 'BlockAccessLists',
  GetCells: 'Cells',
} as const satisfies Partial<Record<MessageName, MessageName>>

export type RequestName = keyof typeof answerOf
export type AnswerName = (typeof answerOf)[RequestName]

export const isRequest = (name: MessageName): name is RequestName => Object.hasOwn(answerOf, name)
export const isAnswer = (name: MessageName): name is AnswerName => answers.has(name)

/** One version's messages, by code and by name. */
export type MessageTable = LibTable<MessageName, EthVersion>

export const messageTable = (version: EthVersion): MessageTable => tables[version]

const answers: ReadonlySet<MessageName> = new Set(Object.values(answerOf))

const tables = Object.fromEntries(
  ethVersions.map((version) => [version, toMessageTable(messages, version, ethLengths[version])]),
) as Readonly<Record<EthVersion, MessageTable>>
