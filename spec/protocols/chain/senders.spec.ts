import { expect } from 'chai'
import fc from 'fast-check'
import { Senders } from '../../../protocols/chain/senders.ts'
import { decodeTransaction, type Transaction } from '../../../protocols/chain/transaction-fields.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { everyFork, genesisOf, makeBlocks } from '../../actors/chain/make-chain.ts'
import { anyData, chainId, itemOf, sign } from '../eth/make-transactions.ts'

describe('the senders of a chain', () => {
  const config = { ...everyFork, chainId }
  const genesis = genesisOf(config)
  const headers = makeBlocks(genesis, genesis.header, 20).map(({ header }) => header)
  const key = new Uint8Array(32).fill(1)
  const address = keccak256(publicKeyOf(key)).subarray(12)
  const tx = decodeTransaction(itemOf(sign(fc.sample(anyData(4), { numRuns: 1, seed: 1 })[0]!, key)))
  const absent = new Uint8Array(20)

  it('are judged by the fork of the block, also when they are remembered', () => {
    const senders = new Senders(config)
    const [cancun, prague] = [headers[17]!, headers[18]!]
    expect(senders.of(tx, cancun)).to.deep.equal(absent)
    expect(senders.of(tx, prague)).to.deep.equal(address)
    expect(senders.of(tx, cancun)).to.deep.equal(absent)
  })

  it('are those of each fork', () => {
    const senders = new Senders(config)
    const firstBlockOf = (type: number, isProtected: boolean) => {
      const data = fc.sample(anyData(type), { numRuns: 1, seed: 2 })[0]!
      const made = decodeTransaction(itemOf(sign(data, key, isProtected)))
      return headers.find((header) => senders.of(made, header).some((byte) => byte > 0))?.number
    }
    expect([firstBlockOf(0, false), firstBlockOf(0, true)]).to.deep.equal([1n, 4n])
    expect([1, 2, 3, 4].map((type) => firstBlockOf(type, true))).to.deep.equal([11n, 12n, 18n, 19n])
  })

  it('are recovered once', () => {
    const senders = new Senders(config)
    let recoveries = 0
    const counted: Transaction = {
      ...tx,
      get unsigned() {
        recoveries++
        return tx.unsigned
      },
    }
    for (let i = 0; i < 3; i++) expect(senders.of(counted, headers[18]!)).to.deep.equal(address)
    expect(recoveries).to.equal(1)
  })
})
