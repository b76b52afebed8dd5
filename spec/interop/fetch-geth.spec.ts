import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import type { Geth } from '../harness/geth.ts'
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

  it('are the headers that its RPC tells', async () => {
    const headers = await json<{ hash: string }[]>('headers', '590', '--amount', '11')
    expect(headers).to.have.length(11)
    for (const header of headers)
      expect(await geth.rpc('eth_getBlockByHash', header.hash, false)).to.deep.include(header)
  })
  it('are the bodies that its RPC tells', async () => {
    const [one, two] = await json<{ hash: string }[]>('bodies', '54', 'head')
    expect(await geth.rpc('eth_getBlockByNumber', '0x36', false)).to.deep.include(one)
    expect(await geth.rpc('eth_getBlockByNumber', '0x258', false)).to.deep.include(two)
  })
  it('are the receipts that its RPC tells, however many answers they take', async () => {
    const blocks = await json<{ blockHash: string; receipts: { logs: unknown[] }[] }[]>('receipts', '1', '11', '13')
    for (const { blockHash, receipts } of blocks) {
      const theirs = await geth.rpc<Record<string, unknown>[]>('eth_getBlockReceipts', blockHash)
      expect(receipts.length).to.equal(theirs.length)
      for (const [i, { logs, ...receipt }] of receipts.entries()) {
        expect(theirs[i]).to.deep.include(receipt)
        for (const [j, log] of logs.entries()) expect((theirs[i]!.logs as unknown[])[j]).to.deep.include(log as object)
      }
    }
    expect(blocks[1]!.receipts).to.have.length(56) // over 10 MiB
  })
})
