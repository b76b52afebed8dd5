import type { PoolTransaction } from '../../machines/pool-content.ts'
import { recoverAuthority } from '../../protocols/chain/authorization.ts'
import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { checkForPool, checkSize, costOf, feesOf, PoolError } from '../../protocols/chain/pool-rules.ts'
import { txEnvelope } from '../../protocols/chain/transaction.ts'
import { decodeTransaction, type Transaction } from '../../protocols/chain/transaction-fields.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { RlpError, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { Steps } from '../runtime/time-slicer.ts'

/** A transaction that no pool refuses for what it is: only the state, or what else is there, may. */
export type Candidate = PoolTransaction

/** Reads and checks one, and recovers its signers: 0.3 ms for each. @throws {PoolError} */
export function* candidateSteps(given: RlpItem, config: ChainConfig, head: Header): Steps<Candidate> {
  const size = txEnvelope(given).length
  checkSize(size)
  // Of its own bytes: a view would keep the message that it came in.
  const item = readItem(given.raw.slice())
  const tx = read(item)
  const from = bytesToHex(checkForPool(tx, config, head))
  const authorities = new Set<string>()
  for (const one of tx.authorizationList ?? []) {
    yield
    const authority = one.chainId === 0n || one.chainId === config.chainId ? recoverAuthority(one) : undefined
    if (authority) authorities.add(bytesToHex(authority))
  }
  return {
    ...{ hash: bytesToHex(tx.hash), type: tx.type, from, nonce: tx.nonce, gas: tx.gas, ...feesOf(tx) },
    ...{ cost: costOf(tx), size, authorities: [...authorities], item },
  }
}

function read(item: RlpItem): Transaction {
  try {
    return decodeTransaction(item)
  } catch (cause) {
    if (!(cause instanceof RlpError)) throw cause
    throw new PoolError('type', cause.message, { cause })
  }
}
