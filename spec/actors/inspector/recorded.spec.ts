import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { openRecorded } from '../../../actors/inspector/recorded.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { type RecordingError, readRecording } from '../../../actors/recording/reader.ts'
import { toLine } from '../../../actors/trace/feed-lines.ts'

describe('a recording in the inspector', () => {
  let dir: string
  let file: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-recorded-'))
    file = join(dir, 'session.ndjson')
    const options = { genesis: devGenesisJson, port: 0 }
    const [ours, theirs] = await Promise.all([createNode({ ...options, record: { file } }), createNode(options)])
    await Promise.all([ours.start(), theirs.start()])
    const met = new Promise<void>((resolve) => {
      ours.events$.subscribe((event) => {
        if (
          event.type === 'transition' &&
          event.chart === 'eth-peer' &&
          event.to === 'active.(chain.syncing reading.flowing)'
        )
          resolve()
      })
    })
    ours.addPeer(theirs.enode)
    await met
    await theirs.stop()
    await ours.stop()
  })
  after(() => rm(dir, { recursive: true }))

  it('is opened where its node was about to end, not on what is left of it', async () => {
    const { history } = await openRecorded(file)
    const seq = history.opening!
    const node = history.liveStateAt(seq)!.actor('node')!
    expect([node.state, node.stoppedAt]).to.deep.equal(['running', undefined])
    expect(history.liveStateAt(seq + 1)!.actor('node')!.state).to.match(/^closing/)
  })
  it('is line for line what was recorded', async () => {
    const { history, fault } = await openRecorded(file)
    expect(fault).to.equal(undefined)
    let count = 0
    for await (const line of (await readRecording(file)).lines) {
      const { crc: _, ...recorded } = line as typeof line & { crc?: string }
      expect(toLine(history.at(line.seq)!)).to.deep.equal(recorded)
      count += 1
    }
    expect(count).to.be.above(50)
    expect(history.newest.seq).to.equal(count)
  })
  it('is shown up to where it is damaged, and the fault is reported', async () => {
    const whole = await readFile(file)
    const damaged = join(dir, 'damaged.ndjson')
    await writeFile(damaged, `${whole}`.replace('"event":"node.start"', '"event":"node.stirt"'))
    const { history, fault } = await openRecorded(damaged)
    expect(fault!.message).to.match(/line \d+: it was changed/)
    expect(history.newest.seq).to.equal((fault as RecordingError).line - 2)
    await writeFile(damaged, whole)
    await truncate(damaged, whole.length - 20)
    expect((await openRecorded(damaged)).fault!.message).to.contain('cut off')
    await writeFile(damaged, whole)
    await appendFile(damaged, 'nothing of ours\n')
    expect((await openRecorded(damaged)).fault!.message).to.contain('no line of a recording')
  })
})
