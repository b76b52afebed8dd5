import { expect } from 'chai'
import type { NewBlock } from '../../../actors/chain/chain.ts'
import { InvalidBlock, verifyBody } from '../../../actors/chain/verify.ts'
import { decodeHeader } from '../../../protocols/eth/header.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

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
  it('does not speak for one that is refused, however often it comes', () => {
    const broken = body.slice()
    broken[broken.length - 1]! ^= 1
    for (let i = 0; i < 2; i++) expect(() => verifyBody(header, broken)).to.throw(InvalidBlock)
  })
})
