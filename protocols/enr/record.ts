import { base64Url } from '../lib/base-n.ts'
import { bytesToHex, utf8ToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import {
  encodeList,
  encodeRlp,
  RlpError,
  type RlpInput,
  type RlpItem,
  RlpReader,
  readItem,
  toUint,
} from '../lib/rlp.ts'
import {
  compressPublicKey,
  decompressPublicKey,
  publicKeyOf,
  Secp256k1Error,
  signRecoverable,
  verifySignature,
} from '../lib/secp256k1.ts'

// Ethereum Node Records (EIP-778) with its identity scheme "v4".

/** A record whose signature was verified. */
export type NodeRecord = {
  /** Raised whenever the record changes. */
  readonly seq: bigint
  /** The RLP item of each key, in the order of the keys. BOUNDED: by the 300 bytes of a record. */
  readonly pairs: ReadonlyMap<string, Uint8Array>
  /** 64 bytes, of its key "secp256k1". */
  readonly publicKey: Uint8Array
  /** 64 bytes, r ‖ s. */
  readonly signature: Uint8Array
  readonly raw: Uint8Array
}

/** EIP-778: the most bytes that a record may have. */
const maxRecordBytes = 300

/**
 * @param raw RLP: `[signature, seq, k, v, …]`
 * @throws {RecordError} with geth's message
 */
export function decodeRecord(raw: Uint8Array): NodeRecord {
  if (raw.length > maxRecordBytes) throw new RecordError('record bigger than 300 bytes')
  const { signature, seq, pairs, content } = read(raw)
  const publicKey = publicKeyIn(pairs)
  if (signature.length !== 64 || !verifySignature(keccak256(encodeList(content)), signature, publicKey))
    throw new RecordError('invalid signature on node record')
  return { seq, pairs, publicKey, signature, raw }
}

/**
 * @param text `enr:` and the record in unpadded URL-safe base64
 * @throws {RecordError}
 */
export function parseRecord(text: string): NodeRecord {
  if (!text.startsWith('enr:')) throw new RecordError("missing 'enr:' prefix for base64-encoded record")
  const raw = base64Url.decode(text.slice('enr:'.length))
  if (!raw) throw new RecordError('invalid base64 in the record')
  return decodeRecord(raw)
}

/** @returns the text that {@link parseRecord} reads */
export const formatRecord = ({ raw }: Pick<NodeRecord, 'raw'>): string => `enr:${base64Url.encode(raw)}`

/**
 * @param values by key, as RLP takes them; "id" and "secp256k1" are added
 * @throws {RecordError} it would have more than 300 bytes
 */
export function signRecord(
  seq: bigint,
  values: Readonly<Record<string, RlpInput>>,
  privateKey: Uint8Array,
): NodeRecord {
  const all = { ...values, id: utf8ToBytes('v4'), secp256k1: compressPublicKey(publicKeyOf(privateKey)) }
  const keys = Object.keys(all).sort() as (keyof typeof all)[]
  const content = [encodeRlp(seq), ...keys.flatMap((key) => [encodeRlp(utf8ToBytes(key)), encodeRlp(all[key]!)])]
  const signature = signRecoverable(keccak256(encodeList(content)), privateKey).subarray(0, 64)
  return decodeRecord(encodeList([encodeRlp(signature), ...content]))
}

/** Where a record says that its node is; an address of the wrong length is none. */
export function endpointOf({ pairs }: Pick<NodeRecord, 'pairs'>): {
  /** 4 bytes, else 16. */
  readonly ip?: Uint8Array
  readonly tcp?: number
  readonly udp?: number
} {
  const [ip4, ip6] = [bytesAt(pairs, 'ip', 4), bytesAt(pairs, 'ip6', 16)]
  const ip = ip4 ?? ip6
  const tcp = portAt(pairs, 'tcp') ?? (ip4 ? undefined : portAt(pairs, 'tcp6'))
  const udp = portAt(pairs, 'udp') ?? (ip4 ? undefined : portAt(pairs, 'udp6'))
  return { ...(ip && { ip }), ...(tcp !== undefined && { tcp }), ...(udp !== undefined && { udp }) }
}

/**
 * What a record says of its node's chain, in its entry "eth" (EIP-2124, eth.md).
 * @returns undefined when it has no such entry, or one that geth does not read
 */
export function forkIdIn({
  pairs,
}: Pick<NodeRecord, 'pairs'>): { readonly hash: Uint8Array; readonly next: bigint } | undefined {
  const item = pairs.get('eth')
  if (item === undefined) return undefined
  try {
    const forkId = RlpReader.open(item).list()
    const entry = { hash: forkId.bytes(4), next: forkId.uint() }
    forkId.end()
    return entry
  } catch (error) {
    if (error instanceof RlpError) return undefined
    throw error
  }
}

function read(raw: Uint8Array) {
  try {
    const list = readItem(raw)
    if (!list.isList || list.raw.length !== raw.length) throw new RecordError('record is not one list')
    const reader = new RlpReader(list.content)
    if (reader.isDone) throw new RecordError('record contains less than two list elements')
    const signature = reader.bytes()
    if (reader.isDone) throw new RecordError('record contains less than two list elements')
    const [seq, ...items] = reader.rest()
    if (seq!.isList) throw new RecordError('the sequence number of the record is a list')
    const content = [seq!, ...items].map(({ raw }) => raw)
    return { signature, seq: toUint(seq!.content), pairs: readPairs(items), content }
  } catch (error) {
    if (error instanceof RlpError) throw new RecordError(error.message)
    throw error
  }
}

function readPairs(items: readonly RlpItem[]): Map<string, Uint8Array> {
  const pairs = new Map<string, Uint8Array>()
  let last: string | undefined
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i]!, items[i + 1]]
    if (key.isList) throw new RecordError('a key of the record is a list')
    if (value === undefined) throw new RecordError('record contains incomplete k/v pair')
    const name = Array.from(key.content, (byte) => String.fromCharCode(byte)).join('')
    if (name === last) throw new RecordError('record contains duplicate key')
    if (last !== undefined && name < last) throw new RecordError('record key/value pairs are not sorted by key')
    pairs.set(name, value.raw)
    last = name
  }
  return pairs
}

function publicKeyIn(pairs: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const id = stringAt(pairs, 'id')
  if (id === undefined || bytesToHex(id) !== '7634') throw new RecordError('unknown identity scheme: want "v4"')
  const key = stringAt(pairs, 'secp256k1')
  try {
    return decompressPublicKey(key ?? new Uint8Array(0))
  } catch (error) {
    if (error instanceof Secp256k1Error) throw new RecordError('no valid public key in the record')
    throw error
  }
}

function stringAt(pairs: ReadonlyMap<string, Uint8Array>, key: string): Uint8Array | undefined {
  const item = pairs.has(key) ? readItem(pairs.get(key)!) : undefined
  return item?.isList === false ? item.content : undefined
}

function bytesAt(pairs: ReadonlyMap<string, Uint8Array>, key: string, length: number): Uint8Array | undefined {
  const bytes = stringAt(pairs, key)
  return bytes?.length === length ? bytes : undefined
}

function portAt(pairs: ReadonlyMap<string, Uint8Array>, key: string): number | undefined {
  const bytes = stringAt(pairs, key)
  if (bytes === undefined || bytes.length > 2 || bytes[0] === 0) return undefined
  return bytes.reduce((port, byte) => port * 256 + byte, 0)
}

/** The bytes or the text are no node record: the fault of its maker. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}
