import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { setup } from 'xstate'
import { silent } from '../../../actors/log/log.ts'
import { recordingNiceness } from '../../../actors/recording/line-script.ts'
import { readRecording } from '../../../actors/recording/reader.ts'
import { Recorder } from '../../../actors/recording/recorder.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import type { Line } from '../../../actors/trace/lines.ts'

describe('a recorder', () => {
  const lamp = setup({ types: {} as { events: { type: 'click'; by: string } } }).createMachine({
    id: 'lamp',
    initial: 'off',
    states: { off: { on: { click: 'on' } }, on: { on: { click: 'off' } } },
  })
  let dir: string
  let file: string
  let feed: Feed
  let warnings: string[]
  const log = { ...silent, warn: (message: string) => warnings.push(message) }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-recorder-'))
    file = join(dir, 'file.ndjson')
    feed = new Feed()
    warnings = []
  })
  afterEach(() => rm(dir, { recursive: true }))

  const start = () =>
    startActor({ clock: new VirtualClock(), feed }, lamp, { id: 'lamp/1', parent: 'house', input: undefined as never })
  const eventually = async (isSo: () => Promise<boolean>) => {
    while (!(await isSo())) await setImmediate()
  }
  const ending = async () => JSON.parse((await readFile(file, 'utf8')).trimEnd().split('\n').at(-1)!).ended
  const isFull = async () => {
    expect(warnings).to.deep.equal(['The recording is full, and ends here'])
    expect((await readFile(file)).length).to.be.within(1_500, 2_000)
    expect((await linesOf()).length).to.be.above(3)
    expect(await ending()).to.equal('full')
  }
  const linesOf = async () => {
    const lines: Line[] = []
    for await (const line of (await readRecording(file)).lines) lines.push(line)
    return lines
  }

  it('writes what happens, for its owner alone', async () => {
    const recorder = await Recorder.open(file, { client: 'Peerchart', nodes: [{ id: 'ab' }] })
    recorder.follow(feed, 'node-1')
    start().send({ type: 'click', by: 'Zoë' })
    await recorder.close()
    const [heading] = (await readFile(file, 'utf8')).split('\n')
    expect(JSON.parse(heading!)).to.deep.include({ client: 'Peerchart', nodes: [{ id: 'ab' }] })
    const [born, clicked] = await linesOf()
    expect(born).to.include({ type: 'actor.started', actor: 'node-1/lamp/1', parent: 'node-1/house', node: 'node-1' })
    expect(clicked).to.deep.include({ event: 'click', data: { by: 'Zoë' }, from: 'off', to: 'on' })
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect(await ending()).to.equal('closed')
  })
  it('writes before it is closed, and ends when nothing is left to write', async () => {
    const recorder = await Recorder.open(file, { client: 'Peerchart' })
    recorder.follow(feed)
    start()
    await eventually(async () => (await readFile(file, 'utf8')).includes('actor.started'))
    await recorder.close()
    expect(await linesOf()).to.have.length(1)
    const other = await Recorder.open(file, { client: 'Peerchart' })
    await other.close()
    expect(await linesOf()).to.deep.equal([])
  })
  it('ends also when its timer finds nothing left to write', async () => {
    const clock = new VirtualClock()
    const recorder = await Recorder.open(file, { client: 'Peerchart', clock })
    recorder.follow(feed)
    const report = (size: number) =>
      feed.publish(
        { type: 'message.sent', actor: 'peer/1', protocol: 'p2p', code: 2, size },
        { payload: new Uint8Array(size) },
      )
    report(100_000) // is written at once
    report(1) // arms the timer, and is written with the first
    // It fires again as long as the thread writes what came before.
    await eventually(async () => {
      await clock.run(100)
      return clock.pending === 0
    })
    await recorder.close()
    expect(await linesOf()).to.have.length(2)
  })
  it('stops at its limit, with whole lines, says so once, and costs nothing from then on', async () => {
    const recorder = await Recorder.open(file, { client: 'Peerchart', maxBytes: 2_000, log })
    recorder.follow(feed)
    const actor = start()
    for (let i = 0; i < 100; i++) actor.send({ type: 'click', by: 'me' })
    await eventually(async () => !feed.isRead)
    await recorder.close()
    await isFull()
  })
  it('is full also where it is closed before it knows', async () => {
    const recorder = await Recorder.open(file, { client: 'Peerchart', maxBytes: 2_000, log })
    recorder.follow(feed)
    const actor = start()
    for (let i = 0; i < 100; i++) actor.send({ type: 'click', by: 'me' })
    await recorder.close()
    await isFull()
  })
  for (const maxBytes of [0, 100])
    it(`has nothing but its ending where ${maxBytes} bytes are less than its heading`, async () => {
      const recorder = await Recorder.open(file, { client: 'Peerchart', maxBytes, log })
      recorder.follow(feed)
      start()
      await recorder.close()
      expect((await readFile(file, 'utf8')).trimEnd().split('\n')).to.have.length(1)
      expect(await ending()).to.equal('full')
    })
  it('stops when the disk does not take it', async () => {
    const recorder = await Recorder.open('/dev/full', { client: 'Peerchart', log })
    recorder.follow(feed)
    const actor = start()
    for (let i = 0; i < 2_000; i++) actor.send({ type: 'click', by: 'me' })
    await recorder.close()
    expect(warnings).to.deep.equal(['The recording cannot be written, and ends here'])
    expect(feed.isRead).to.equal(false)
  })
  it('leaves the core to the node where the system lets a thread have a priority of its own', async function () {
    if (process.platform !== 'linux') this.skip()
    const tasks = '/proc/self/task'
    const nicenessOf = async (task: string) => {
      const stat = await readFile(join(tasks, task, 'stat'), 'latin1').catch(() => '')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
    }
    const before = await nicenessOf(`${process.pid}`)
    const recorder = await Recorder.open(file, { client: 'Peerchart' })
    await eventually(async () =>
      (await Promise.all((await readdir(tasks)).map(nicenessOf))).includes(recordingNiceness),
    )
    expect(await nicenessOf(`${process.pid}`)).to.equal(before)
    await recorder.close()
  })
  it('cannot write where it may not', async () => {
    const error = await Recorder.open(join(dir, 'none', 'file'), { client: 'x' }).catch((reason: unknown) => reason)
    expect(error).to.have.property('code', 'ENOENT')
  })
})
