import fc, { type Arbitrary } from 'fast-check'
import { type Account, emptyCodeHash, emptyRoot, encodeSlimAccount } from '../../../protocols/chain/account.ts'
import { asBytes, asItem } from '../../../protocols/lib/lazy-list.ts'
import { encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'
import { readPathSet } from '../../../protocols/snap/lookup-messages.ts'
import type { SnapMessage } from '../../../protocols/snap/messages.ts'
import { readRangedAccount, readStorageSlots } from '../../../protocols/snap/range-messages.ts'
import type { SnapMessageName } from '../../../protocols/snap/versions.ts'
import { anyRlp, hash, hashes, listOf, shortBytes, uint64, uint256 } from '../eth/arbitraries.ts'

// Any message, small.

export const anyAccount: Arbitrary<Account> = fc.record({
  nonce: uint64,
  balance: uint256,
  storageRoot: fc.oneof(fc.constant(emptyRoot), hash),
  codeHash: fc.oneof(fc.constant(emptyCodeHash), hash),
})

const rangedAccount = fc
  .tuple(hash, anyAccount)
  .map(([key, account]) => encodeList([encodeRlp(key), encodeSlimAccount(account)]))
const slot = fc.tuple(hash, shortBytes).map((fields) => encodeRlp(fields))
const listOfBytes = listOf(
  shortBytes.map((bytes) => encodeRlp(bytes)),
  asBytes,
)

/** @returns messages `name` */
export const anyMessage = (name: SnapMessageName): Arbitrary<SnapMessage> =>
  fc.record({ kind: fc.constant(name), id: uint64, ...fields[name] }) as Arbitrary<SnapMessage>

const fields: Record<SnapMessageName, Record<string, Arbitrary<unknown>>> = {
  GetAccountRange: { root: hash, origin: hash, limit: hash, bytes: uint64 },
  AccountRange: { accounts: listOf(rangedAccount, readRangedAccount), proof: listOfBytes },
  GetStorageRanges: { root: hash, accountHashes: hashes, origin: shortBytes, limit: shortBytes, bytes: uint64 },
  StorageRanges: {
    slots: listOf(fc.array(slot, { maxLength: 3 }).map(encodeList), readStorageSlots),
    proof: listOfBytes,
  },
  GetByteCodes: { hashes, bytes: uint64 },
  ByteCodes: { codes: listOfBytes },
  GetTrieNodes: {
    root: hash,
    paths: listOf(
      fc.array(shortBytes, { maxLength: 3 }).map((paths) => encodeRlp(paths)),
      readPathSet,
    ),
    bytes: uint64,
  },
  TrieNodes: { nodes: listOfBytes },
  GetAccessLists: { hashes, bytes: uint64 },
  AccessLists: { accessLists: listOf(anyRlp, asItem) },
}
