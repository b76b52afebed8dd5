import type { PeerMessage, PeerMessageName } from './negotiated-messages.ts'

/** @throws {TypeError} there is no message of that name */
export function checkName(name: string): asserts name is PeerMessageName {
  if (Object.hasOwn(fieldNames, name)) return
  const names = Object.keys(fieldNames).join(', ')
  throw new TypeError(`no message is named ${JSON.stringify(name)}: they are ${names}`)
}

/**
 * @returns the fields of a message, of all its versions
 * @throws {TypeError} there is no such message, or one of `fields` is none of its own: it would be left out without a word
 */
export function checkFieldNames(name: PeerMessageName, fields: object): readonly string[] {
  checkName(name)
  const known = Object.keys(fieldNames[name])
  const unknown = Object.keys(fields).find((field) => field !== 'kind' && !known.includes(field))
  if (unknown === undefined) return known
  throw new TypeError(`${name} has no field ${JSON.stringify(unknown)}: its fields are ${known.join(', ') || 'none'}`)
}

/** @throws {TypeError} `message` lacks a field that all versions of it have */
export function checkWhole(name: PeerMessageName, message: object): void {
  const isThere = (field: string) => (message as Record<string, unknown>)[field] !== undefined
  const missing = Object.keys(fieldNames[name]).find(
    (field) => !isThere(field) && !ofSomeVersions[name]?.includes(field),
  )
  if (missing !== undefined) throw new TypeError(`${name} needs the field ${JSON.stringify(missing)}`)
}

const ofSomeVersions: { readonly [N in PeerMessageName]?: readonly string[] } = {
  Status: ['td', 'head', 'range'],
  NewPooledTransactionHashes: ['mask'],
}

type NamesOf<M> = M extends unknown ? Exclude<keyof M, 'kind'> : never

const hashes = { id: 0, hashes: 0 } as const
/** In the order of the message; of a Status, those of every version. The compiler keeps them whole. */
const fieldNames: { readonly [N in PeerMessageName]: { readonly [K in NamesOf<PeerMessage<N>>]: 0 } } = {
  Hello: { version: 0, name: 0, caps: 0, listenPort: 0, id: 0 },
  Disconnect: { reason: 0 },
  Ping: {},
  Pong: {},
  Status: { version: 0, networkId: 0, td: 0, head: 0, genesis: 0, forkId: 0, range: 0 },
  NewBlockHashes: { blocks: 0 },
  Transactions: { transactions: 0 },
  GetBlockHeaders: { id: 0, origin: 0, amount: 0, skip: 0, reverse: 0 },
  BlockHeaders: { id: 0, headers: 0 },
  GetBlockBodies: hashes,
  BlockBodies: { id: 0, bodies: 0 },
  NewBlock: { block: 0, td: 0 },
  NewPooledTransactionHashes: { types: 0, sizes: 0, hashes: 0, mask: 0 },
  GetPooledTransactions: hashes,
  PooledTransactions: { id: 0, transactions: 0 },
  GetReceipts: { id: 0, firstBlockReceiptIndex: 0, hashes: 0 },
  Receipts: { id: 0, lastBlockIncomplete: 0, receipts: 0 },
  BlockRangeUpdate: { earliest: 0, latest: 0, latestHash: 0 },
  GetBlockAccessLists: hashes,
  BlockAccessLists: { id: 0, accessLists: 0 },
  GetCells: { id: 0, hashes: 0, mask: 0 },
  Cells: { id: 0, hashes: 0, cells: 0, mask: 0 },
  GetAccountRange: { id: 0, root: 0, origin: 0, limit: 0, bytes: 0 },
  AccountRange: { id: 0, accounts: 0, proof: 0 },
  GetStorageRanges: { id: 0, root: 0, accountHashes: 0, origin: 0, limit: 0, bytes: 0 },
  StorageRanges: { id: 0, slots: 0, proof: 0 },
  GetByteCodes: { id: 0, hashes: 0, bytes: 0 },
  ByteCodes: { id: 0, codes: 0 },
  GetTrieNodes: { id: 0, root: 0, paths: 0, bytes: 0 },
  TrieNodes: { id: 0, nodes: 0 },
  GetAccessLists: { id: 0, hashes: 0, bytes: 0 },
  AccessLists: { id: 0, accessLists: 0 },
}
