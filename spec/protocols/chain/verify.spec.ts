import { expect } from 'chai'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { encodeBody, encodeWithdrawal } from '../../../protocols/chain/block.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { InvalidBlock, verifyBody, verifyBodySteps } from '../../../protocols/chain/verify.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../../actors/chain/make-chain.ts'

describe('a body that was verified', () => {
  const genesis = genesisOf(allAtOnce)
  const [block, other] = makeBlocks(genesis, genesis.header, 2) as [NewBlock, NewBlock]
  const { header, body } = block

  it('is its header’s whenever it is asked', () => {
    for (let i = 0; i < 3; i++) verifyBody(header, body)
    verifyBody(decodeHeader(header.raw), body)
    verifyBody(header, body.slice())
  })
  it('is no other header’s for that', () => {
    verifyBody(header, body)
    for (let i = 0; i < 2; i++) expect(() => verifyBody(other.header, body)).to.throw(InvalidBlock, 'transaction root')
    verifyBody(header, body)
  })
  it('is looked at a few transactions at a time', () => {
    const transactions = Array.from({ length: 20_000 }, (_, i) =>
      encodeRlp([i, 1, 21_000, new Uint8Array(20), 1, '', 27, 1, 1]),
    )
    const withdrawals = Array.from({ length: 20_000 }, (_, i) =>
      encodeWithdrawal({ index: BigInt(i), validatorIndex: 1n, address: new Uint8Array(20), amount: 1n }),
    )
    const change = () => ({ txRoot: listRoot(transactions), withdrawalsRoot: listRoot(withdrawals) })
    const [{ header }] = makeBlocks(genesis, genesis.header, 1, { change }) as [NewBlock]
    const body = encodeBody({ transactions, uncles: [], withdrawals })
    // Twice the nodes of a trie by 256, and each item by 128.
    expect([...verifyBodySteps(header, body)].length).to.be.above(2 * (20_000 / 256 + 20_000 / 128))
    expect([...verifyBodySteps(header, body)]).to.deep.equal([])
  })
  it('is looked at 64 KiB of a transaction at a time, one tuple of whose access list may be all of it', () => {
    const address = new Uint8Array(20)
    const keys = Array<Uint8Array>(10_000).fill(new Uint8Array(32))
    const tuples = Array<[Uint8Array, []]>(15_000).fill([address, []])
    const steps = [[[address, keys]], tuples].map((accessList) => {
      const fields = encodeRlp([1, 1, 1, 21_000, address, 1, '', accessList, 0, 1, 1])
      const transaction = concatBytes(Uint8Array.of(1), fields)
      const change = () => ({ txRoot: listRoot([transaction]) })
      const [{ header }] = makeBlocks(genesis, genesis.header, 1, { change }) as [NewBlock]
      const body = encodeBody({ transactions: [encodeRlp(transaction)], uncles: [], withdrawals: [] })
      return [...verifyBodySteps(header, body)].length
    })
    // Once for its hash, and once for its fields.
    for (const count of steps) expect(count).to.be.at.least(2 * (330_000 / 65_536 - 1))
  })
  it('has no more uncles than two, before any is opened', () => {
    const body = encodeBody({
      transactions: [],
      uncles: Array(3).fill(encodeRlp(new Uint8Array(500))),
      withdrawals: [],
    })
    expect(() => verifyBody(header, body)).to.throw(InvalidBlock, 'uncles')
  })
  it('does not speak for one that is refused, however often it comes', () => {
    const broken = body.slice()
    broken[broken.length - 1]! ^= 1
    for (let i = 0; i < 2; i++) expect(() => verifyBody(header, broken)).to.throw(InvalidBlock)
  })
})
