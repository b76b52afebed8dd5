// Where things are in the database, as in geth's core/rawdb/schema.go. Numbers are 8 bytes, big-endian.

/** Raised when a change makes older databases unreadable. */
export const schemaVersion = Uint8Array.of(1)

export const keys = {
  version: ascii('DatabaseVersion'),
  /** The hash of block 0. */
  genesis: ascii('Genesis'),
  /** The hash of the head. */
  head: ascii('LastBlock'),
  /** The hash of the last block of a snap sync, none of which is executed (geth `headFastBlockKey`). Not there without one. */
  snapHead: ascii('LastFast'),
  /** The hash of the block whose state was fetched from peers (geth `lastPivotKey`): nothing below was executed. Not there without one. */
  pivot: ascii('LastPivot'),
  /** What a consensus client said last: see `encodeMarks`. Not there before it has said anything. */
  forkchoice: ascii('LastForkchoice'),
  /** RLP of a header. */
  header: (number: bigint, hash: Uint8Array): Uint8Array => key('h', number, hash),
  /** RLP of a body. */
  body: (number: bigint, hash: Uint8Array): Uint8Array => key('b', number, hash),
  /** A block access list as it came (EIP-7928); not there of most blocks. Kept as long as the body. */
  accessList: (number: bigint, hash: Uint8Array): Uint8Array => key('j', number, hash),
  /** The receipts of a block that was executed, each as eth/69 has them. Kept as long as the body. */
  receipts: (number: bigint, hash: Uint8Array): Uint8Array => key('r', number, hash),
  /** The hash of the canonical block. */
  canonical: (number: bigint): Uint8Array => key('h', number, canonicalSuffix),
  /** The number of the block with this hash. */
  number: (hash: Uint8Array): Uint8Array => key('H', undefined, hash),
} as const

/** Whether it is that of a body, a list or receipts: found by the hash of a block and the number under that alone. */
export const isContent = (key: Uint8Array): boolean => contentPrefixes.has(key[0]!) && key.length === contentKeyLength
const contentPrefixes: ReadonlySet<number> = new Set(ascii('bjr'))
const contentKeyLength = 1 + 8 + 32

export function encodeNumber(number: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, number)
  return bytes
}

export function decodeNumber(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
}

const canonicalSuffix = ascii('n')

function key(prefix: 'h' | 'b' | 'H' | 'j' | 'r', number: bigint | undefined, suffix: Uint8Array): Uint8Array {
  const width = number === undefined ? 0 : 8
  const bytes = new Uint8Array(1 + width + suffix.length)
  bytes[0] = prefix.charCodeAt(0)
  if (number !== undefined) new DataView(bytes.buffer).setBigUint64(1, number)
  bytes.set(suffix, 1 + width)
  return bytes
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
