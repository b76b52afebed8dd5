import { blobTxType, txType } from '../../protocols/chain/transaction.ts'
import { hashTransaction } from '../../protocols/chain/transaction-fields.ts'
import { limits } from '../../protocols/eth/limits.ts'
import { decodeSteps } from '../../protocols/eth/messages.ts'
import type { NewPooledTransactionHashes } from '../../protocols/eth/transaction-messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { RlpItem } from '../../protocols/lib/rlp.ts'

// What geth checks of transactions and their announcements before its fetcher sees them (eth/handler_eth.go).

/**
 * Step by step: 10 MiB of them take 100 ms.
 * @throws {MalformedMessage} no such message
 * @throws {TransactionsError} a rule is broken
 * @throws {RlpError} an item is no transaction
 * @returns them with their hashes, hex digits
 */
export function* checkTransactions(version: EthVersion, payload: Uint8Array): Generator<void, HashedTransaction[]> {
  const { transactions } = yield* decodeSteps(version, 'Transactions', payload)
  if (transactions.count > limits.maxTransactions)
    throw new TransactionsError(`too many transactions: ${transactions.count} > ${limits.maxTransactions}`)
  /** BOUNDED: limits.maxTransactions. */
  const all = new Map<string, RlpItem>()
  for (const item of transactions) {
    if (txType(item) === blobTxType) throw new TransactionsError('disallowed broadcast blob transaction')
    const hash = bytesToHex(yield* hashTransaction(item))
    yield
    if (all.has(hash)) throw new TransactionsError(`multiple copies of the same hash ${hash}`)
    all.set(hash, item)
  }
  return Array.from(all, ([hash, item]) => ({ hash, item }))
}

type HashedTransaction = { readonly hash: string; readonly item: RlpItem }

/** @throws as {@link checkTransactions} */
export function* checkAnnouncement(
  version: EthVersion,
  payload: Uint8Array,
): Generator<void, NewPooledTransactionHashes> {
  const message = yield* decodeSteps(version, 'NewPooledTransactionHashes', payload)
  const { types, sizes, hashes } = message
  if (hashes.count !== types.length || hashes.count !== sizes.count)
    throw new TransactionsError(
      `invalid len of fields: ${hashes.count} hashes, ${types.length} types, ${sizes.count} sizes`,
    )
  return message
}

/** A breach by the remote, disconnected with SubprotocolError (0x10). */
export class TransactionsError extends Error {
  override readonly name = 'TransactionsError'
}
