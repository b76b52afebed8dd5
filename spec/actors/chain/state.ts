import { createMerkleProof, createMPT, type MerklePatriciaTrie } from '@ethereumjs/mpt'
import { type Account, encodeAccount, encodeSlimAccount, noAccount } from '../../../protocols/chain/account.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'

/** A state of a few accounts that can prove what it has: by @ethereumjs/mpt. */
export class State {
  readonly #trie: MerklePatriciaTrie
  /** By the hash of the address. */
  readonly accounts: readonly { readonly hash: Uint8Array; readonly account: Account }[]

  private constructor(trie: MerklePatriciaTrie, accounts: State['accounts']) {
    this.#trie = trie
    this.accounts = accounts
  }

  /** @param count of accounts, of which account `i` is at {@link addressOf} `i` and has `i` wei and more */
  static async of(count: number): Promise<State> {
    const trie = await createMPT()
    const accounts = Array.from({ length: count }, (_, i) => ({
      hash: keccak256(addressOf(i)),
      account: { ...noAccount, nonce: BigInt(i), balance: 10n ** 18n + BigInt(i) },
    }))
    for (const { hash, account } of accounts) await trie.put(hash, encodeAccount(account))
    return new State(trie, accounts)
  }

  get root(): Uint8Array {
    return this.#trie.root()
  }

  /** @returns the nodes from the root towards each of `hashes` */
  async prove(...hashes: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const proofs: Uint8Array[] = []
    for (const hash of hashes) proofs.push(...(await createMerkleProof(this.#trie, hash)))
    return proofs
  }

  /** @returns the first account behind `hash` */
  next(hash: Uint8Array): State['accounts'][number] | undefined {
    const order = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b)
    const behind = this.accounts.filter((one) => order(one.hash, hash) > 0)
    return behind.sort((a, b) => order(a.hash, b.hash))[0]
  }
}

export const addressOf = (i: number): Uint8Array => new Uint8Array(20).fill(i + 1)

/** @returns the item of an AccountRange */
export const ranged = ({ hash, account }: State['accounts'][number]): Uint8Array =>
  encodeList([encodeRlp(hash), encodeSlimAccount(account)])
