import { type StdioOptions, spawnSync } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { ClassicLevel } from 'classic-level'
import { devGenesis, devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { DatabaseFailed } from '../../actors/chain/store.ts'
import { endure } from '../../actors/cli/endure.ts'
import { createLogger } from '../../actors/log/log.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'
import { Written } from '../actors/cli/scripted-io.ts'
import { failureOf } from '../failure.ts'
import { programOf, projectRoot } from '../support/project.ts'

// A side output that fails is turned off, in one line; a database that fails ends the node in order.

const full = '/dev/full'
const run = (args: readonly string[], stdio: StdioOptions) =>
  spawnSync(process.execPath, [...programOf('actors/cli/main'), ...args], { cwd: projectRoot, stdio })

describe('a disk that is full', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-disks-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))

  it('turns the key log and the recording off, and nothing else', async function () {
    if (!existsSync(full)) return this.skip()
    const stream = new Written()
    const log = createLogger({ stream, json: false })
    const files = { keyLog: full, record: { file: full } }
    const node = await createNode({ ...files, genesis: devGenesisJson, port: 0, log })
    await node.start()
    for (let i = 0; i < 2; i++) {
      await using peer = dial(node.enode)
      await peer.until('running')
    }
    await stream.line(/recording cannot be written/)
    await node.stop()
    expect(stream.text.match(/key log cannot be written/g)).to.have.length(1)
    expect(stream.text.match(/recording cannot be written/g)).to.have.length(1)
    expect(node.failure).to.equal(undefined)
  })

  it('under the database ends the node in order: Disconnects, and what was stored stays', async () => {
    const blocks = makeBlocks(devGenesis(), devGenesis().header, 3)
    const options = { datadir: directory, genesis: devGenesisJson, port: 0 }
    const node = await createNode(options)
    await node.start()
    await using peer = dial(node.enode)
    await peer.until('running')
    await peer.request('GetBlockHeaders', { origin: 0, amount: 1 }) // it has read our Status: we are its peer
    await node.chain.insertBlocks(blocks.slice(0, 1))
    const { batch } = ClassicLevel.prototype
    ClassicLevel.prototype.batch = (() =>
      Promise.reject(new Error('IO error: 000003.log: No space left on device'))) as never
    try {
      expect(await failureOf(node.chain.insertBlocks(blocks.slice(1)))).to.be.instanceOf(DatabaseFailed)
      await peer.expectDisconnect('Quitting')
      await node.wait()
    } finally {
      ClassicLevel.prototype.batch = batch
    }
    expect(node.failure)
      .to.be.instanceOf(DatabaseFailed)
      .with.property('message')
      .that.matches(/No space left/)
    expect(peer.end.reason).to.equal(DiscReason.Quitting)
    const again = await createNode(options)
    expect(again.chain.head.number).to.equal(1n)
    await again.chain.insertBlocks(blocks.slice(1))
    await again.stop()
  })

  it('behind standard output is an error in one line, and behind standard error none', async function () {
    if (!existsSync(full)) return this.skip()
    const to = openSync(full, 'w')
    const out = run(['charts'], ['ignore', to, 'pipe'])
    expect(out.status).to.equal(1)
    expect(String(out.stderr)).to.match(/^error: standard output cannot be written: ENOSPC[^\n]*\n$/)
    const err = run(['key', 'generate', join(directory, 'key')], ['ignore', 'pipe', to])
    expect(err.status).to.equal(0)
    expect(run(['connect', 'nonsense'], ['ignore', 'pipe', to]).status).to.equal(1)
  }).timeout(20_000)
})

describe('a stream that is endured', () => {
  const fault = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })

  it('never throws, and reports its first fault only', () => {
    const stream = new PassThrough()
    const lost: Error[] = []
    let writes = 0
    stream.write = () => {
      writes += 1
      throw fault
    }
    endure(stream, (error) => lost.push(error))
    expect([stream.write('a'), stream.write('b')]).to.deep.equal([true, true])
    expect(lost).to.deep.equal([fault])
    expect(writes).to.equal(1)
  })
  it('takes the fault that comes as an event', () => {
    const stream = new PassThrough()
    const lost: Error[] = []
    endure(stream, (error) => lost.push(error))
    expect(stream.write('a')).to.equal(true)
    stream.destroy(fault)
    stream.emit('error', fault)
    stream.emit('error', fault)
    expect(stream.write('b')).to.equal(true)
    expect(lost).to.deep.equal([fault])
  })
})
