import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { parseLine } from '../../../actors/recording/line-text.ts'
import { RecordingError, readRecording } from '../../../actors/recording/reader.ts'
import type { Line } from '../../../actors/trace/lines.ts'
import { formatLine } from './format-line.ts'
import { forge, recordMeeting, replayFile } from './record.ts'

describe('a recording', () => {
  let dir: string
  let file: string
  let other: string
  let lines: Line[]

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-recording-'))
    file = join(dir, 'session.ndjson')
    other = join(dir, 'other.ndjson')
    await recordMeeting(file, 95_000)
    lines = await all(file)
  })
  after(() => rm(dir, { recursive: true }))

  const all = async (path: string) => {
    const read: Line[] = []
    for await (const line of (await readRecording(path)).lines) read.push(line)
    return read
  }
  const transitions = () => lines.flatMap((line) => (line.type === 'transition' ? [line] : []))

  const actors = () => lines.filter(({ type }) => type === 'actor.started').length

  it('has every message with its payload, every transition, timers among them, and who lived', () => {
    const named = (type: Line['type']) => lines.filter((line) => line.type === type)
    expect(named('actor.started').map((line) => 'chart' in line && line.chart)).to.include.members([
      ...['node', 'server', 'dialer', 'peer', 'eth-peer', 'protocol-manager', 'downloader'],
    ])
    for (const line of lines)
      if ((line.type === 'message.sent' || line.type === 'message.received') && line.protocol !== 'rlpx')
        expect(Buffer.from(line.payload!, 'base64')).to.have.length(line.size)
    expect(named('message.sent').length).to.be.above(5)
    expect(transitions().map(({ event }) => event)).to.include('xstate.after.pingInterval.peer.running.keepalive.quiet')
  })
  it('has auth and ack by their size, and nothing of what is in them', () => {
    const packets = lines.flatMap((line) =>
      'protocol' in line && line.protocol === 'rlpx' && line.actor === 'peer/1' ? [line] : [],
    )
    expect(packets.map(({ type, version, code }) => [type, version, code])).to.deep.equal([
      ['message.sent', 4, 0],
      ['message.received', 4, 1],
    ])
    // EIP-8: two bytes of size, ECIES, and 100 to 199 bytes of padding.
    for (const { size } of packets) expect(size).to.be.within(300, 600)
    for (const packet of packets) expect(packet).to.not.have.property('payload')
  })
  it('replays to the same transitions', async () => {
    const { difference, result } = await replayFile(file)
    expect(difference).to.equal(undefined)
    expect(result).to.deep.equal({ transitions: transitions().length, actors: actors(), passedOver: [] })
  })

  for (const [what, change, expected] of [
    ['another event', { event: 'server.started', data: {} }, 'does upon server.started'],
    ['another state after it', { to: 'greeting.checkpoint' }, 'the state after'],
    ['another state before it', { from: 'running' }, 'the state before'],
    ['another effect', { effects: ['abandon'] }, 'the effects'],
    ['no effect', { effects: [] }, 'the effects'],
    ['another transition taken', { edges: ['securing · read.failed'] }, 'the transitions taken'],
  ] as const)
    it(`differs from one where a chart took ${what}, by the first entry that differs`, async () => {
      const changed = await forge(file, other, (line) =>
        line.type === 'transition' && line.event === 'rlpx.secured' ? { ...line, ...change } : undefined,
      )
      const { difference } = await replayFile(other)
      expect(difference?.line.seq).to.equal(changed.seq)
      expect(difference?.what).to.contain(expected)
    })
  it('differs from one where an event had other data, by what comes of it', async () => {
    await forge(file, other, (line) =>
      line.type === 'transition' && line.event === 'server.admitted'
        ? { ...line, event: 'server.refused', data: { reason: 4 } }
        : undefined,
    )
    expect((await replayFile(other)).difference?.line).to.include({ event: 'server.refused' })
  })
  it('differs from one where an actor was given something else', async () => {
    await forge(file, other, (line) =>
      line.type === 'actor.started' && line.chart === 'server'
        ? { ...line, input: { ...(line.input as object), hasListener: false } }
        : undefined,
    )
    expect((await replayFile(other)).difference).to.include({ what: 'the transitions taken' })
  })
  it('differs from one where a timer fired too soon', async () => {
    const changed = await forge(file, other, (line) =>
      line.type === 'transition' && line.event.includes('pingInterval') ? { ...line, at: line.at - 1_000 } : undefined,
    )
    const { difference } = await replayFile(other)
    expect(difference).to.include({ what: 'a timer', replayed: 'it is not due' })
    expect(difference!.line.seq).to.equal(changed.seq)
  })
  it('differs from one where a timer that had run out did not fire', async () => {
    const ping = transitions().find(({ event }) => event.includes('pingInterval'))!
    await forge(file, other, (line) =>
      line.type === 'transition' && line.actor === ping.actor && line.seq > ping.seq
        ? { ...line, event: 'write.drained', data: {}, at: line.at + 30_000 }
        : undefined,
    )
    expect((await replayFile(other)).difference?.replayed).to.match(/^xstate\.after\..* was due at \d+\.\d{3} s$/)
  })
  it('replays what it can when it began late, and says what it passed over', async () => {
    await forge(file, other, (line) =>
      line.type === 'actor.started' && line.chart === 'server' ? { ...line, chart: 'another' } : undefined,
    )
    const { difference, result } = await replayFile(other)
    expect(difference).to.equal(undefined)
    expect(result).to.deep.include({ actors: actors() - 1, passedOver: ['server'] })
  })

  it('with any one byte changed is refused, and the line is named', async () => {
    const bytes = await readFile(file)
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 2), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = Buffer.from(bytes)
        changed[at]! ^= flip
        await writeFile(other, changed)
        const error = await all(other).catch((reason: unknown) => reason)
        expect(error).to.be.instanceOf(RecordingError)
        const line = bytes.subarray(0, at).toString('latin1').split('\n').length
        expect(error).to.have.property('line', line)
      }),
      { numRuns: 60 },
    )
  })
  for (const [what, make, complaint] of [
    ['is cut off', (text: string) => text.slice(0, -30), /line \d+: the recording was cut off in it/],
    [
      'lacks a line',
      (text: string) => text.replace(/\n[^\n]*"seq":9,[^\n]*/, ''),
      /line 10: entry 10 of what was recorded/,
    ],
    [
      'has a line twice',
      (text: string) => text.replace(/(\n[^\n]*"seq":9,[^\n]*)/, '$1$1'),
      /line 11: entry 9 of what/,
    ],
    ['is empty', () => '', /line 1: this is no recording; give a file that --record wrote/],
    ['is another program’s', () => '{"log":{"version":"1.2"}}\n', /line 1: this is no recording/],
    ['is one endless line', () => 'x'.repeat(1e6), /line 1: this is no recording/],
  ] as const)
    it(`that ${what} is refused in one line`, async () => {
      await writeFile(other, make(await readFile(file, 'utf8')))
      const error = await all(other).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(RecordingError).with.property('message').that.matches(complaint)
    })
  it('of a later version is refused', async () => {
    const [heading, ...rest] = (await readFile(file, 'utf8')).split('\n')
    await writeFile(other, formatLine({ ...parseLine(heading!), version: 2 }) + rest.join('\n'))
    const error = await all(other).catch((reason: unknown) => reason)
    expect(error)
      .to.have.property('message')
      .that.matches(/it has version 2 of the format, and 1 is read here/)
  })
})
