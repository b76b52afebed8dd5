import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createLogger } from '../../../actors/log/log.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Written } from '../cli/scripted-io.ts'

describe('a datadir that is removed', () => {
  let datadir: string
  beforeEach(async () => {
    datadir = await mkdtemp(join(tmpdir(), 'peerchart-datadir-watch-'))
  })
  afterEach(() => rm(datadir, { recursive: true, force: true }))

  const running = async () => {
    const clock = new VirtualClock()
    const stream = new Written()
    const log = createLogger({ stream, json: false })
    const options = { datadir, genesis: devGenesisJson, port: 0, transport: memoryNetwork() }
    const node = await createNode({ ...options, runtime: { clock }, log })
    await node.start()
    const stop = async () => {
      const stopped = node.stop()
      await clock.run(10_000)
      await stopped
    }
    return { clock, stream, stop }
  }
  const said = /The datadir was removed: nothing is kept of what is stored from now on/

  it('is noticed within half a minute, and said once', async () => {
    const { clock, stream, stop } = await running()
    await clock.run(65_000)
    expect(stream.text).to.not.match(said)
    await rm(datadir, { recursive: true })
    await clock.run(31_000)
    await stream.line(said)
    await clock.run(120_000)
    expect(stream.text.split('The datadir was removed')).to.have.length(2)
    expect(stream.text).to.match(/ENOENT/)
    await stop()
  })
  it('is noticed when another has its place', async () => {
    const { clock, stream, stop } = await running()
    const chaindata = join(datadir, 'peerchart', 'chaindata')
    await rename(chaindata, join(datadir, 'moved'))
    await mkdir(chaindata)
    await clock.run(31_000)
    await stream.line(said)
    expect(stream.text).to.match(/another directory has its place/)
    await stop()
  })
})
