import { secp256k1 } from '@noble/curves/secp256k1.js'
import { expect } from 'chai'
import { nativeSecp256k1 } from '../../../actors/runtime/native-secp256k1.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import {
  ecdhPoint,
  ecdhX,
  isPrivateKey,
  isPublicKey,
  publicKeyOf,
  recoverPublicKey,
  Secp256k1Error,
  signRecoverable,
  useNative,
  verifySignature,
} from '../../../protocols/lib/secp256k1.ts'

const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141' // SEC 2, 2.4.1
const field = 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f'
const generator =
  '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'
const one = hexToBytes('01'.padStart(64, '0'))
const key = hexToBytes('b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291')
const hash = hexToBytes('11'.repeat(32))

/** The point with x = 1, and the same x written as p + 1. */
const pointAtOne = secp256k1.Point.fromHex(`02${'01'.padStart(64, '0')}`)
  .toBytes(false)
  .subarray(1)
const badPublicKeys: [string, Uint8Array][] = [
  ['all zero', new Uint8Array(64)],
  ['off the curve', concatBytes(one, one)],
  ['one bit off the curve', flipped(hexToBytes(generator), 63)],
  ['with x = p', concatBytes(hexToBytes(field), pointAtOne.subarray(32))],
  ['with x = p + 1', concatBytes(hexToBytes(field.replace(/2f$/, '30')), pointAtOne.subarray(32))],
  ['with y ≥ p', concatBytes(one, new Uint8Array(32).fill(0xff))],
  ['all ones', new Uint8Array(64).fill(0xff)],
  ['of 63 bytes', hexToBytes(generator).subarray(1)],
  ['of 65 bytes with a prefix', concatBytes(Uint8Array.of(4), hexToBytes(generator))],
  ['of 33 bytes, compressed', concatBytes(Uint8Array.of(2), hexToBytes(generator).subarray(0, 32))],
  ['empty', new Uint8Array(0)],
]
const badPrivateKeys: [string, Uint8Array][] = [
  ['zero', new Uint8Array(32)],
  ['the group order', hexToBytes(order)],
  ['above the group order', new Uint8Array(32).fill(0xff)],
  ['31 bytes', new Uint8Array(31).fill(1)],
  ['33 bytes', new Uint8Array(33).fill(1)],
]

for (const [how, implementation] of [
  ['as machine code', nativeSecp256k1],
  ['as WebAssembly', undefined],
] as const)
  describe(`secp256k1 ${how}`, () => {
    before(function () {
      if (how === 'as machine code' && !implementation) return this.skip() // there is none for this platform
      useNative(implementation)
    })
    after(() => useNative(nativeSecp256k1))
    behavesAsOne()
  })

describe('secp256k1 as machine code and as WebAssembly', () => {
  const both = <Result>(step: () => Result): [Result, Result] => {
    const first = step()
    useNative(undefined)
    const second = step()
    useNative(nativeSecp256k1)
    return [first, second]
  }
  it('signs alike', () => {
    for (let i = 1; i <= 20; i++) {
      const [native, wasm] = both(() => signRecoverable(new Uint8Array(32).fill(i), key))
      expect(native).to.deep.equal(wasm)
    }
  })
  it('recovers alike, whatever the signature', () => {
    const outcome = (signature: Uint8Array) => {
      try {
        return bytesToHex(recoverPublicKey(hash, signature))
      } catch (error) {
        if (error instanceof Secp256k1Error) return error.message
        throw error
      }
    }
    for (const r of ['01', '02', '05', '79be667e', 'ff'.repeat(32), order])
      for (const s of ['01', 'ff'.repeat(32), order.replace(/1$/, '0')])
        for (const v of [0, 1, 2, 3]) {
          const [native, wasm] = both(() => outcome(signatureWith({ r, s, v })))
          expect(native, `${r} ${s} ${v}`).to.equal(wasm)
        }
  })
  it('verifies alike, whatever the signature and the key', () => {
    const publicKey = publicKeyOf(key)
    const made = signatureWith({}).subarray(0, 64)
    const highS = concatBytes(made.subarray(0, 32), wordOf(BigInt(`0x${order}`) - wordAt(made, 32)))
    const signatures = [
      made,
      highS,
      flipped(made.slice(), 5),
      made.subarray(1),
      new Uint8Array(64),
      new Uint8Array(64).fill(0xff),
    ]
    for (const signature of signatures)
      for (const candidate of [publicKey, ...badPublicKeys.map(([, bad]) => bad)]) {
        const [native, wasm] = both(() => verifySignature(hash, signature, candidate))
        expect(native).to.equal(wasm)
        expect(native).to.equal(signature === made && candidate === publicKey)
      }
  })
  it('agrees alike on a point', () => {
    for (let i = 1; i <= 5; i++) {
      const [native, wasm] = both(() => ecdhPoint(publicKeyOf(new Uint8Array(32).fill(i)), key))
      expect(native).to.deep.equal(wasm)
    }
  })
})

