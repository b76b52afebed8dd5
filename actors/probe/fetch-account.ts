import type { Account } from '../../protocols/chain/account.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { isEmptyTrieRoot } from '../../protocols/chain/trie-root.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { InvalidProof, verifyAccount } from '../chain/account-proof.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { ask, type BlockId, fetchHeaders, NotServed } from './fetch.ts'

/**
 * Fetches an account over snap, and checks it against the state root of the block's header.
 * @param peer one that speaks snap @param address 20 bytes
 * @returns no account where it is proved that there is none
 * @throws {NotServed} it does not have the block or its state, or proves nothing @throws {NoAnswer} it did not answer
 */
export async function fetchAccount(
  peer: ScriptedPeer,
  block: BlockId,
  address: Uint8Array,
): Promise<{ readonly header: Header; readonly account?: Account }> {
  const [header] = await fetchHeaders(peer, block, { amount: 1, skip: 0, reverse: false })
  const { stateRoot: root, number } = header!
  const hash = keccak256(address)
  const range = await ask(peer.request('GetAccountRange', { root, origin: hash, limit: hash }))
  if (range.accounts.count === 0 && range.proof.count === 0 && !isEmptyTrieRoot(root))
    throw new NotServed(`the node does not have the state of block ${number}: most keep those of the last 128`)
  try {
    const account = await verifyAccount(root, hash, range)
    return { header: header!, ...(account && { account }) }
  } catch (error) {
    if (error instanceof InvalidProof) throw new NotServed(`the node gave a wrong proof: ${error.message}`)
    throw error
  }
}
