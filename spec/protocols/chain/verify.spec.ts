import { expect } from 'chai'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { encodeBody, encodeWithdrawal } from '../../../protocols/chain/block.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { InvalidBlock, verifyBody, verifyBodySteps } from '../../../protocols/chain/verify.ts'
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
  it('has no more uncles than two, before any is opened', () => {
    const body = encodeBody({ transactions: [], uncles: Array(3).fill(Uint8Array.of(0xc0)), withdrawals: [] })
    expect(() => verifyBody(header, body)).to.throw(InvalidBlock, 'uncles')
  })
  it('does not speak for one that is refused, however often it comes', () => {
    const broken = body.slice()
    broken[broken.length - 1]! ^= 1
    for (let i = 0; i < 2; i++) expect(() => verifyBody(header, broken)).to.throw(InvalidBlock)
  })
})
