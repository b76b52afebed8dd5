import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { fetchReceipts } from '../../actors/probe/fetch.ts'
import { data, quantity } from '../../actors/rpc/json/hex.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import type { Receipt69 } from '../../protocols/chain/receipt.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { ethtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe('what peerchart fetches from geth', () => {
  let geth: Geth
  before(async function () {
    geth = await ethtestGeth(this)
  })
  async function json<Result>(command: string, ...args: string[]): Promise<Result> {
    const io = new ScriptedIo()
    const exit = await runCli([command, geth.enode, ...args, '--json'], io)
    expect({ exit, err: io.err }).to.deep.equal({ exit: 0, err: '' })
    return JSON.parse(io.out)
  }

  it('are the headers that its RPC reports', async () => {
    const headers = await json<{ hash: string }[]>('headers', `${ethtest.head.number - 10n}`, '--amount', '11')
    expect(headers).to.have.length(11)
    for (const header of headers)
      expect(await geth.rpc('eth_getBlockByHash', header.hash, false)).to.deep.include(header)
  })
  it('are the bodies that its RPC reports', async () => {
    const [one, two] = await json<{ hash: string }[]>('bodies', '54', 'head')
    expect(await geth.rpc('eth_getBlockByNumber', '0x36', false)).to.deep.include(one)
    expect(await geth.rpc('eth_getBlockByNumber', quantity(ethtest.head.number), false)).to.deep.include(two)
  })
  it('are the receipts that its RPC reports, however many answers they take', async () => {
    const large = ethtest.largeReceipts
    const numbers = [1, large, large + 2].map(String)
    const blocks = await json<{ blockHash: string; receipts: { logs: unknown[] }[] }[]>('receipts', ...numbers)
    for (const { blockHash, receipts } of blocks) {
      const theirs = await geth.rpc<Record<string, unknown>[]>('eth_getBlockReceipts', blockHash)
      expect(receipts.length).to.equal(theirs.length)
      for (const [i, { logs, ...receipt }] of receipts.entries()) {
        expect(theirs[i]).to.deep.include(receipt)
        for (const [j, log] of logs.entries()) expect((theirs[i]!.logs as unknown[])[j]).to.deep.include(log as object)
      }
    }
    const digits = JSON.stringify(blocks[1]!.receipts).length
    expect(digits / 2).to.be.above(10 << 20) // more than a message may have
  })
  it('are the receipts of every block, also where they count other gas than the block used', async () => {
    await using peer = dial(geth.enode)
    await peer.until('running')
    let others = 0
    for (let number = 1n; number <= ethtest.head.number; number++) {
      const { header, receipts } = await fetchReceipts(peer, number)
      if (header.gasUsed !== (receipts.at(-1)?.cumulativeGasUsed ?? 0n)) others++
    }
    expect(others > 0).to.equal(ethtest.forks.some(({ name }) => name === 'Amsterdam'))
  })
  for (const version of [69, 70, 71, 72] as const)
    it(`are the receipts that its RPC reports, to a script at eth/${version}`, async () => {
      await using peer = dial(geth.enode, { caps: [`eth/${version}`] })
      await peer.until('running')
      const { headers } = await peer.request('GetBlockHeaders', { origin: 1, amount: 10 })
      const hashes = Array.from(headers, ({ hash }) => hash)
      const { receipts } = await peer.request('GetReceipts', { hashes })
      expect(receipts.count).to.equal(10)
      const theirs = await Promise.all(
        hashes.map((hash) => geth.rpc<GethReceipt[]>('eth_getBlockReceipts', data(hash))),
      )
      const reported = theirs.flatMap((block) =>
        block.map(({ logs, ...receipt }) => ({ ...receipt, logs: logs.map(ofLog) })),
      )
      const got = Array.from(receipts, (block) => Array.from(block, asJson)).flat()
      expect(got.some(({ logs }) => logs.length > 0)).to.equal(true)
      expect(got).to.have.length(reported.length)
      for (const [i, receipt] of got.entries()) expect(reported[i]).to.deep.include(receipt)
    })
})

type GethReceipt = { logs: { address: string; topics: string[]; data: string }[] }

const ofLog = ({ address, topics, data }: GethReceipt['logs'][number]) => ({ address, topics, data })

const asJson = ({ type, status, cumulativeGasUsed, logs }: Receipt69) => ({
  type: quantity(type),
  status: quantity(status!),
  cumulativeGasUsed: quantity(cumulativeGasUsed),
  logs: Array.from(logs, ({ address, topics, data: bytes }) => ({
    address: data(address),
    topics: topics.map(data),
    data: data(bytes),
  })),
})