function behavesAsOne(): void {
  it('gives the generator for the private key 1', () => expect(bytesToHex(publicKeyOf(one))).to.equal(generator))

  it('agrees with @noble/curves on public keys and shared secrets', () => {
    for (let i = 1; i <= 10; i++) {
      const other = new Uint8Array(32).fill(i)
      const publicKey = publicKeyOf(other)
      expect(publicKey).to.deep.equal(secp256k1.getPublicKey(other, false).subarray(1))
      const shared = secp256k1.getSharedSecret(key, concatBytes(Uint8Array.of(4), publicKey), true).subarray(1)
      expect(ecdhX(publicKey, key)).to.deep.equal(shared)
    }
  })

  it('recovers the key that signed', () => {
    for (let i = 1; i <= 10; i++) {
      const message = new Uint8Array(32).fill(i)
      expect(recoverPublicKey(message, signRecoverable(message, key))).to.deep.equal(publicKeyOf(key))
    }
  })

  for (const [what, publicKey] of badPublicKeys)
    it(`refuses a public key ${what}`, () => {
      expect(isPublicKey(publicKey)).to.equal(false)
      expect(() => ecdhX(publicKey, key)).to.throw(Secp256k1Error, 'bad public key')
    })

  for (const [what, privateKey] of badPrivateKeys)
    it(`refuses ${what} as a private key`, () => {
      expect(isPrivateKey(privateKey)).to.equal(false)
      expect(() => publicKeyOf(privateKey)).to.throw(Secp256k1Error, 'bad private key')
      expect(() => ecdhX(hexToBytes(generator), privateKey)).to.throw(Secp256k1Error, 'bad private key')
      expect(() => signRecoverable(hash, privateKey)).to.throw(Secp256k1Error, 'bad private key')
    })

  for (const [what, signature] of [
    ['r = 0', signatureWith({ r: '00' })],
    ['s = 0', signatureWith({ s: '00' })],
    ['r = the group order', signatureWith({ r: order })],
    ['s = the group order', signatureWith({ s: order })],
    ['r that is no x-coordinate', signatureWith({ r: '05' })],
    ['r ≥ p − n with recovery id 2', signatureWith({ v: 2 })],
    ['recovery id 4', signatureWith({ v: 4 })],
    ['recovery id 27', signatureWith({ v: 27 })],
    ['64 bytes', signatureWith({}).subarray(0, 64)],
    ['66 bytes', concatBytes(signatureWith({}), Uint8Array.of(0))],
  ] as const)
    it(`refuses to recover from a signature with ${what}`, () =>
      expect(() => recoverPublicKey(hash, signature)).to.throw(Secp256k1Error, 'bad signature'))

  it('refuses a hash that is not 32 bytes', () => {
    expect(() => signRecoverable(new Uint8Array(31), key)).to.throw(Secp256k1Error, 'bad hash')
    expect(() => recoverPublicKey(new Uint8Array(33), signatureWith({}))).to.throw(Secp256k1Error, 'bad hash')
  })

  it('goes on working after all that', () =>
    expect(ecdhX(publicKeyOf(one), key)).to.deep.equal(publicKeyOf(key).subarray(0, 32)))
}

function signatureWith({ r, s, v }: { r?: string; s?: string; v?: number }): Uint8Array {
  const signature = signRecoverable(hash, key)
  if (r) signature.set(hexToBytes(r.padStart(64, '0')), 0)
  if (s) signature.set(hexToBytes(s.padStart(64, '0')), 32)
  if (v !== undefined) signature[64] = v
  return signature
}

const wordAt = (bytes: Uint8Array, at: number) => BigInt(`0x${bytesToHex(bytes.subarray(at, at + 32))}`)
const wordOf = (value: bigint) => hexToBytes(value.toString(16).padStart(64, '0'))

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  bytes[at]! ^= 1
  return bytes
}
