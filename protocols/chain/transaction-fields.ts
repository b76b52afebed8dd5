import { keccak256, keccak256Steps } from '../lib/keccak.ts'
import { RlpError, type RlpItem, RlpReader, readItem, skipItem } from '../lib/rlp.ts'
import { bytesOf, type Check, checkSteps, fieldsOf, listOf, string, uint } from '../lib/rlp-checks.ts'
import { blobTxType, txEnvelope, txType } from './transaction.ts'

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
  return { ...readTransaction(item), hash: keccak256(txEnvelope(item)) }
}

/** As {@link decodeTransaction}, without its hash: that takes longer than all the rest where it is long. */
export function readTransaction(item: RlpItem): Omit<Transaction, 'hash'> {
  const { type, layout, list } = open(item)
  const fields = new RlpReader(list.content)
  const values: Record<string, unknown> = {}
  for (const [name, { read }] of layout) values[name] = named(name, () => read(fields))
  fields.end()
  return {
    type,
    unsigned: first(list.content, layout.length - signature.length),
    ...(values as TransactionFields),
  }
}

/**
 * Looks at a transaction as geth does at one that a peer sends: what types 0 to 2 pay and transfer may be of any width
 * there, for the pool to refuse; signature and chain id may not (core/types `validateDecoded`). Step by step: its access list
 * may be all of a message.
 * @throws {RlpError} as {@link decodeTransaction}
 */
export function* checkTransaction(item: RlpItem): Generator<void, void> {
  const { type, list } = open(item)
  yield* checkSteps(peersChecks[type]!, list.raw, 0)
}

/** @returns the 32-byte hash of one that {@link checkTransaction} lets pass @throws {RlpError} as there */
export function* hashTransaction(item: RlpItem): Generator<void, Uint8Array> {
  yield* checkTransaction(item)
  return yield* keccak256Steps(txEnvelope(item))
}

/**
 * Looks at a transaction of a block: what {@link readTransaction} reads, step by step.
 * @returns how many blobs it has @throws {RlpError} as there
 */
export function* checkBlockTransaction(item: RlpItem): Generator<void, number> {
  const { type, layout, list } = open(item)
  yield* checkSteps(blocksChecks[type]!, list.raw, 0)
  if (type !== blobTxType) return 0
  const fields = new RlpReader(list.content)
  for (let at = layout.findIndex(([name]) => name === 'blobVersionedHashes'); at > 0; at--) fields.item()
  return fields.item().content.length / encodedHashBytes
}

function open(item: RlpItem) {
  const type = txType(item)
  const layout = layouts[type]
  if (layout === undefined || (type === 0 && !item.isList)) throw new RlpError('transaction type not supported')
  return { type: type as TxType, layout, list: item.isList ? item : payload(item.content) }
}

/**
 * @returns the chain that a legacy transaction is for (EIP-155), undefined for any; of a `v` that no signer makes what
 * geth makes of it, counting in uint64
 */
export function legacyChainId(v: bigint): bigint | undefined {
  if (v === 27n || v === 28n) return undefined
  return (v < 1n << 64n ? BigInt.asUintN(64, v - 35n) : v - 35n) / 2n || undefined
}

/** How a field is read, and how it is looked at without being read. */
type Kind = { readonly read: (fields: RlpReader) => unknown; readonly check: Check }
type Field = readonly [name: keyof TransactionFields, kind: Kind]

const uint64: Kind = { read: (fields) => fields.uint(8), check: uint(8) }
const uint256: Kind = { read: (fields) => fields.uint(32), check: uint(32) }
/** geth's big.Int: of a peer's transaction any width, of a block's what a uint256 holds, since no other can be paid. */
const amount: Kind = { read: uint256.read, check: uint(Number.POSITIVE_INFINITY) }
const anyBytes: Kind = { read: (fields) => fields.bytes(), check: string() }
const address: Kind = { read: (fields) => fields.bytes(20), check: bytesOf(20) }
const recipient: Kind = { read: readRecipient, check: string((length) => length === 0 || length === 20) }
const hashes: Kind = { read: readHashes, check: listOf(bytesOf(32)) }
const accessList: Kind = {
  read: (fields) =>
    Array.from(fields.list().rest(), (item) =>
      each(item, (tuple): AccessTuple => ({ address: tuple.bytes(20), storageKeys: readHashes(tuple) })),
    ),
  check: listOf(fieldsOf([bytesOf(20), listOf(bytesOf(32))])),
}
const authorizationList: Kind = {
  read: (fields) =>
    Array.from(fields.list().rest(), (item) =>
      each(
        item,
        (tuple): Authorization => ({
          chainId: tuple.uint(32),
          address: tuple.bytes(20),
          nonce: tuple.uint(8),
          yParity: tuple.uint(1),
          r: tuple.uint(32),
          s: tuple.uint(32),
        }),
      ),
    ),
  check: listOf(fieldsOf([uint(32), bytesOf(20), uint(8), uint(1), uint(32), uint(32)])),
}

