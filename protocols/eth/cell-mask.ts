import { limits } from './limits.ts'
import type { CellMask } from './transaction-messages.ts'

// Which cells of a blob: sets of columns, as 128 bits (EIP-8070; geth core/types/custody_bitmap.go).

const count = limits.cellsPerBlob

/** @returns the columns, the lowest first */
export function columnsOf(mask: CellMask): number[] {
  const columns: number[] = []
  for (let column = 0; column < count; column++) if (mask[column >> 3]! & (1 << (column & 7))) columns.push(column)
  return columns
}

/** @param columns each below 128 */
export function maskOf(columns: Iterable<number>): CellMask {
  const mask = new Uint8Array(count / 8)
  for (const column of columns) mask[column >> 3]! |= 1 << (column & 7)
  return mask
}

/** Whether `b` has every column of `a`. */
export const isSubset = (a: CellMask, b: CellMask): boolean => a.every((byte, i) => (byte & ~b[i]!) === 0)

/** Enough of any columns to make a blob of; the lowest of them are its bytes (EIP-7594). */
export const dataColumns = count / 2
export const allCells: CellMask = new Uint8Array(count / 8).fill(0xff)
export const dataCells: CellMask = maskOf(Array.from({ length: dataColumns }, (_, column) => column))
