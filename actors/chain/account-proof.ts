import { MerklePatriciaTrie, updateMPTFromMerkleProof } from '@ethereumjs/mpt'
import { type Account, encodeAccount } from '../../protocols/chain/account.ts'
import { isEmptyTrieRoot } from '../../protocols/chain/trie-root.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import type { AccountRange } from '../../protocols/snap/range-messages.ts'

/**
 * Checks the answer to a range of one account. Whatever it claims must be proved: the account, or that there is none and
 * the one behind it, which a node sends in its place (caps/snap.md).
 * @param root of the state @param hash of the account's address
 * @returns undefined: the state has no such account
 * @throws (rejects) {InvalidProof} the answer is not that of the state
 * @throws (rejects) {MalformedItem} an item is no account, or no string
 */
export async function verifyAccount(
  root: Uint8Array,
  hash: Uint8Array,
  { accounts, proof }: Pick<AccountRange, 'accounts' | 'proof'>,
): Promise<Account | undefined> {
  if (accounts.count > 1) throw new InvalidProof(`it gave ${accounts.count} accounts where one was asked for`)
  if (proof.count > maxProofNodes) throw new InvalidProof(`it has ${proof.count} nodes`)
  const state = await ProvedState.open(root, [...proof])
  const [given] = accounts
  const isThere = (await state.get(hash)) !== undefined
  if (!given) {
    if (isThere) throw new InvalidProof('the account is in it, and not in the answer')
    return undefined
  }
  const isAsked = equalBytes(given.hash, hash)
  if (isThere !== isAsked || bytesToHex(given.hash) < bytesToHex(hash))
    throw new InvalidProof(isAsked ? 'the account is not in it' : 'it gave another account than was asked for')
  const proved = await state.get(given.hash)
  if (!proved || !equalBytes(proved, encodeAccount(given.account)))
    throw new InvalidProof('the account in it is not the one in the answer')
  return isAsked ? given.account : undefined
}

/** As much of a state as a proof has of it. */
class ProvedState {
  readonly #trie: MerklePatriciaTrie

  private constructor(trie: MerklePatriciaTrie) {
    this.#trie = trie
  }

  /** @param proof nodes of the trie, in any order */
  static async open(root: Uint8Array, proof: Uint8Array[]): Promise<ProvedState> {
    const trie = new MerklePatriciaTrie({ root })
    await updateMPTFromMerkleProof(trie, proof)
    return new ProvedState(trie)
  }

  /** @returns undefined: it is proved that there is nothing @throws (rejects) {InvalidProof} nothing is proved */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return isEmptyTrieRoot(this.#trie.root()) ? undefined : ((await this.#trie.get(key, true)) ?? undefined)
    } catch (cause) {
      // The trie has one kind of error for a node that is missing and for one that is none.
      throw new InvalidProof('it does not lead from the state root to the account', { cause })
    }
  }
}

/** geth handler.go: the nodes of one proof that are looked at; the two edges of a range have at most 64 levels each. */
const maxProofNodes = 128

/** What a node says of its state is not so, or it does not prove it. */
export class InvalidProof extends Error {
  override readonly name = 'InvalidProof'
}
