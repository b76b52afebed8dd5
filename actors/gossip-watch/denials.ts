import { decode, MalformedMessage } from '../../protocols/eth/messages.ts'
import { isRequest, type MessageName, type RequestName } from '../../protocols/eth/versions.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import type { Received } from '../scripted-peer/transcript.ts'

/**
 * Answers a request with nothing, for a peer that has no chain: one that lets requests hang is a bad peer.
 * @returns whether `message` is a request
 */
export function denyRequest(peer: ScriptedPeer, { name, payload }: Received): boolean {
  if (!isRequest(name as MessageName)) return false
  const id = idOf(peer, name as RequestName, payload)
  if (id !== undefined) denials[name as RequestName](peer, id)
  return true
}

const denials: Readonly<Record<RequestName, (peer: ScriptedPeer, id: bigint) => void>> = {
  GetBlockHeaders: (peer, id) => peer.send('BlockHeaders', { id, headers: [] }),
  GetBlockBodies: (peer, id) => peer.send('BlockBodies', { id, bodies: [] }),
  GetPooledTransactions: (peer, id) => peer.send('PooledTransactions', { id, transactions: [] }),
  GetReceipts: (peer, id) => peer.send('Receipts', { id, receipts: [] }),
  GetBlockAccessLists: (peer, id) => peer.send('BlockAccessLists', { id, accessLists: [] }),
  GetCells: (peer, id) => peer.send('Cells', { id, hashes: [], cells: [], mask: new Uint8Array(16) }),
}

/** @returns undefined for a request that is none: there is nothing to answer */
function idOf({ version }: ScriptedPeer, name: RequestName, payload: Uint8Array): bigint | undefined {
  try {
    return decode(version!, name, payload).id
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined
    throw error
  }
}
