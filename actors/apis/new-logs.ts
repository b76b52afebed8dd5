import type { HeadChange } from '../chain/branches.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { TimeSlicer } from '../runtime/time-slicer.ts'
import type { LogQuery, Logs } from './logs.ts'
import { type HeadsChain, headChanges } from './new-heads.ts'

/**
 * Reports the logs of every block that becomes canonical, in order, and those of blocks that are left as removed.
 * BOUNDED: maxWaiting heads that are not looked into yet; of those behind them nothing is reported.
 * @param slicer does it piece by piece: a block may have many
 * @returns what ends it
 */
export function newLogs(
  { chain, logs, slicer }: { readonly chain: HeadsChain; readonly logs: Logs; readonly slicer: TimeSlicer },
  query: LogQuery,
  report: (log: unknown) => void,
): () => void {
  let isEnded = false
  let waiting = 0
  let last = Promise.resolve()
  const look = async (change: HeadChange) => {
    try {
      for (const log of isEnded ? [] : await slicer.run(logs.ofChange(change, query))) if (!isEnded) report(log)
    } catch (error) {
      if (!(error instanceof RpcError)) throw error // there are too many, or no receipts
    } finally {
      waiting--
    }
  }
  const end = headChanges(chain, (change) => {
    if (waiting === maxWaiting) return
    waiting++
    last = last.then(() => look(change))
  })
  return () => {
    isEnded = true
    end()
  }
}

const maxWaiting = 256
