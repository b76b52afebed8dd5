import { expect } from 'chai'
import fc, { type Arbitrary } from 'fast-check'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { LazyList, MalformedItem } from '../../protocols/lib/lazy-list.ts'
import type { MessageTable } from '../../protocols/lib/message-table.ts'

// What specs do with messages of any protocol.

/** @returns every message of a version, in the order of the codes */
export const namesIn = <N extends string>({ length, nameOf }: MessageTable<N, number>): N[] =>
  Array.from({ length }, (_, code) => nameOf(code)).filter((name) => name !== undefined)

/** Payloads with some bytes changed, cut or added; and bytes that are no message. */
export const mutated = (payloads: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc
      .tuple(payloads, fc.array(fc.tuple(fc.nat(), fc.nat(0xff)), { maxLength: 3 }), fc.nat(4))
      .map(([payload, changes, cut]) => {
        for (const [at, byte] of changes) payload[at % Math.min(payload.length, 64)] = byte
        return payload.subarray(0, payload.length - cut)
      }),
  )

/** Opens every item of every list. @returns whether all were what their list is of */
export function walk(value: unknown): 'sound' | 'malformed' {
  try {
    visit(value)
    return 'sound'
  } catch (error) {
    expect(error).to.be.instanceOf(MalformedItem)
    return 'malformed'
  }
}

function visit(value: unknown): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof LazyList) for (const item of value) visit(item)
  else for (const field of Object.values(value)) visit(field)
}

/** @returns `value` with lists and bytes as hex */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (typeof value !== 'object' || value === null) return value
  if ('raw' in value) return plain(value.raw)
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}
