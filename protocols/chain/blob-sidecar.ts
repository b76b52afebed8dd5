import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, equalBytes } from '../lib/bytes.ts'
import { encodeBytes, encodeList, encodeRlp, RlpError, type RlpItem, RlpReader, readItem, toUint } from '../lib/rlp.ts'
import { blobTxType, txType } from './transaction.ts'

// What a blob transaction carries outside of a block (EIP-4844 and EIP-7594, "Networking"; geth core/types/tx_blob.go).

/** Version 0 has one proof a blob, version 1 one for each of its 128 cells, blob by blob. All are views. */
export type BlobSidecar = {
  readonly version: number
  /** 131,072 bytes each. */
  readonly blobs: readonly Uint8Array[]
  /** 48 bytes each. */
  readonly commitments: readonly Uint8Array[]
  /** 48 bytes each. */
  readonly proofs: readonly Uint8Array[]
}

/**
 * @param item of type 3
 * @returns undefined for one as it is in a block
 * @throws {RlpError} what is beside the transaction is no sidecar of a known version
 */
export function readSidecar(item: RlpItem): BlobSidecar | undefined {
  if (txType(item) !== blobTxType) return undefined
  const payload = readItem(item.content, 1)
  if (!payload.isList || payload.content.length === 0) return undefined
  const fields = new RlpReader(payload.content)
  if (!fields.item().isList) return undefined
  const second = fields.item()
  const version = second.isList ? 0 : Number(toUint(second.content, 1))
  if (!second.isList && version !== 1) throw new RlpError(`unsupported blob tx version ${version}`)
  const blobs = readStrings(second.isList ? second : fields.listItem(), blobBytes)
  const [commitments, proofs] = [readStrings(fields.listItem(), pointBytes), readStrings(fields.listItem(), pointBytes)]
  fields.end()
  return { version, blobs, commitments, proofs }
}

/** BOUNDED: no transaction that is taken has as many; each is a view. */
function readStrings(list: RlpItem, length: number): Uint8Array[] {
  const all: Uint8Array[] = []
  for (const { isList, content } of new RlpReader(list.content).rest()) {
    if (isList || content.length !== length) throw new RlpError(`expected ${length} bytes`)
    if (all.push(content) > maxItems) throw new RlpError('too many list items')
  }
  return all
}

/**
 * @param tx as it is in a block
 * @param sidecar of version 1; eth/72 leaves the blobs out
 * @returns it as peers give it to each other
 */
export function withSidecar(tx: RlpItem, { blobs, commitments, proofs }: Omit<BlobSidecar, 'version'>): RlpItem {
  const parts = [blobs, commitments, proofs].map((all) => encodeList(all.map(encodeBytes)))
  const payload = encodeList([tx.content.subarray(1), encodeRlp(1), ...parts])
  return readItem(encodeBytes(concatBytes(Uint8Array.of(blobTxType), payload)))
}

/** @returns the bytes of its envelope, with and without the blobs, in a sidecar of version 1 */
export function pooledSizes(tx: RlpItem, count: number): { readonly size: number; readonly sizeWithoutBlobs: number } {
  const points = (many: number) => listSize(many * (pointBytes + 1))
  const rest = tx.content.length - 1 + 1 + points(count) + points(count * cellProofsPerBlob)
  return { size: 1 + listSize(rest + listSize(count * (blobBytes + 4))), sizeWithoutBlobs: 1 + listSize(rest + 1) }
}

/** @returns 32 bytes: how a transaction names a blob (EIP-4844, `kzg_to_versioned_hash`) */
export function versionedHash(commitment: Uint8Array): Uint8Array {
  const hash = sha256(commitment)
  hash[0] = 1
  return hash
}

function listSize(content: number): number {
  let prefix = 1
  if (content >= 56) for (let left = content; left > 0; left >>>= 8) prefix++
  return prefix + content
}

/** EIP-4844. */
export const blobBytes = 131_072
const pointBytes = 48
/** EIP-7594. */
export const cellProofsPerBlob = 128
/** Proofs of 128 blobs. */
const maxItems = 16_384

/** @returns why its commitments are not what the transaction names, undefined when they are */
export function findMismatch(hashes: readonly Uint8Array[], commitments: readonly Uint8Array[]): string | undefined {
  if (commitments.length !== hashes.length)
    return `invalid number of ${commitments.length} blob commitments compared to ${hashes.length} blob hashes`
  for (const [i, hash] of hashes.entries()) {
    const computed = versionedHash(commitments[i]!)
    if (!equalBytes(computed, hash))
      return `blob ${i}: computed hash 0x${bytesToHex(computed)} mismatches transaction one 0x${bytesToHex(hash)}`
  }
  return undefined
}
