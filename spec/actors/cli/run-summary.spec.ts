import { expect } from 'chai'
import { Tally } from '../../../actors/cli/run-summary.ts'
import { DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { StandInNode } from './stand-in-node.ts'

describe('the summary of a run', () => {
  const lost = (reason: DiscReason): number => {
    const node = new StandInNode()
    const tally = new Tally([node.asNode])
    node.meet('peer/1', 'ann')
    node.lose('ann', new DiscError(reason).message)
    tally.close()
    return tally.errors
  }

  it('counts a lost peer', () => expect(lost(DiscReason.NetworkError)).to.equal(1))

  it('counts no peer whose dial crossed ours: they dial each other again', () =>
    expect(lost(DiscReason.AlreadyConnected)).to.equal(0))

  it('counts nothing that comes after it is closed', () => {
    const node = new StandInNode()
    const tally = new Tally([node.asNode])
    node.meet('peer/1', 'ann')
    tally.close()
    node.lose('ann', new DiscError(DiscReason.Quitting).message)
    expect(tally.errors).to.equal(0)
  })
})
