import type { PoolTransaction } from '../../machines/pool-content.ts'
import { checksumAddress } from '../../protocols/chain/checksum-address.ts'
import { decodeTransaction } from '../../protocols/chain/transaction-fields.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { TxPool } from '../pool/tx-pool.ts'
import { type Api, method } from '../rpc/api.ts'
import { quantity } from '../rpc/json/hex.ts'
import { address } from '../rpc/params.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { transactionJson } from './json/transaction.ts'

/** What is read of a pool. */
export type ReadPool = Pick<TxPool, 'content'>

/** geth's `txpool` namespace; of a node that has no pool everything in it is empty. */
export function txpoolApi(pool?: ReadPool): Api {
  return {
    namespace: 'txpool',
    methods: {
      content: method([], () => (pool ? allOf(pool, pooledJson) : none())),
      contentFrom: method([address], (address) => (pool ? allFrom(pool, bytesToHex(address), pooledJson) : none())),
      inspect: method([], () => (pool ? allOf(pool, inspected) : none())),
      status: method([], () => ({
        pending: quantity(pool?.content.pending ?? 0),
        queued: quantity(pool?.content.queued ?? 0),
      })),
    },
  }
}

/** As it waits: in no block. */
export const pooledJson = ({ item, from }: PoolTransaction): Record<string, unknown> =>
  transactionJson(decodeTransaction(item), hexToBytes(from))

type Show = (one: PoolTransaction) => unknown
type Shown = Record<'pending' | 'queued', Record<string, unknown>>

function* allOf(pool: ReadPool, show: Show): Steps<Shown> {
  const all: Shown = none()
  for (const from of [...pool.content.senders]) {
    const { pending, queued } = yield* allFrom(pool, from, show)
    const name = checksumAddress(hexToBytes(from))
    if (Object.keys(pending).length > 0) all.pending[name] = pending
    if (Object.keys(queued).length > 0) all.queued[name] = queued
  }
  return all
}

function* allFrom({ content }: ReadPool, from: string, show: Show): Steps<Shown> {
  const shown: Shown = none()
  for (const one of content.pendingOf(from)) {
    shown.pending[`${one.nonce}`] = show(one)
    yield
  }
  for (const one of content.queuedOf(from)) {
    shown.queued[`${one.nonce}`] = show(one)
    yield
  }
  return shown
}

function inspected({ item }: PoolTransaction): string {
  const { to, value, gas, gasPrice, maxFeePerGas } = decodeTransaction(item)
  return `${to ? checksumAddress(to) : 'contract creation'}: ${value} wei + ${gas} gas × ${gasPrice ?? maxFeePerGas} wei`
}

const none = () => ({ pending: {}, queued: {} })
