import { contentStart, RlpError, skipItem } from './rlp.ts'

// Whether bytes have a shape, found without a view or a number of any of their items: what a remote may send by the
// hundred thousand.

/** Looks at the item that begins at `at`. @returns where it ends @throws {RlpError} it is not what the check is of */
export type Check = (bytes: Uint8Array, at: number) => number

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

export const listOf =
  (item: Check): Check =>
  (bytes, at) => {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    while (next < end) next = item(bytes, next)
    if (next > end) throw new RlpError('value larger than its list')
    return end
  }

/** A list of exactly these. */
export const fieldsOf =
  (fields: readonly Check[]): Check =>
  (bytes, at) => {
    const end = skipList(bytes, at)
    let next = contentStart(bytes, at)
    for (const field of fields) {
      if (next >= end) throw new RlpError('unexpected end of input')
      next = field(bytes, next)
    }
    if (next !== end) throw new RlpError(next < end ? 'too many list items' : 'value larger than its list')
    return end
  }

function skipString(bytes: Uint8Array, at: number): number {
  if (bytes[at]! >= 0xc0) throw new RlpError('expected a string, got a list')
  return skipItem(bytes, at)
}

function skipList(bytes: Uint8Array, at: number): number {
  if (bytes[at]! < 0xc0) throw new RlpError('expected a list, got a string')
  return skipItem(bytes, at)
}
