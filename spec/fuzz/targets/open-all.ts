import { LazyList } from '../../../protocols/lib/lazy-list.ts'

/** Opens every item of every list in `value`. @throws {MalformedItem} one is not what its list is of */
export function openAll(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof LazyList) for (const item of value) openAll(item)
  else for (const field of Object.values(value)) openAll(field)
}
