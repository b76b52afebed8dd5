import { blobCases } from './blob-cases.ts'
import { blockCases, rangeCases } from './block-cases.ts'
import type { EthCase } from './eth-case.ts'
import { handshakeCases } from './handshake-cases.ts'
import { receiptCases } from './receipt-cases.ts'
import { transactionCases } from './transaction-cases.ts'

/** The tests of geth's `devp2p rlpx eth-test`, in its order and by its names, as scripts of the harness. */
export const ethCases: readonly EthCase[] = [
  ...handshakeCases,
  ...rangeCases,
  ...blockCases,
  ...receiptCases,
  ...transactionCases,
  ...blobCases,
]