const chainId: Field = ['chainId', uint256]
const nonce: Field = ['nonce', uint64]
const gasPrice: Field = ['gasPrice', amount]
const gas: Field = ['gas', uint64]
const data: Field = ['data', anyBytes]
const fees = (kind: Kind): readonly Field[] => [
  ['maxPriorityFeePerGas', kind],
  ['maxFeePerGas', kind],
]
const mayCreate: readonly Field[] = [['to', recipient], ['value', amount], data]
const mayNotCreate: readonly Field[] = [['to', address], ['value', uint256], data]
const access: Field = ['accessList', accessList]
const signature: readonly Field[] = [
  ['v', uint256],
  ['r', uint256],
  ['s', uint256],
]

/** With its prefix. */
const encodedHashBytes = 33

/** In the order of the wire. */
const layouts: Readonly<Record<number, readonly Field[]>> = {
  0: [nonce, gasPrice, gas, ...mayCreate, ...signature],
  1: [chainId, nonce, gasPrice, gas, ...mayCreate, access, ...signature],
  2: [chainId, nonce, ...fees(amount), gas, ...mayCreate, access, ...signature],
  3: [
    ...[chainId, nonce, ...fees(uint256), gas, ...mayNotCreate, access],
    ['maxFeePerBlobGas', uint256],
    ['blobVersionedHashes', hashes],
    ...signature,
  ],
  4: [
    ...[chainId, nonce, ...fees(uint256), gas, ...mayNotCreate, access],
    ['authorizationList', authorizationList],
    ...signature,
  ],
}

/** Of the whole list of fields, by type: of a peer's transaction, and of a block's. */
const peersChecks = checksOf(({ check }) => check)
const blocksChecks = checksOf((kind) => (kind === amount ? uint256 : kind).check)

function checksOf(checkOf: (kind: Kind) => Check): Readonly<Record<number, Check>> {
  const each = ([name, kind]: Field) => namedCheck(name, checkOf(kind))
  return Object.fromEntries(Object.entries(layouts).map(([type, layout]) => [type, fieldsOf(layout.map(each))]))
}

function namedCheck(name: string, check: Check): Check {
  const all: Check = (bytes, at) => named(name, () => check(bytes, at))
  if (!check.steps) return all
  const steps: Check['steps'] = function* (bytes, at) {
    try {
      return yield* checkSteps(check, bytes, at)
    } catch (cause) {
      throw inField(name, cause)
    }
  }
  return Object.assign(all, { steps })
}

function readRecipient(fields: RlpReader): Uint8Array | undefined {
  const bytes = fields.bytes()
  if (bytes.length !== 0 && bytes.length !== 20) throw new RlpError(`expected 20 bytes or none, got ${bytes.length}`)
  return bytes.length === 0 ? undefined : bytes
}

function readHashes(fields: RlpReader): Uint8Array[] {
  return Array.from(fields.list().rest(), (item) => fixed(item, 32))
}

/** @returns the one list that follows the type */
function payload(envelope: Uint8Array): RlpItem {
  const list = readItem(envelope, 1)
  if (!list.isList) throw new RlpError('expected a list, got a string')
  if (1 + list.raw.length !== envelope.length) throw new RlpError('bytes after the transaction')
  return list
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
    throw inField(name, cause)
  }
}

function inField(name: string, cause: unknown): unknown {
  return cause instanceof RlpError ? new RlpError(`${name}: ${cause.message}`, { cause }) : cause
}
