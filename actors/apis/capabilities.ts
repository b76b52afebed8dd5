import type { Header } from '../../protocols/chain/header.ts'
import { data, quantity } from '../rpc/json/hex.ts'

/** What of the past a node can answer about (execution-apis, eth_capabilities): all blocks and receipts, and the last states. */
export function capabilitiesJson({ number, hash }: Pick<Header, 'number' | 'hash'>): Record<string, unknown> {
  const all = { disabled: false, oldestBlock: '0x0' }
  const last = (blocks: bigint) => ({
    disabled: false,
    oldestBlock: quantity(number + 1n > blocks ? number + 1n - blocks : 0n),
    deleteStrategy: { type: 'window', retentionBlocks: quantity(blocks) },
  })
  const { deleteStrategy: _none, ...receipts } = last(transactionHistory)
  return {
    head: { number: quantity(number), hash: data(hash) },
    state: last(keptStates),
    tx: last(transactionHistory),
    logs: all,
    // They are found by their transaction, too.
    receipts,
    blocks: all,
    stateproofs: last(keptStates),
  }
}

/** Blocks (geth `TriesInMemory`). */
const keptStates = 128n
/** Blocks (geth's `--history.transactions`). */
const transactionHistory = 2_350_000n
