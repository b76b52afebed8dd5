import { PoolError } from '../../protocols/chain/pool-error.ts'
import { feesOf } from '../../protocols/chain/pool-rules.ts'
import { readTxEnvelope, withoutBlobs } from '../../protocols/chain/transaction.ts'
import { decodeTransaction, legacyChainId, type Transaction } from '../../protocols/chain/transaction-fields.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { RlpError, type RlpItem } from '../../protocols/lib/rlp.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { type Method, method, type Subscription, subscription } from '../rpc/api.ts'
import { boolean, bytes, optional, quantity as quantityParam } from '../rpc/params.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { HeadsChain } from './new-heads.ts'
import type { Receipts } from './receipts.ts'
import { pooledJson } from './txpool.ts'

// Transactions that are given to the pool, and those that come into it (geth internal/ethapi/api.go, eth/filters).

export type PoolMethodsOptions = {
  readonly pool: TxPool
  readonly chain: HeadsChain
  readonly receipts: Receipts
  readonly clock: Clock
}

export function poolMethods(options: PoolMethodsOptions): Record<string, Method> {
  return {
    sendRawTransaction: method([bytes], (envelope) => submit(options.pool, envelope)),
    sendRawTransactionSync: method([bytes, optional(quantityParam)], (envelope, timeout) =>
      submitAndWait(options, envelope, timeout),
    ),
  }
}

export const poolSubscriptions = (pool: TxPool): Record<string, Subscription> => ({
  newPendingTransactions: subscription([optional(boolean)], (notify, isFull = false) => {
    const reading = pool.ready$.subscribe((ready) => {
      for (const one of ready) notify(isFull ? pooledJson(one) : `0x${one.hash}`)
    })
    return () => reading.unsubscribe()
  }),
})

/** @throws {RpcError} it is no transaction, or the pool does not take it */
function* submit(pool: TxPool, envelope: Uint8Array): Steps<string> {
  const item = read(envelope)
  check(item)
  try {
    return `0x${yield* pool.addLocal(item)}`
  } catch (error) {
    throw error instanceof PoolError ? new RpcError(error.message) : error
  }
}

/** @param timeout ms @returns its receipt @throws {RpcError} as {@link submit}; with its hash: it is in no block yet */
function* submitAndWait(
  { pool, chain, receipts, clock }: PoolMethodsOptions,
  envelope: Uint8Array,
  timeout: bigint | undefined,
): Steps<unknown> {
  const hash = yield* submit(pool, envelope)
  const milliseconds = Math.min(Number(timeout || syncTimeout), longestSync)
  let isOver = false
  let wake = () => {}
  const timer = clock.setTimeout(() => {
    isOver = true
    wake()
  }, milliseconds)
  const heads = chain.heads$.subscribe(() => wake())
  try {
    for (;;) {
      const receipt = yield* receipts.ofTransaction(hexToBytes(hash.slice(2)))
      if (receipt) return receipt
      if (isOver) throw new RpcError(`${notProcessed} ${milliseconds / 1_000}s`, syncTimedOut, hash)
      yield new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  } finally {
    clock.clearTimeout(timer)
    heads.unsubscribe()
  }
}

function read(envelope: Uint8Array): RlpItem {
  try {
    return readTxEnvelope(envelope)
  } catch (error) {
    throw error instanceof RlpError ? new RpcError(error.message) : error
  }
}

/** What geth asks of those that are given over RPC alone. @throws {RpcError} */
function check(item: RlpItem): void {
  let tx: Transaction
  try {
    tx = decodeTransaction(withoutBlobs(item))
  } catch (error) {
    throw error instanceof RlpError ? new RpcError(error.message) : error
  }
  const ether = Number(tx.gas * feesOf(tx).feeCap) / 1e18
  if (ether > feeCap)
    throw new RpcError(`tx fee (${ether.toFixed(2)} ether) exceeds the configured cap (${feeCap.toFixed(2)} ether)`)
  if (tx.type === 0 && legacyChainId(tx.v) === undefined)
    throw new RpcError('only replay-protected (EIP-155) transactions allowed over RPC')
}

const notProcessed = "The transaction was added to the transaction pool but wasn't processed in"
/** geth errCodeTxSyncTimeout. */
const syncTimedOut = 4
/** geth ethconfig.Defaults: RPCTxSyncDefaultTimeout, RPCTxSyncMaxTimeout in ms, RPCTxFeeCap in ether. */
const syncTimeout = 20_000
const longestSync = 60_000
const feeCap = 1
