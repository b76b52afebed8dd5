import { contentStart, RlpError, skipItem } from './rlp.ts'

// Whether bytes have a shape, found without a view or a number of any of their items: what a remote may send by the
// hundred thousand.

/** Looks at the item that begins at `at`. @returns where it ends @throws {RlpError} it is not what the check is of */
export type Check = {
  (bytes: Uint8Array, at: number): number
  /** The same step by step, of what can be long. */
  readonly steps?: CheckSteps
}
type CheckSteps = (bytes: Uint8Array, at: number) => Generator<void, number>

/** As `check`, in steps of about 64 KiB: 10 MiB can be half a million items, one inside the other. */
export function* checkSteps(check: Check, bytes: Uint8Array, at: number): Generator<void, number> {
  if (!check.steps || skipItem(bytes, at) - at <= fewBytes) return check(bytes, at)
  return yield* check.steps(bytes, at)
}

/** @param isLength of the string, in bytes; any when left out */
export const string =
  (isLength: (length: number) => boolean = () => true): Check =>
  (bytes, at) => {
    const end = skipString(bytes, at)
    const length = end - contentStart(bytes, at)
    if (!isLength(length)) throw new RlpError(`a string of ${length} bytes`)
    return end
  }

export const bytesOf = (length: number): Check => string((actual) => actual === length)

/** A canonical integer of at most `maxBytes`. */
export const uint =
  (maxBytes: number): Check =>
  (bytes, at) => {
    const end = skipString(bytes, at)
    const start = contentStart(bytes, at)
    if (end - start > maxBytes) throw new RlpError(`integer wider than ${maxBytes} bytes`)
    if (start < end && bytes[start] === 0) throw new RlpError('integer with a leading zero')
    return end
  }

export const listOf = (item: Check): Check => {
  const check = (bytes: Uint8Array, at: number) => {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    while (next < end) next = item(bytes, next)
    return fits(next, end)
  }
  const steps: CheckSteps = function* (bytes, at) {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    for (let pause = next + fewBytes; next < end; ) {
      next = yield* checkSteps(item, bytes, next)
      if (next < pause) continue
      yield
      pause = next + fewBytes
    }
    return fits(next, end)
  }
  return Object.assign(check, { steps })
}

/** A list of exactly these. */
export const fieldsOf = (fields: readonly Check[]): Check => {
  const check = (bytes: Uint8Array, at: number) => {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    for (const field of fields) {
      if (next >= end) throw new RlpError('unexpected end of input')
      next = field(bytes, next)
    }
    if (next < end) throw new RlpError('too many list items')
    return fits(next, end)
  }
  const steps: CheckSteps = function* (bytes, at) {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    for (const field of fields) {
      if (next >= end) throw new RlpError('unexpected end of input')
      next = yield* checkSteps(field, bytes, next)
    }
    if (next < end) throw new RlpError('too many list items')
    return fits(next, end)
  }
  return Object.assign(check, { steps })
}

function fits(next: number, end: number): number {
  if (next > end) throw new RlpError('value larger than its list')
  return end
}

/** What one step looks at: half a millisecond. */
const fewBytes = 65_536

function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at]! >= 0xc0) throw new RlpError('expected a string, got a list')
  return skipItem(bytes, at)
}

function skipList(bytes: Uint8Array, at: number): number {
  if (bytes[at]! < 0xc0) throw new RlpError('expected a list, got a string')
  return skipItem(bytes, at)
}
