import { concatBytes } from '../lib/bytes.ts'
import { readFields, writeFields } from '../lib/fields.ts'
import { keccak256 } from '../lib/keccak.ts'
import { HashList, LazyList, type ReadItem } from '../lib/lazy-list.ts'
import { RlpError, type RlpItem, type RlpReader, readItem } from '../lib/rlp.ts'

// Receipts as answers carry them, and as the receipt trie holds them (caps/eth.md, "Receipt Encoding"; EIP-7642). Fields
// have the names of eth_getBlockReceipts.

/** Bytes are views. `cumulativeGasUsed` is in units, of the block up to here. */
export type Receipt = {
  /** EIP-2718; 0 is a legacy transaction's. */
  readonly type: number
  /** 1 for success and 0 for failure, from Byzantium on (EIP-658). */
  readonly status?: 0 | 1
  /** 32 bytes, the state after the transaction: before Byzantium, in place of the status. */
  readonly root?: Uint8Array
  readonly cumulativeGasUsed: bigint
  /** 256 bytes, as they came: not compared with the logs. */
  readonly logsBloom?: Uint8Array
  readonly logs: LazyList<Log>
}

export type Receipt68 = Receipt & { readonly logsBloom: Uint8Array }
/** From eth/69 on. */
export type Receipt69 = Omit<Receipt, 'logsBloom'>

/** `address` is 20 bytes, a topic 32. */
export type Log = { readonly address: Uint8Array; readonly topics: readonly Uint8Array[]; readonly data: Uint8Array }

/**
 * @returns what the receipt trie holds; a bloom that did not come is made
 * @throws {MalformedItem} a log is none
 */
export function encodeReceipt({ type, status, root, cumulativeGasUsed, logsBloom, logs }: Receipt): Uint8Array {
  const fields = writeFields(root ?? status ?? 0, cumulativeGasUsed, logsBloom ?? bloomOf(logs), logs)
  return type === 0 ? fields : concatBytes(Uint8Array.of(type), fields)
}

/** @returns `[type, status, gas, logs]` (EIP-7642), as eth/69 has it */
export function encodeReceiptWithoutBloom({ type, status, root, cumulativeGasUsed, logs }: Receipt): Uint8Array {
  return writeFields(BigInt(type), root ?? BigInt(status ?? 0), cumulativeGasUsed, logs)
}

/**
 * The logs are counted, and opened when they are read.
 * @param item `[type, status, gas, logs]` (EIP-7642)
 * @throws {RlpError} no such receipt
 */
export const decodeReceiptWithoutBloom: ReadItem<Receipt69> = (item) =>
  readFields(item, (fields) => ({
    type: checkType(Number(fields.uint(1)), 0),
    ...readOutcome(fields),
    cumulativeGasUsed: fields.uint(),
    logs: new LazyList(fields.item(), readLog),
  }))

/** As {@link decodeReceiptWithoutBloom}. @param item as the receipt trie holds it, a typed one in a string */
export function decodeReceiptWithBloom(item: RlpItem): Receipt68 {
  const { type, list } = item.isList ? { type: 0, list: item } : openEnvelope(item.content)
  return readFields(list, (fields) => ({
    type,
    ...readOutcome(fields),
    cumulativeGasUsed: fields.uint(),
    logsBloom: fields.bytes(bloomBytes),
    logs: new LazyList(fields.item(), readLog),
  }))
}

function openEnvelope(content: Uint8Array): { readonly type: number; readonly list: RlpItem } {
  if (content.length === 0) throw new RlpError('typed receipt too short')
  const type = checkType(content[0]!, 1)
  const list = readItem(content, 1)
  if (1 + list.raw.length !== content.length) throw new RlpError('bytes after the receipt')
  return { type, list }
}

function checkType(type: number, lowest: 0 | 1): number {
  if (type < lowest || type > highestType) throw new RlpError(`receipt of type ${type}`)
  return type
}

/** As geth's `Receipt.setStatus`. */
function readOutcome(fields: RlpReader): Pick<Receipt, 'status' | 'root'> {
  const outcome = fields.bytes()
  if (outcome.length === 32) return { root: outcome }
  if (outcome.length === 0) return { status: 0 }
  if (outcome.length === 1 && outcome[0] === 1) return { status: 1 }
  throw new RlpError('expected a status of 0 or 1, or 32 bytes')
}

export const readLog: ReadItem<Log> = (item) =>
  readFields(item, (fields) => ({ address: fields.bytes(20), topics: readTopics(fields), data: fields.bytes() }))

function readTopics(fields: RlpReader): Uint8Array[] {
  const topics = new HashList(fields.item())
  if (topics.count > maxTopics) throw new RlpError(`log of ${topics.count} topics`)
  return [...topics]
}

/** Yellow Paper, M3:2048: three bits of 2048 for every address and topic. */
export function bloomOf(logs: Iterable<Log>): Uint8Array {
  const bloom = new Uint8Array(bloomBytes)
  for (const { address, topics } of logs)
    for (const value of [address, ...topics])
      for (const bit of bloomBits(value)) bloom[bloomBytes - 1 - (bit >> 3)]! |= 1 << (bit & 7)
  return bloom
}

/** @returns the three bits of a bloom that stand for an address or a topic, counted from its end */
export function bloomBits(value: Uint8Array): number[] {
  const hash = keccak256(value)
  return [0, 2, 4].map((at) => ((hash[at]! << 8) | hash[at + 1]!) & 2047)
}

const bloomBytes = 256
/** EIP-2718: beyond it begins what could be a legacy receipt. */
const highestType = 0x7f
/** Yellow Paper: LOG4 is the last. */
const maxTopics = 4
