import { blobTxType, txType } from '../../protocols/chain/transaction.ts'
import { hashTransaction } from '../../protocols/chain/transaction-fields.ts'
import { limits } from '../../protocols/eth/limits.ts'
import { decodeSteps } from '../../protocols/eth/messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'

// What geth checks of transactions and their announcements before its fetcher sees them (eth/handler_eth.go).

/**
 * Step by step: 10 MiB of them take 100 ms.
 * @throws {MalformedMessage} no such message
 * @throws {TransactionsError} a rule is broken
 * @throws {RlpError} an item is no transaction
 */
export function* checkTransactions(version: EthVersion, payload: Uint8Array): Generator<void, void> {
  const { transactions } = yield* decodeSteps(version, 'Transactions', payload)
  if (transactions.count > limits.maxTransactions)
    throw new TransactionsError(`too many transactions: ${transactions.count} > ${limits.maxTransactions}`)
  /** BOUNDED: limits.maxTransactions. */
  const hashes = new Set<string>()
  for (const item of transactions) {
    if (txType(item) === blobTxType) throw new TransactionsError('disallowed broadcast blob transaction')
    const hash = bytesToHex(yield* hashTransaction(item))
    yield
    if (hashes.has(hash)) throw new TransactionsError(`multiple copies of the same hash ${hash}`)
    hashes.add(hash)
  }
}

/** @throws as {@link checkTransactions} */
export function* checkAnnouncement(version: EthVersion, payload: Uint8Array): Generator<void, void> {
  const { types, sizes, hashes } = yield* decodeSteps(version, 'NewPooledTransactionHashes', payload)
  if (hashes.count !== types.length || hashes.count !== sizes.count)
    throw new TransactionsError(
      `invalid len of fields: ${hashes.count} hashes, ${types.length} types, ${sizes.count} sizes`,
    )
}

/** A breach by the remote, disconnected with SubprotocolError (0x10). */
export class TransactionsError extends Error {
  override readonly name = 'TransactionsError'
}
