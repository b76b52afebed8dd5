import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { isNumber, isString, listOf, maybe, type Shape, shaped } from '../../protocols/lib/shapes.ts'
import { DiscError, ProtocolReturned } from '../../protocols/p2p/disconnect-reasons.ts'
import { maxMessageBytes } from '../../protocols/rlpx/snappy.ts'

// What events and inputs of charts hold, as JSON: numbers of any size, bytes, maps and errors keep what they are.

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain }

/**
 * @returns what JSON can say of `value`. Bytes past {@link longestBytes} are shown by their number, functions are left
 * out; an object of a class is shown by its own fields.
 */
export function toPlain(value: unknown, depth = 0): Plain {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: `${value}` }
  if (typeof value === 'bigint') return { $int: `${value}` }
  if (typeof value !== 'object') return { $undefined: true }
  if (depth >= deepest) return { $deep: true }
  if (value instanceof Uint8Array)
    return value.length > longestBytes ? { $size: value.length } : { $bytes: bytesToHex(value) }
  if (value instanceof Map) return { $map: [...value].map((entry) => entry.map((item) => toPlain(item, depth + 1))) }
  if (value instanceof Set) return { $set: [...value].map((item) => toPlain(item, depth + 1)) }
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1))
  if (value instanceof Error)
    return { $error: { ...fieldsOf(value, depth), ...faceOf(value), ...causeOf(value, depth) } }
  return fieldsOf(value, depth)
}

/** The inverse: bytes shown by their number come back as so many zeros, errors as those that decide why a peer ends. */
export function fromPlain(plain: Plain | undefined): unknown {
  if (plain === null || typeof plain !== 'object') return plain
  if (Array.isArray(plain)) return plain.map(fromPlain)
  const fields = plain as { readonly [key: string]: Plain }
  const [tag, ...others] = Object.keys(fields)
  if (tag?.startsWith('$') && others.length === 0) return untag(tag, fields[tag]!)
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, fromPlain(value)]))
}

/** Whether JSON from elsewhere is such that {@link fromPlain} can make something of it, and of no more bytes than a message has. */
export function isPlain(value: unknown): boolean {
  let room = maxMessageBytes
  const isFit = (value: unknown, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) return true
    if (depth > deepestJson) return false
    const fields = Object.entries(value)
    const [[tag, field] = ['', undefined], ...others] = fields
    if (tag === '$size' && others.length === 0) {
      room -= isNumber(field) ? (field as number) : Number.POSITIVE_INFINITY
      return room >= 0
    }
    if (others.length === 0 && Object.hasOwn(tags, tag) && !tags[tag]!(field)) return false
    return fields.every(([, field]) => isFit(field, depth + 1))
  }
  return isFit(value, 0)
}

/** Hashes, ids and public keys are shown in full; a payload is beside its message. */
export const longestBytes = 64
const deepest = 8
/** As deep as `deepest` maps in one another are as JSON, and more. */
const deepestJson = 32
/** What stands behind a tag. */
const tags: Shape = {
  $int: (value) => isString(value) && /^-?\d+$/.test(value as string),
  $number: isString,
  $bytes: (value) => isString(value) && /^(?:[\da-f]{2})*$/.test(value as string),
  $map: listOf((entry) => Array.isArray(entry) && entry.length === 2),
  $set: Array.isArray,
  $error: shaped({ is: maybe(isString), name: isString, message: isString }),
}

function fieldsOf(value: object, depth: number): Record<string, Plain> {
  const fields: Record<string, Plain> = {}
  for (const [key, field] of Object.entries(value))
    if (typeof field !== 'function' && key !== 'ports' && field !== undefined) fields[key] = toPlain(field, depth + 1)
  return fields
}

/** `is`: the class that charts know it by. */
function faceOf(error: Error): { name: string; message: string; is?: string } {
  const [is] = Object.entries(kinds).find(([, type]) => error instanceof type) ?? []
  return { name: error.name, message: error.message, ...(is !== undefined && { is }) }
}

function causeOf({ cause }: Error, depth: number): { cause?: Plain } {
  return cause instanceof Error ? { cause: toPlain(cause, depth + 1) } : {}
}

function untag(tag: string, value: Plain): unknown {
  if (tag === '$int') return BigInt(value as string)
  if (tag === '$number') return Number(value)
  if (tag === '$bytes') return hexToBytes(value as string)
  if (tag === '$size') return new Uint8Array(value as number)
  if (tag === '$map') return new Map((value as Plain[]).map((entry) => fromPlain(entry) as [unknown, unknown]))
  if (tag === '$set') return new Set(fromPlain(value) as unknown[])
  if (tag === '$error') return toError(fromPlain(value) as Parameters<typeof toError>[0])
  return undefined
}

function toError({ is = '', ...fields }: { is?: string; name: string; message: string }): Error {
  const error = Object.assign(new Error(fields.message), fields)
  return Object.setPrototypeOf(error, (kinds[is] ?? Error).prototype)
}

/** The errors that charts distinguish. */
const kinds: Readonly<Record<string, abstract new (...args: never) => Error>> = {
  DiscError,
  PeerError,
  ProtocolReturned,
}
