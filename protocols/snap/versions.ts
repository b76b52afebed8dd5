import { type MessageRow, type MessageTable, type NameIn, toMessageTable } from '../lib/message-table.ts'

// The messages of every version of snap (devp2p caps/snap.md, EIP-8189; geth eth/protocols/snap/protocol.go).

/** snap/2 has access lists of blocks where snap/1 has trie nodes. */
export const snapVersions = [1, 2] as const
export type SnapVersion = (typeof snapVersions)[number]

/** How many codes a version takes from its offset on; in snap/2, 0x06 and 0x07 are unassigned. */
export const snapLengths: Readonly<Record<SnapVersion, number>> = { 1: 8, 2: 10 }

/** By geth's names: caps/snap.md has GetBlockAccessLists and BlockAccessLists, which are eth's too. */
const messages = {
  GetAccountRange: { code: 0x00 },
  AccountRange: { code: 0x01 },
  GetStorageRanges: { code: 0x02 },
  StorageRanges: { code: 0x03 },
  GetByteCodes: { code: 0x04 },
  ByteCodes: { code: 0x05 },
  GetTrieNodes: { code: 0x06, until: 1 },
  TrieNodes: { code: 0x07, until: 1 },
  GetAccessLists: { code: 0x08, since: 2 },
  AccessLists: { code: 0x09, since: 2 },
} as const satisfies Record<string, MessageRow<SnapVersion>>

export type SnapMessageName = keyof typeof messages
/** What at least one version of `V` has. */
export type SnapMessageNameIn<V extends SnapVersion> = NameIn<typeof messages, typeof snapVersions, V>

/** Which message answers which request; snap has no others. */
export const snapAnswerOf = {
  GetAccountRange: 'AccountRange',
  GetStorageRanges: 'StorageRanges',
  GetByteCodes: 'ByteCodes',
  GetTrieNodes: 'TrieNodes',
  GetAccessLists: 'AccessLists',
} as const satisfies Partial<Record<SnapMessageName, SnapMessageName>>

export type SnapRequestName = keyof typeof snapAnswerOf
export type SnapAnswerName = (typeof snapAnswerOf)[SnapRequestName]

export const isSnapName = (name: string): name is SnapMessageName => Object.hasOwn(messages, name)
export const isSnapRequest = (name: string): name is SnapRequestName => Object.hasOwn(snapAnswerOf, name)

/** One version's messages, by code and by name. */
export type SnapTable = MessageTable<SnapMessageName, SnapVersion>

export const snapTable = (version: SnapVersion): SnapTable => tables[version]

const tables = Object.fromEntries(
  snapVersions.map((version) => [version, toMessageTable(messages, version, snapLengths[version])]),
) as Readonly<Record<SnapVersion, SnapTable>>
