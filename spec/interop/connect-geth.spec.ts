import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { splitBlock } from '../../protocols/chain/block.ts'
import { decodeHeader } from '../../protocols/chain/header.ts'
import { skipItem } from '../../protocols/lib/rlp.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe('peerchart connect --explain, against geth', () => {
  const running: Geth[] = []
  afterEach(async () => {
    for (const geth of running.splice(0)) await geth.stop()
  })

  async function start(context: Mocha.Context, options: Partial<Parameters<typeof Geth.start>[0]>): Promise<Geth> {
    const path = requireClient(context, findGeth(), 'geth')
    const { genesis, networkId } = requireEthtest(context)
    const geth = await Geth.start({ path, genesis, networkId, ...options })
    running.push(geth)
    return geth
  }
  async function explain(enode: string, ...args: string[]) {
    const io = new ScriptedIo()
    const exit = await runCli(['connect', enode, '--explain', '--timeout', '1s', ...args], io)
    return { exit, out: io.out, err: io.err }
  }
  const onEthtest = ['--genesis', ethtest.genesis]

  it('describes one that is fine', async function () {
    const { enode } = await ethtestGeth(this)
    const { exit, out } = await explain(enode, ...onEthtest)
    const { networkId, head, forks, forkHash } = ethtest
    expect(out).to.match(/hello {2}Geth\/v1\.\S+: eth\/69 .*snap\/1.*, p2p\/5/)
    const fork = `fork 0x${forkHash} \\(at ${forks.at(-1)!.name}, no fork to come\\)`
    expect(out).to.match(new RegExp(`status eth/7\\d, network ${networkId}, .*${fork}`))
    expect(out).to.contain(`blocks 0 to ${head.number}, head 0x${head.hash.slice(0, 8)}…`)
    expect(out).to.match(/^ok: it runs, and answers$/m)
    expect(exit).to.equal(0)
  })
  it('names another network', async function () {
    const { enode } = await ethtestGeth(this)
    const { exit, out, err } = await explain(enode, '--network', 'mainnet')
    expect(err).to.match(
      new RegExp(
        `^error: it is on network ${ethtest.networkId}, and mainnet is 1; it sent Disconnect 0x10, subprotocol error; name its`,
      ),
    )
    expect(out)
      .to.match(/^states: .* → running → closed$/m)
      .and.match(/< disc 0x10$/m)
    expect(exit).to.equal(7)
  })
  it('names one that has no place', async function () {
    const { enode } = await start(this, { args: ['--maxpeers', '0'] })
    const { exit, err } = await explain(enode)
    expect(err).to.match(/^error: it sent Disconnect 0x04, too many peers/)
    expect(exit).to.equal(6)
  })
  it('names one that has stopped answering', async function () {
    const geth = await start(this, {})
    geth.freeze()
    try {
      const { exit, err } = await explain(geth.enode)
      expect(err).to.match(/^error: it takes connections, and does not answer our auth within 1000 ms/)
      expect(exit).to.equal(4)
    } finally {
      geth.freeze(false)
    }
  })
  it('names a stale fork', async function () {
    const dir = await mkdtemp(join(tmpdir(), 'peerchart-stale-'))
    try {
      const stale = await makeStale(dir)
      const { enode } = await start(this, stale)
      const { exit, out, err } = await explain(enode, ...onEthtest)
      const [before, last] = ethtest.forks.slice(-2).map(({ name }) => name)
      const stands = `stale by ${last}: it is at ${before}`
      expect(err).to.match(new RegExp(`^error: ${stands}; it sent Disconnect 0x10, subprotocol error; its`))
      expect(out).to.match(new RegExp(`^stale-fork: stale by ${last}`, 'm'))
      expect(exit).to.equal(8)
    } finally {
      await rm(dir, { recursive: true })
    }
  })
  it('names a key that is another', async function () {
    const [one, other] = [await ethtestGeth(this), await start(this, {})]
    const [key] = other.enode.split('@')
    const [, place] = one.enode.split('@')
    const { exit, err } = await explain(`${key}@${place}`)
    expect(err).to.match(/^error: it closed the connection at our auth: its key is not that of the enode/)
    expect(exit).to.equal(3)
  })
})

/** The chain of a client that has not heard of the last fork, as far as the fork before. */
async function makeStale(dir: string): Promise<{ genesis: string; chain: string }> {
  const [genesis, chain] = [join(dir, 'genesis.json'), join(dir, 'chain.rlp')]
  const { config, ...others } = JSON.parse(await readFile(ethtest.genesis, 'utf8'))
  const { name, time } = ethtest.forks.at(-1)!
  await writeFile(
    genesis,
    JSON.stringify({ config: { ...config, [`${name.toLowerCase()}Time`]: undefined }, ...others }),
  )
  const blocks = await readFile(ethtest.chain)
  const isBefore = (start: number) =>
    decodeHeader(splitBlock(blocks.subarray(start, skipItem(blocks, start))).header).time < time
  let end = 0
  while (isBefore(end)) end = skipItem(blocks, end)
  await writeFile(chain, blocks.subarray(0, end))
  return { genesis, chain }
}
