import { expect } from 'chai'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { itSurvives } from './it-survives.ts'

describe('our node, attacked while everything it does is watched and logged', () => {
  let node: OwnNode
  before(async function () {
    this.timeout(30_000)
    node = await startOwnNode({ isWatched: true })
  })
  after(() => node?.stop())

  itSurvives(() => node)

  it('writes its key to no log', () => {
    expect(node.output()).to.not.be.empty
    expect(node.output()).to.not.contain(bytesToHex(node.nodeKey))
  })
})
