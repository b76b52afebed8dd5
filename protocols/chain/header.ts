import { keccak256 } from '../lib/keccak.ts'
import { contentStart, encodeRlp, RlpError, type RlpItem, readItem, skipItem, toUint } from '../lib/rlp.ts'

// Block headers of every fork from Frontier on (caps/eth.md, "Block Encoding and Validity"; geth core/types/block.go).

/** Hashes are 32 bytes, `coinbase` 20, `bloom` 256, `nonce` 8; gas in units, `time` in seconds, fees in wei. */
export type HeaderFields = {
  readonly parentHash: Uint8Array
  readonly unclesHash: Uint8Array
  readonly coinbase: Uint8Array
  readonly stateRoot: Uint8Array
  readonly txRoot: Uint8Array
  readonly receiptsRoot: Uint8Array
  readonly bloom: Uint8Array
  readonly difficulty: bigint
  readonly number: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  readonly time: bigint
  readonly extraData: Uint8Array
  readonly mixHash: Uint8Array
  readonly nonce: Uint8Array
  /** London, EIP-1559. */
  readonly baseFee?: bigint | undefined
  /** Shanghai, EIP-4895. */
  readonly withdrawalsRoot?: Uint8Array | undefined
  /** Cancun, EIP-4844 and EIP-4788. */
  readonly blobGasUsed?: bigint | undefined
  readonly excessBlobGas?: bigint | undefined
  readonly parentBeaconRoot?: Uint8Array | undefined
  /** Prague, EIP-7685. */
  readonly requestsHash?: Uint8Array | undefined
  /** Amsterdam, EIP-7928 and EIP-7843. */
  readonly balHash?: Uint8Array | undefined
  readonly slotNumber?: bigint | undefined
}

/** A field is exactly so many bytes, or an integer of at most so many. */
type FieldShape = { readonly kind: 'bytes' | 'uint'; readonly size: number }

const bytes = (size: number): FieldShape => ({ kind: 'bytes', size })
const hash = bytes(32)
const anyBytes = bytes(Number.POSITIVE_INFINITY)
const uint64: FieldShape = { kind: 'uint', size: 8 }
const uint256: FieldShape = { kind: 'uint', size: 32 }

/** In the order of the wire. A number wider than uint64, which geth's big.Int admits, is refused here. */
const layout: readonly (readonly [keyof HeaderFields, FieldShape])[] = [
  ['parentHash', hash],
  ['unclesHash', hash],
  ['coinbase', bytes(20)],
  ['stateRoot', hash],
  ['txRoot', hash],
  ['receiptsRoot', hash],
  ['bloom', bytes(256)],
  ['difficulty', uint256],
  ['number', uint64],
  ['gasLimit', uint64],
  ['gasUsed', uint64],
  ['time', uint64],
  ['extraData', anyBytes],
  ['mixHash', hash],
  ['nonce', bytes(8)],
  ['baseFee', uint256],
  ['withdrawalsRoot', hash],
  ['blobGasUsed', uint64],
  ['excessBlobGas', uint64],
  ['parentBeaconRoot', hash],
  ['requestsHash', hash],
  ['balHash', hash],
  ['slotNumber', uint64],
]

/** In the order of the wire. */
export const headerFieldNames: readonly (keyof HeaderFields)[] = layout.map(([name]) => name)

/** Frontier's fields; every later one is optional, but only with all before it. */
const requiredFields = 15

const indexOf = Object.fromEntries(layout.map(([name], i) => [name, i])) as Readonly<Record<keyof HeaderFields, number>>

/**
 * A header as it came, its shape checked and its fields read when asked for. `raw` is a view: a caller that keeps a header
 * longer than its message copies it first.
 */
export class Header implements HeaderFields {
  readonly raw: Uint8Array
  /** Where each field begins in `raw`. BOUNDED: by the layout. */
  readonly #starts: readonly number[]
  #hash: Uint8Array | undefined

  /** @throws {RlpError} no header of any fork */
  constructor(item: RlpItem) {
    this.raw = item.raw
    this.#starts = checkFields(item)
  }

