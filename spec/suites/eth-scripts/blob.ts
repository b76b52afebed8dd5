import { createHash } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { limits } from '../../../protocols/eth/limits.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'

// Blobs that hold one value 4,096 times (EIP-4844): a polynomial of degree 0. Its commitment is the value times the
// generator, every cell of it holds the value too, and every proof is the point at infinity (EIP-7594).

export const blobOf = (value: bigint): Uint8Array => repeated(value, 4_096)

export const commitmentTo = (value: bigint): Uint8Array => bls12_381.G1.Point.BASE.multiply(value).toBytes()

export const versionedHash = (commitment: Uint8Array): Uint8Array =>
  Uint8Array.of(1, ...createHash('sha256').update(commitment).digest().subarray(1))

/** Of a blob's cells. */
export const cellProofs: readonly Uint8Array[] = Array(limits.cellsPerBlob).fill(
  Uint8Array.of(0xc0, ...new Uint8Array(47)),
)

/** The cells of a transaction's blobs as Cells has them: column by column, in each all blobs. */
export const cellsOf = (values: readonly bigint[], columns: readonly number[]): Uint8Array[] =>
  columns.flatMap(() => values.map((value) => repeated(value, limits.cellBytes / 32)))

/** 16 bytes (EIP-8070). */
export function maskOf(columns: readonly number[]): Uint8Array {
  const mask = new Uint8Array(limits.cellsPerBlob / 8)
  for (const column of columns) mask[column >> 3]! |= 1 << (column & 7)
  return mask
}

export const everyColumn: readonly number[] = Array.from({ length: limits.cellsPerBlob }, (_, column) => column)

export const columnsOf = (mask: Uint8Array): number[] =>
  everyColumn.filter((column) => mask[column >> 3]! & (1 << (column & 7)))

const repeated = (value: bigint, times: number): Uint8Array =>
  concatBytes(...Array<Uint8Array>(times).fill(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')))
