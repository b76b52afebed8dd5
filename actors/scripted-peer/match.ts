import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'

/** @returns whether `value` is as `wanted` says: a predicate, or fields that are to be equal, however deep, bytes by content */
export function isMatch<T extends object>(value: T, wanted: Partial<T> | ((value: T) => boolean)): boolean {
  return typeof wanted === 'function' ? wanted(value) : hasFields(value, wanted)
}

/** @returns a label for what is wanted: ` with id 7`; empty when anything is, or for a predicate */
export function describeMatch(wanted: object): string {
  const fields = Object.entries(wanted).map(([key, value]) => `${key} ${labelOf(value)}`)
  return fields.length > 0 ? ` with ${fields.join(', ')}` : ''
}

function labelOf(value: unknown): string {
  if (value instanceof Uint8Array) return `0x${bytesToHex(value)}`
  if (typeof value !== 'object' || value === null) return `${value}`
  return `{ ${Object.entries(value)
    .map(([key, field]) => `${key} ${labelOf(field)}`)
    .join(', ')} }`
}

function hasFields(value: unknown, wanted: unknown): boolean {
  if (wanted instanceof Uint8Array) return value instanceof Uint8Array && equalBytes(value, wanted)
  if (typeof wanted !== 'object' || wanted === null) return isEqual(value, wanted)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(wanted).every(([key, field]) => hasFields((value as Record<string, unknown>)[key], field))
}

/** The number 7 is the whole number 7n too. */
const isEqual = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'bigint' && typeof b === 'number' && Number.isInteger(b) && a === BigInt(b))