  /** Keccak-256 of `raw`, computed once. */
  get hash(): Uint8Array {
    this.#hash ??= keccak256(this.raw)
    return this.#hash
  }
  get parentHash(): Uint8Array {
    return this.#bytes('parentHash')!
  }
  get unclesHash(): Uint8Array {
    return this.#bytes('unclesHash')!
  }
  get coinbase(): Uint8Array {
    return this.#bytes('coinbase')!
  }
  get stateRoot(): Uint8Array {
    return this.#bytes('stateRoot')!
  }
  get txRoot(): Uint8Array {
    return this.#bytes('txRoot')!
  }
  get receiptsRoot(): Uint8Array {
    return this.#bytes('receiptsRoot')!
  }
  get bloom(): Uint8Array {
    return this.#bytes('bloom')!
  }
  get difficulty(): bigint {
    return this.#uint('difficulty')!
  }
  get number(): bigint {
    return this.#uint('number')!
  }
  get gasLimit(): bigint {
    return this.#uint('gasLimit')!
  }
  get gasUsed(): bigint {
    return this.#uint('gasUsed')!
  }
  get time(): bigint {
    return this.#uint('time')!
  }
  get extraData(): Uint8Array {
    return this.#bytes('extraData')!
  }
  get mixHash(): Uint8Array {
    return this.#bytes('mixHash')!
  }
  get nonce(): Uint8Array {
    return this.#bytes('nonce')!
  }
  get baseFee(): bigint | undefined {
    return this.#uint('baseFee')
  }
  get withdrawalsRoot(): Uint8Array | undefined {
    return this.#bytes('withdrawalsRoot')
  }
  get blobGasUsed(): bigint | undefined {
    return this.#uint('blobGasUsed')
  }
  get excessBlobGas(): bigint | undefined {
    return this.#uint('excessBlobGas')
  }
  get parentBeaconRoot(): Uint8Array | undefined {
    return this.#bytes('parentBeaconRoot')
  }
  get requestsHash(): Uint8Array | undefined {
    return this.#bytes('requestsHash')
  }
  get balHash(): Uint8Array | undefined {
    return this.#bytes('balHash')
  }
  get slotNumber(): bigint | undefined {
    return this.#uint('slotNumber')
  }

  #bytes(name: keyof HeaderFields): Uint8Array | undefined {
    const start = this.#starts[indexOf[name]]
    return start === undefined ? undefined : readItem(this.raw, start).content
  }
  #uint(name: keyof HeaderFields): bigint | undefined {
    const bytes = this.#bytes(name)
    return bytes && toUint(bytes, 32)
  }
}

export const readHeader = (item: RlpItem): Header => new Header(item)

/**
 * @param raw one header and nothing after it
 * @throws {RlpError} no header of any fork
 */
export function decodeHeader(raw: Uint8Array): Header {
  const item = readItem(raw)
  if (item.raw.length !== raw.length) throw new RlpError('bytes after the header')
  return new Header(item)
}

/** @throws {RangeError} a field of the wrong size, or an optional one without those before it */
export function encodeHeader(fields: HeaderFields): Uint8Array {
  const present = layout.findLastIndex(([name]) => fields[name] !== undefined) + 1
  return encodeRlp(layout.slice(0, present).map(([name, shape]) => checkValue(name, shape, fields[name])))
}

/** @returns where each field begins */
function checkFields({ isList, raw }: RlpItem): number[] {
  if (!isList) throw new RlpError('expected a list, got a string')
  const starts: number[] = []
  for (let at = contentStart(raw, 0); at < raw.length; ) {
    const field = layout[starts.length]
    if (field === undefined) throw new RlpError('too many header fields')
    starts.push(at)
    at = checkField(raw, at, field)
  }
  if (starts.length < requiredFields) throw new RlpError('too few header fields')
  return starts
}

/** @returns where the field ends */
function checkField(raw: Uint8Array, at: number, [name, shape]: readonly [string, FieldShape]): number {
  const end = skipItem(raw, at)
  const start = contentStart(raw, at)
  const length = end - start
  if (raw[at]! >= 0xc0) throw new RlpError(`${name}: expected a string, got a list`)
  if (shape.kind === 'uint') {
    if (length > shape.size) throw new RlpError(`${name}: integer wider than ${shape.size} bytes`)
    if (length > 0 && raw[start] === 0) throw new RlpError(`${name}: integer with a leading zero`)
  } else if (length !== shape.size && shape !== anyBytes)
    throw new RlpError(`${name}: expected ${shape.size} bytes, got ${length}`)
  return end
}

function checkValue(name: string, shape: FieldShape, value: Uint8Array | bigint | undefined): Uint8Array | bigint {
  const fits =
    typeof value === 'bigint'
      ? shape.kind === 'uint' && value >= 0n && value < 1n << BigInt(8 * shape.size)
      : shape.kind === 'bytes' && (value?.length === shape.size || (value !== undefined && shape === anyBytes))
  if (!fits) throw new RangeError(`header field ${name}: ${value}`)
  return value as Uint8Array | bigint
}
