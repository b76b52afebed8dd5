import { keccak256 } from '../lib/keccak.ts'
import { RlpError, type RlpItem, RlpReader, readItem, skipItem } from '../lib/rlp.ts'
import { txEnvelope, txType } from './transaction.ts'

// What a transaction in a block says (EIP-155, EIP-2930, EIP-1559, EIP-4844, EIP-7702; geth core/types/tx_*.go).

/** Legacy, access list, dynamic fee, blob, set code. */
export type TxType = 0 | 1 | 2 | 3 | 4

/** Hashes are 32 bytes and addresses 20, all views; amounts and fees in wei, gas in units. */
export type Transaction = TransactionFields & {
  readonly type: TxType
  readonly hash: Uint8Array
  /** RLP of all fields before the signature, without the list's prefix. */
  readonly unsigned: Uint8Array
}

export type TransactionFields = {
  /** Of every type but legacy: see {@link legacyChainId}. */
  readonly chainId?: bigint
  readonly nonce: bigint
  /** Of types 0 and 1; the later ones have the two fees below. */
  readonly gasPrice?: bigint
  readonly maxPriorityFeePerGas?: bigint
  readonly maxFeePerGas?: bigint
  readonly gas: bigint
  /** Undefined makes a contract. */
  readonly to: Uint8Array | undefined
  readonly value: bigint
  readonly data: Uint8Array
  readonly accessList?: readonly AccessTuple[]
  readonly maxFeePerBlobGas?: bigint
  readonly blobVersionedHashes?: readonly Uint8Array[]
  readonly authorizationList?: readonly Authorization[]
  /** The y parity, but in a legacy transaction 27 or 28, or 35 or 36 and twice the chain id. */
  readonly v: bigint
  readonly r: bigint
  readonly s: bigint
}

export type AccessTuple = { readonly address: Uint8Array; readonly storageKeys: readonly Uint8Array[] }

export type Authorization = {
  readonly chainId: bigint
  readonly address: Uint8Array
  readonly nonce: bigint
  readonly yParity: bigint
  readonly r: bigint
  readonly s: bigint
}

/**
 * Reads a transaction as a block's body has it.
 * @throws {RlpError} no transaction of a known type; a blob transaction that carries its blobs, as in the pool
 */
export function decodeTransaction(item: RlpItem): Transaction {
  const type = txType(item)
  const layout = layouts[type]
  if (layout === undefined || (type === 0 && !item.isList)) throw new RlpError('transaction type not supported')
  const content = item.isList ? item.content : payload(item.content)
  const fields = new RlpReader(content)
  const values: Record<string, unknown> = {}
  for (const [name, read] of layout) values[name] = named(name, () => read(fields))
  fields.end()
  return {
    type: type as TxType,
    hash: keccak256(txEnvelope(item)),
    unsigned: first(content, layout.length - signature.length),
    ...(values as TransactionFields),
  }
}

/**
 * @returns the chain that a legacy transaction is for (EIP-155), undefined for any; of a `v` that no signer makes what
 * geth makes of it, counting in uint64
 */
export function legacyChainId(v: bigint): bigint | undefined {
  if (v === 27n || v === 28n) return undefined
  return (v < 1n << 64n ? BigInt.asUintN(64, v - 35n) : v - 35n) / 2n || undefined
}

type Read = (fields: RlpReader) => unknown
type Field = readonly [name: keyof TransactionFields, read: Read]

const uint64: Read = (fields) => fields.uint(8)
const uint256: Read = (fields) => fields.uint(32)
const anyBytes: Read = (fields) => fields.bytes()
const address: Read = (fields) => fields.bytes(20)
const hashes = (fields: RlpReader) => Array.from(fields.list().rest(), (item) => fixed(item, 32))

function recipient(fields: RlpReader): Uint8Array | undefined {
  const bytes = fields.bytes()
  if (bytes.length !== 0 && bytes.length !== 20) throw new RlpError(`expected 20 bytes or none, got ${bytes.length}`)
  return bytes.length === 0 ? undefined : bytes
}

const accessList = (fields: RlpReader): AccessTuple[] =>
  Array.from(fields.list().rest(), (item) =>
    each(item, (tuple) => ({ address: tuple.bytes(20), storageKeys: hashes(tuple) })),
  )

const authorizationList = (fields: RlpReader): Authorization[] =>
  Array.from(fields.list().rest(), (item) =>
    each(item, (tuple) => ({
      chainId: tuple.uint(32),
      address: tuple.bytes(20),
      nonce: tuple.uint(8),
      yParity: tuple.uint(1),
      r: tuple.uint(32),
      s: tuple.uint(32),
    })),
  )

const chainId: Field = ['chainId', uint256]
const nonce: Field = ['nonce', uint64]
const gasPrice: Field = ['gasPrice', uint256]
const fees: readonly Field[] = [
  ['maxPriorityFeePerGas', uint256],
  ['maxFeePerGas', uint256],
]
const gas: Field = ['gas', uint64]
const mayCreate: readonly Field[] = [
  ['to', recipient],
  ['value', uint256],
  ['data', anyBytes],
]
const mayNotCreate: readonly Field[] = [['to', address], ...mayCreate.slice(1)]
const access: Field = ['accessList', accessList]
const signature: readonly Field[] = [
  ['v', uint256],
  ['r', uint256],
  ['s', uint256],
]

/** In the order of the wire. An integer wider than uint256, which geth's big.Int admits in the first three, is refused. */
const layouts: Readonly<Record<number, readonly Field[]>> = {
  0: [nonce, gasPrice, gas, ...mayCreate, ...signature],
  1: [chainId, nonce, gasPrice, gas, ...mayCreate, access, ...signature],
  2: [chainId, nonce, ...fees, gas, ...mayCreate, access, ...signature],
  3: [
    ...[chainId, nonce, ...fees, gas, ...mayNotCreate, access],
    ['maxFeePerBlobGas', uint256],
    ['blobVersionedHashes', hashes],
    ...signature,
  ],
  4: [
    ...[chainId, nonce, ...fees, gas, ...mayNotCreate, access],
    ['authorizationList', authorizationList],
    ...signature,
  ],
}

/** @returns the content of the one list that follows the type */
function payload(envelope: Uint8Array): Uint8Array {
  const list = readItem(envelope, 1)
  if (!list.isList) throw new RlpError('expected a list, got a string')
  if (1 + list.raw.length !== envelope.length) throw new RlpError('bytes after the transaction')
  return list.content
}

/** @returns the first `count` items */
function first(content: Uint8Array, count: number): Uint8Array {
  let end = 0
  for (let i = 0; i < count; i++) end = skipItem(content, end)
  return content.subarray(0, end)
}

function each<T>(item: RlpItem, read: (fields: RlpReader) => T): T {
  if (!item.isList) throw new RlpError('expected a list, got a string')
  const fields = new RlpReader(item.content)
  const value = read(fields)
  fields.end()
  return value
}

function fixed({ isList, content }: RlpItem, length: number): Uint8Array {
  if (isList) throw new RlpError('expected a string, got a list')
  if (content.length !== length) throw new RlpError(`expected ${length} bytes, got ${content.length}`)
  return content
}

function named<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RlpError) throw new RlpError(`${name}: ${cause.message}`, { cause })
    throw cause
  }
}
