import { Common, type CustomCrypto, Hardfork, Mainnet } from '@ethereumjs/common'
import { Capability, createTx, type TypedTransaction, type TypedTxData } from '@ethereumjs/tx'
import fc, { type Arbitrary } from 'fast-check'
import { fastCrypto } from '../../../actors/chain/fast-crypto.ts'
import { encodeRlp, type RlpItem, readItem } from '../../../protocols/lib/rlp.ts'

/** Of a chain whose id takes more than a uint32. */
export const chainId = 3_503_995_874_084_926n

/** The blobs of a blob transaction are never looked at here. */
const customCrypto = { ...fastCrypto, kzg: {} as NonNullable<CustomCrypto['kzg']> }

/** Rules under which @ethereumjs/tx makes and judges transactions. */
const rulesOf = (hardfork: Hardfork): Common =>
  new Common({ chain: { ...Mainnet, chainId: Number(chainId) }, hardfork, customCrypto })

const prague = rulesOf(Hardfork.Prague)
const frontier = rulesOf(Hardfork.Homestead)

/** @returns what @ethereumjs/tx makes of `data`, signed; a legacy one is for any chain unless `isProtected` */
export function sign(data: TypedTxData, privateKey: Uint8Array, isProtected = true): TypedTransaction {
  const common = isProtected ? prague : frontier
  const tx = createTx(data, { common, allowUnlimitedInitCodeSize: true }).sign(privateKey)
  if (isProtected !== (tx.type > 0 || tx.supports(Capability.EIP155ReplayProtection))) throw new Error('not as asked')
  return tx
}

/** @returns the item that a block's body has */
export function itemOf(tx: Pick<TypedTransaction, 'type' | 'serialize'>): RlpItem {
  const bytes = tx.serialize()
  return readItem(tx.type === 0 ? bytes : encodeRlp(bytes))
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const edges = (bits: bigint) => fc.constantFrom(0n, 1n, 0x7fn, 0x80n, 2n ** 32n, 2n ** 53n + 1n, 2n ** bits - 1n)
const uint = (bits: bigint) => fc.oneof(edges(bits), fc.bigInt(0n, 2n ** bits - 1n))
const hex = (array: Uint8Array) => `0x${Buffer.from(array).toString('hex')}` as const
const address = bytes(20)
const hashes = fc.array(bytes(32), { maxLength: 3 })
const accessList = fc.array(
  fc.record({ address: address.map(hex), storageKeys: hashes.map((keys) => keys.map(hex)) }),
  {
    maxLength: 3,
  },
)
const shortest = (value: bigint) => readItem(encodeRlp(value)).content
const scalar = fc.bigInt(1n, 2n ** 254n)
const authorization = fc
  .tuple(uint(256n), address, uint(64n), fc.constantFrom(0n, 1n), scalar, scalar)
  .map(([chainId, address, ...rest]) => [shortest(chainId), address, ...rest.map(shortest)])
const fees = fc.tuple(uint(120n), uint(120n)).map(([a, b]) => (a > b ? [a, b] : [b, a]))

/** What @ethereumjs/tx makes a transaction of this type from. */
export function anyData(type: number): Arbitrary<TypedTxData> {
  const to = type > 2 ? address : fc.option(address, { nil: undefined })
  return fc
    .record({
      nonce: fc.oneof(edges(32n), fc.bigInt(0n, 2n ** 64n - 2n)),
      gasLimit: uint(64n),
      to,
      value: uint(256n),
      data: fc.uint8Array({ maxLength: 80 }),
      fees,
      accessList,
      maxFeePerBlobGas: uint(120n),
      blobVersionedHashes: fc.array(bytes(31), { minLength: 1, maxLength: 3 }),
      authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
    })
    .map(({ fees: [maxFeePerGas, maxPriorityFeePerGas], ...all }) => {
      const { accessList, maxFeePerBlobGas, blobVersionedHashes, authorizationList, to, ...rest } = all
      return {
        ...rest,
        type,
        ...(to && { to }),
        ...(type > 0 && { chainId, accessList }),
        ...(type < 2 ? { gasPrice: maxFeePerGas } : { maxFeePerGas, maxPriorityFeePerGas }),
        ...(type === 3 && {
          maxFeePerBlobGas,
          blobVersionedHashes: blobVersionedHashes.map((rest) => hex(Uint8Array.of(1, ...rest))),
        }),
        ...(type === 4 && { authorizationList }),
      } as TypedTxData
    })
}

export const anyPrivateKey = fc
  .bigInt(1n, 2n ** 255n)
  .map((key) => Buffer.from(key.toString(16).padStart(64, '0'), 'hex'))
