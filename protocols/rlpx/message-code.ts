import { encodeRlp, RlpError, readItem, toUint } from '../lib/rlp.ts'
import { RlpxError } from './rlpx-error.ts'

// A frame's data begins with the message code, an RLP integer, and the payload follows.

/** The most a code takes: a uint64 and its prefix. */
export const maxCodeBytes = 9

/** Writes `code` at `at`. @returns where it ends */
export function writeCode(to: Uint8Array, at: number, code: number): number {
  if (code > 0 && code < 0x80) {
    to[at] = code
    return at + 1
  }
  const rlp = encodeRlp(code)
  to.set(rlp, at)
  return at + rlp.length
}

/** @throws {RlpxError} 'bad message code' */
export function readCode(data: Uint8Array): { code: number; end: number } {
  const first = data[0]
  if (first !== undefined && first < 0x80 && first !== 0) return { code: first, end: 1 }
  try {
    const { isList, content, raw } = readItem(data)
    const code = isList ? Number.NaN : Number(toUint(content))
    if (Number.isSafeInteger(code)) return { code, end: raw.length }
  } catch (cause) {
    if (cause instanceof RlpError) throw new RlpxError('bad message code', { cause })
    throw cause
  }
  throw new RlpxError('bad message code')
}
