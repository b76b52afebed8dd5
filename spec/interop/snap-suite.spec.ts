import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { runTool, type ToolRun } from '../suites/devp2p.ts'
import { argumentsOf, type ChainSuite, commandOf } from '../suites/eth.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { type Ethtest, requireEthtest } from '../support/ethtest.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'

const names = {
  snap: ['Status', 'AccountRange', 'GetByteCodes', 'GetTrieNodes', 'GetStorageRanges'],
  snap2: ['Status', 'GetBlockAccessLists', 'TrieNodesRemoved'],
}

describe("geth's own snap suites, run against our node", function () {
  this.timeout(120_000)
  let devp2p: string
  let chain: Ethtest
  let node: OwnNode | undefined
  before(async function () {
    devp2p = requireClient(this, findDevp2p(), 'devp2p')
    chain = requireEthtest(this)
    node = await startOwnNode({ genesis: chain.genesis, chain: chain.chain, execute: true })
  })
  after(() => node?.stop())

  /** They ask a consensus client's endpoint for nothing. */
  const run = (suite: ChainSuite, lines: string[]): Promise<ToolRun> => {
    const args = argumentsOf(chain, node!.enode, 'http://127.0.0.1:1', randomBytes(32))
    return runTool({
      path: devp2p,
      command: commandOf(suite),
      args,
      timeout: 30_000,
      print: (line) => lines.push(line),
    })
  }
  for (const suite of ['snap', 'snap2'] as const)
    it(`passes ${suite} whole`, async () => {
      const lines: string[] = []
      const { results } = await run(suite, lines)
      expect(results, lines.join('\n')).to.deep.equal(names[suite].map((name) => ({ name, isPassed: true })))
      expect(lines.filter((line) => line.includes('server returned empty'))).to.deep.equal([])
    })
})
