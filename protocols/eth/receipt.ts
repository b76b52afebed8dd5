import { concatBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeList, encodeRlp, RlpError, type RlpItem, RlpReader, readItem } from '../lib/rlp.ts'
import type { EthVersion } from './versions.ts'

// Receipts as answers carry them, and as the receipt trie holds them (caps/eth.md, "Receipt Encoding"; EIP-7642).

export type Receipt = {
  /** EIP-2718; 0 is a legacy transaction's. */
  readonly type: number
  /** 1 or nothing for a failure; before Byzantium the 32-byte state root. */
  readonly status: Uint8Array
  readonly cumulativeGasUsed: bigint
  /** RLP: a list of `[address, topics, data]`. */
  readonly logs: Uint8Array
}

export type Log = { readonly address: Uint8Array; readonly topics: readonly Uint8Array[]; readonly data: Uint8Array }

/**
 * @param item of Receipts: with a bloom up to eth/68, `[type, status, gas, logs]` since
 * @throws {RlpError} no receipt of that version
 */
export function decodeReceipt(item: RlpItem, version: EthVersion): Receipt {
  return version === 68 ? decodeWithBloom(item) : decodeWithoutBloom(item)
}

/** @returns what the receipt trie holds: the bloom is made anew */
export function encodeReceipt({ type, status, cumulativeGasUsed, logs }: Receipt): Uint8Array {
  const bloom = bloomOf(logsOf({ logs }))
  const fields = encodeList([encodeRlp(status), encodeRlp(cumulativeGasUsed), encodeRlp(bloom), logs])
  return type === 0 ? fields : concatBytes(Uint8Array.of(type), fields)
}

/** @throws {RlpError} a log is none */
export function logsOf({ logs }: Pick<Receipt, 'logs'>): Log[] {
  return Array.from(RlpReader.open(logs).rest(), (item) => {
    const fields = RlpReader.open(item.raw)
    const address = fields.bytes(20)
    const topics = Array.from(fields.list().rest(), ({ content }) => content)
    const log = { address, topics, data: fields.bytes() }
    fields.end()
    return log
  })
}

function decodeWithoutBloom({ raw }: RlpItem): Receipt {
  const fields = RlpReader.open(raw)
  const type = Number(fields.uint(1))
  const receipt = { type, status: fields.bytes(), cumulativeGasUsed: fields.uint(), logs: fields.listItem().raw }
  fields.end()
  return receipt
}

function decodeWithBloom({ isList, content, raw }: RlpItem): Receipt {
  const type = isList ? 0 : content[0]
  if (type === undefined) throw new RlpError('typed receipt too short')
  const fields = RlpReader.open(isList ? raw : readItem(content, 1).raw)
  const [status, cumulativeGasUsed] = [fields.bytes(), fields.uint()]
  fields.bytes(bloomBytes)
  const receipt = { type, status, cumulativeGasUsed, logs: fields.listItem().raw }
  fields.end()
  return receipt
}

/** Yellow Paper, M3:2048: three bits of 2048 for every address and topic. */
function bloomOf(logs: readonly Log[]): Uint8Array {
  const bloom = new Uint8Array(bloomBytes)
  for (const { address, topics } of logs)
    for (const value of [address, ...topics]) {
      const hash = keccak256(value)
      for (const at of [0, 2, 4]) {
        const bit = ((hash[at]! << 8) | hash[at + 1]!) & 2047
        bloom[bloomBytes - 1 - (bit >> 3)]! |= 1 << (bit & 7)
      }
    }
  return bloom
}

const bloomBytes = 256
