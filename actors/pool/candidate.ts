import type { PooledBlobs, PoolTransaction } from '../../machines/pool-content.ts'
import { recoverAuthority } from '../../protocols/chain/authorization.ts'
import { type BlobSidecar, pooledSizes, readSidecar } from '../../protocols/chain/blob-sidecar.ts'
import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { PoolError } from '../../protocols/chain/pool-error.ts'
import { checkForPool, checkSize, costOf, feesOf, type SidecarPoints } from '../../protocols/chain/pool-rules.ts'
import { txEnvelope, txType, withoutBlobs } from '../../protocols/chain/transaction.ts'
import { decodeTransaction, type Transaction } from '../../protocols/chain/transaction-fields.ts'
import { allCells, columnsOf } from '../../protocols/eth/cell-mask.ts'
import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { RlpError, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { storedSize } from './blob-store.ts'

/** A transaction that no pool refuses for what it is: only the state, or what else is there, may. */
export type Candidate = PoolTransaction & {
  /** What came with it: its proofs are still to be verified. */
  readonly sidecar?: BlobSidecar
}

/** What is known of the blobs of a transaction that comes without them. */
export type KnownBlobs = SidecarPoints & { readonly mask: CellMask }

/**
 * Reads and checks one, and recovers its signers: 0.3 ms for each.
 * @param known for one with blobs that comes as it is in a block
 * @throws {PoolError}
 */
export function* candidateSteps(
  given: RlpItem,
  config: ChainConfig,
  head: Header,
  known?: KnownBlobs,
): Steps<Candidate> {
  const envelope = txEnvelope(given).length
  checkSize(
    envelope,
    readAs(() => txType(given)),
  )
  const sidecar = known ? undefined : readAs(() => readSidecar(given))
  // Of its own bytes: a view would keep the message that it came in.
  const item = readItem(withoutBlobs(given).raw.slice())
  const tx = readAs(() => decodeTransaction(item))
  const from = bytesToHex(checkForPool(tx, config, head, known ?? sidecar))
  const authorities = new Set<string>()
  for (const one of tx.authorizationList ?? []) {
    yield
    const authority = one.chainId === 0n || one.chainId === config.chainId ? recoverAuthority(one) : undefined
    if (authority) authorities.add(bytesToHex(authority))
  }
  const blobs = tx.type === 3 ? blobsOf(tx, item, known?.mask ?? allCells) : undefined
  const size = blobs ? pooledSizes(item, blobs.hashes.length).size : envelope
  return {
    ...{ hash: bytesToHex(tx.hash), type: tx.type, from, nonce: tx.nonce, gas: tx.gas, ...feesOf(tx) },
    ...{ cost: costOf(tx), size, authorities: [...authorities], item },
    ...(blobs && { blobs }),
    ...(sidecar && { sidecar }),
  }
}

/** A sidecar of version 0, as only RPC may give it. @throws {PoolError} */
export function oldSidecar(given: RlpItem): BlobSidecar | undefined {
  const sidecar = readAs(() => readSidecar(given))
  return sidecar?.version === 0 ? sidecar : undefined
}

function blobsOf(tx: Transaction, item: RlpItem, mask: CellMask): PooledBlobs {
  const hashes = tx.blobVersionedHashes!.map(bytesToHex)
  const { sizeWithoutBlobs } = pooledSizes(item, hashes.length)
  const storedBytes = storedSize(item, hashes.length, columnsOf(mask).length)
  return { feeCap: tx.maxFeePerBlobGas!, hashes, mask, sizeWithoutBlobs, storedBytes }
}

function readAs<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof RlpError)) throw cause
    throw new PoolError('type', cause.message, { cause })
  }
}
