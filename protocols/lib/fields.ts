import { HashList, LazyList, type ReadItem } from './lazy-list.ts'
import { encodeList, encodeRlp, type RlpInput, type RlpItem, RlpReader } from './rlp.ts'

// What codecs of messages are written with.

/** Reads a list of exactly the fields that `read` takes. */
export function readFields<T>(list: RlpItem, read: (fields: RlpReader) => T): T {
  const fields = RlpReader.open(list.raw)
  const value = read(fields)
  fields.end()
  return value
}

/** What a field is written from: a value, or something that is RLP already. */
type Field = RlpInput | { readonly raw: Uint8Array }

/** @returns the list of `fields` */
export const writeFields = (...fields: readonly Field[]): Uint8Array => writeFieldList(fields)

export function writeFieldList(fields: readonly Field[]): Uint8Array {
  return encodeList(fields.map((field) => (isRaw(field) ? field.raw : encodeRlp(field))))
}

/** Lists of a message: they are counted once it is decoded. */
export const hashes = (fields: RlpReader): HashList => HashList.uncounted(fields.item())
export const lazyList = <T>(fields: RlpReader, read: ReadItem<T>): LazyList<T> =>
  LazyList.uncounted(fields.item(), read)

/** @throws {RangeError} fixed bytes of ours have the wrong length */
export function fixed(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, got ${bytes.length}`)
  return bytes
}

const isRaw = (field: Field): field is { readonly raw: Uint8Array } =>
  typeof field === 'object' && field !== null && 'raw' in field
