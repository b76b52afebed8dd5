import { blobTxType, txEnvelope, txType } from '../../protocols/chain/transaction.ts'
import { checkTransaction } from '../../protocols/chain/transaction-fields.ts'
import { limits } from '../../protocols/eth/limits.ts'
import { decode } from '../../protocols/eth/messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { keccak256Steps } from '../../protocols/lib/keccak.ts'

// What geth checks of transactions and their announcements before its fetcher sees them (eth/handler_eth.go).

/**
 * @returns the hashes that the sender has, step by step: 10 MiB of them take 100 ms
 * @throws {MalformedMessage} no such message
 * @throws {TransactionsError} a rule is broken
 */
export function* checkTransactions(version: EthVersion, payload: Uint8Array): Generator<void, Iterable<Uint8Array>> {
  const { transactions } = decode(version, 'Transactions', payload)
  if (transactions.count > limits.maxTransactions)
    throw new TransactionsError(`too many transactions: ${transactions.count} > ${limits.maxTransactions}`)
  const hashes = new Map<string, Uint8Array>()
  for (const item of transactions) {
    if (txType(item) === blobTxType) throw new TransactionsError('disallowed broadcast blob transaction')
    checkTransaction(item)
    const hash = yield* keccak256Steps(txEnvelope(item))
    yield
    const hex = bytesToHex(hash)
    if (hashes.has(hex)) throw new TransactionsError(`multiple copies of the same hash ${hex}`)
    hashes.set(hex, hash)
  }
  return hashes.values()
}

/** As {@link checkTransactions}, and no more of them than an announcement should have. */
export function checkAnnouncement(version: EthVersion, payload: Uint8Array): Iterable<Uint8Array> {
  const { types, sizes, hashes } = decode(version, 'NewPooledTransactionHashes', payload)
  if (hashes.count !== types.length || hashes.count !== sizes.count)
    throw new TransactionsError(
      `invalid len of fields: ${hashes.count} hashes, ${types.length} types, ${sizes.count} sizes`,
    )
  return hashes.first(limits.maxAnnounced)
}

/** A breach by the remote, disconnected with SubprotocolError (0x10). */
export class TransactionsError extends Error {
  override readonly name = 'TransactionsError'
}
