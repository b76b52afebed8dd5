import { expect } from 'chai'
import fc from 'fast-check'
import { decodeTransaction, type Transaction, type TxType } from '../../../protocols/chain/transaction-fields.ts'
import {
  checkSignature,
  recoverSender,
  SenderError,
  type Signer,
  signingHash,
} from '../../../protocols/chain/transaction-sender.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { anyData, anyPrivateKey, chainId, itemOf, sign } from '../eth/make-transactions.ts'

const signers = {
  frontier: { chainId: undefined, lowS: false, highestType: 0 },
  homestead: { chainId: undefined, lowS: true, highestType: 0 },
  spuriousDragon: { chainId, lowS: true, highestType: 0 },
  berlin: { chainId, lowS: true, highestType: 1 },
  london: { chainId, lowS: true, highestType: 2 },
  cancun: { chainId, lowS: true, highestType: 3 },
  prague: { chainId, lowS: true, highestType: 4 },
} as const satisfies Record<string, Signer>

const order = 0xffffffff_ffffffff_ffffffff_fffffffe_baaedce6_af48a03b_bfd25e8c_d0364141n

describe('the sender of a transaction', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i + 1)
  const made = (type: TxType, isProtected = true) =>
    decodeTransaction(itemOf(sign(fc.sample(anyData(type), { numRuns: 1, seed: 7 })[0]!, key, isProtected)))
  const protectedTx = made(0)
  const plainTx = made(0, false)
  const refusal = (tx: Transaction, signer: Signer) => {
    try {
      checkSignature(tx, signer)
      return undefined
    } catch (error) {
      if (error instanceof SenderError) return error.message
      throw error
    }
  }
  const notValid = 'invalid transaction v, r, s values'
  const notSupported = 'transaction type not supported'
  const notHere = 'invalid chain id for signer'

  for (const [type, isProtected] of [
    [0, false],
    [0, true],
    [1, true],
    [2, true],
    [3, true],
    [4, true],
  ] as const)
    it(`of type ${type}${isProtected ? '' : ' without a chain id'} is whose key signed it`, () => {
      fc.assert(
        fc.property(anyData(type), anyPrivateKey, (data, privateKey) => {
          const theirs = sign(data, privateKey, isProtected)
          const ours = decodeTransaction(itemOf(theirs))
          expect(refusal(ours, signers.prague)).to.equal(undefined)
          expect(bytesToHex(signingHash(ours))).to.equal(bytesToHex(theirs.getHashedMessageToSign()))
          const expected = keccak256(publicKeyOf(privateKey)).subarray(12)
          expect(bytesToHex(recoverSender(ours))).to.equal(bytesToHex(expected))
        }),
        { numRuns: 20 },
      )
    })

  it('may be of a type that the fork knows', () => {
    const types = ([0, 1, 2, 3, 4] as const).map((type) => made(type))
    const refusals = (signer: Signer) => types.map((tx) => refusal(tx, signer))
    const known = (count: number) => types.map((_, type) => (type < count ? undefined : notSupported))
    expect(refusals(signers.spuriousDragon)).to.deep.equal(known(1))
    expect(refusals(signers.berlin)).to.deep.equal(known(2))
    expect(refusals(signers.london)).to.deep.equal(known(3))
    expect(refusals(signers.cancun)).to.deep.equal(known(4))
    expect(refusals(signers.prague)).to.deep.equal(known(5))
  })

  it('may leave the chain out of a legacy transaction in every fork', () => {
    for (const signer of Object.values(signers)) expect(refusal(plainTx, signer)).to.equal(undefined)
  })

  it('must name the chain of the signer', () => {
    for (const tx of [protectedTx, made(1), made(4)])
      expect(refusal(tx, { ...signers.prague, chainId: 1n })).to.equal(notHere)
    expect(refusal({ ...made(2), chainId: 0n }, signers.prague)).to.equal(notHere)
  })

  it('cannot name a chain before EIP-155', () => {
    expect(refusal(protectedTx, signers.homestead)).to.equal(notValid)
    expect(refusal(protectedTx, signers.frontier)).to.equal(notValid)
  })

  it('has a low s from Homestead on', () => {
    const high = { ...plainTx, s: order - plainTx.s, v: 55n - plainTx.v }
    expect(refusal(high, signers.frontier)).to.equal(undefined)
    expect(bytesToHex(recoverSender(high))).to.equal(bytesToHex(recoverSender(plainTx)))
    expect(refusal(high, signers.homestead)).to.equal(notValid)
    expect(refusal({ ...plainTx, s: order / 2n }, signers.homestead)).to.equal(undefined)
    expect(refusal({ ...plainTx, s: order / 2n + 1n }, signers.homestead)).to.equal(notValid)
  })

  it('has r and s between 0 and the order', () => {
    for (const name of ['r', 's'] as const)
      for (const value of [0n, order, 2n ** 256n - 1n])
        expect(refusal({ ...plainTx, [name]: value }, signers.frontier)).to.equal(notValid)
    expect(refusal({ ...plainTx, s: order - 1n, r: order - 1n }, signers.frontier)).to.equal(undefined)
  })

  it('has one of two parities', () => {
    for (const v of [0n, 1n, 26n, 29n, 34n]) expect(refusal({ ...plainTx, v }, signers.frontier)).to.equal(notValid)
    for (const v of [0n, 1n]) expect(refusal({ ...plainTx, v }, signers.prague)).to.equal(notValid)
    for (const v of [2n, 27n, 2n ** 255n]) expect(refusal({ ...made(2), v }, signers.prague)).to.equal(notValid)
    for (const v of [29n, 34n, 2n ** 64n, 2n ** 255n])
      expect(refusal({ ...plainTx, v }, signers.prague)).to.equal(notHere)
  })

  it('is refused when no point of the curve has r as its x', () => {
    expect(() => recoverSender({ ...plainTx, r: 5n })).to.throw(SenderError, 'invalid public key')
  })

  it('is found, or refused with a SenderError, for any signature', () => {
    const word = fc.oneof(fc.bigInt(0n, 2n ** 256n - 1n), fc.constantFrom(0n, 1n, order - 1n, order))
    fc.assert(
      fc.property(fc.constantFrom(protectedTx, plainTx, made(2)), word, word, fc.bigInt(0n, 40n), (tx, r, s, v) => {
        const signature = { ...tx, r, s, v }
        if (refusal(signature, signers.frontier) ?? refusal(signature, signers.prague)) return
        try {
          expect(recoverSender(signature)).to.have.length(20)
        } catch (error) {
          expect(error).to.be.instanceOf(SenderError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
