import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { runTool } from '../suites/devp2p.ts'
import { argumentsOf, commandOf } from '../suites/eth.ts'
import { findDevp2p, findGeth, requireClient } from '../support/clients.ts'
import { type Ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth, type RpcRequest } from '../support/geth.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { eventually } from './own-ethtest-node.ts'

const tests = {
  snap: ['Status', 'AccountRange', 'GetByteCodes', 'GetTrieNodes', 'GetStorageRanges'],
  snap2: ['Status', 'GetBlockAccessLists', 'TrieNodesRemoved'],
}

describe('our node as a source of states', function () {
  this.timeout(180_000)
  let chain: Ethtest
  let node: OwnNode | undefined
  let geth: Geth | undefined
  before(async function () {
    requireClient(this, findGeth() ?? findDevp2p(), 'geth')
    chain = requireEthtest(this)
    node = await startOwnNode({ genesis: chain.genesis, chain: chain.chain, execute: true })
  })
  after(() => Promise.all([geth?.stop(), node?.stop()]))

  for (const suite of ['snap', 'snap2'] as const)
    it(`passes geth's own ${suite} suite, whole`, async function () {
      const path = requireClient(this, findDevp2p(), 'devp2p')
      // It asks a consensus client's endpoint for nothing.
      const args = argumentsOf(chain, node!.enode, 'http://127.0.0.1:1', randomBytes(32))
      const lines: string[] = []
      const print = (line: string) => void lines.push(line)
      const { results } = await runTool({ path, command: commandOf(suite), args, timeout: 30_000, print })
      expect(results, lines.join('\n')).to.deep.equal(tests[suite].map((name) => ({ name, isPassed: true })))
      expect(lines.filter((line) => line.includes('server returned empty'))).to.deep.equal([])
    })

  it('is all that a geth needs that syncs by snap: it takes the state of a pivot, and executes what is above it', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, networkId, newPayloads, update, head } = chain
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'snap'] })
    await geth.rpc('admin_addPeer', node!.enode)
    await eventually('they meet', async () => (await geth!.rpc<unknown[]>('admin_peers')).length > 0)
    const payloads: RpcRequest[] = JSON.parse(await readFile(newPayloads, 'utf8'))
    await geth.engine(payloads.at(-1)!)
    await geth.engine(update)
    const number = quantity(head.number)
    await eventually('the head', async () => (await geth!.rpc('eth_blockNumber')) === number, 120_000)
    const [account] = Object.keys(JSON.parse(await readFile(`${chain.folder}/accounts.json`, 'utf8')))
    const balanceAt = (block: bigint) => geth!.rpc<string>('eth_getBalance', account, quantity(block))
    expect(BigInt(await balanceAt(head.number)) > 0n).to.equal(true)
    // Had it executed from the genesis it would have the states of the last 128 blocks: it has none of before its pivot.
    const before = await balanceAt(head.number - 100n).catch(({ message }: Error) => message)
    expect(before).to.match(/state .* not available|missing trie node/)
  })
})
