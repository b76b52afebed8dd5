import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import fc from 'fast-check'
import { silent } from '../../../actors/log/log.ts'
import { Recorder } from '../../../actors/recording/recorder.ts'
import { processClock } from '../../../actors/runtime/process-runtime.ts'
import type { FeedEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { fullName, keep, toLine } from '../../../actors/trace/feed-lines.ts'
import type { Live } from '../../../actors/trace/live.ts'
import { formatLine } from './format-line.ts'

describe('what a recorder writes', () => {
  let dir: string
  let file: string
  let warnings: string[]
  const log = { ...silent, warn: (message: string) => warnings.push(message) }
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-lines-'))
    file = join(dir, 'file.ndjson')
    warnings = []
  })
  afterEach(() => rm(dir, { recursive: true }))

  type Report = { entry: FeedEntry; live: Live; node: number; at: number }
  const message = (size: number, payload = new Uint8Array(size).fill(7)): Report => ({
    entry: { type: 'message.sent', actor: 'peer/1', protocol: 'eth', version: 69, code: 4, size },
    ...{ live: { payload }, node: 0, at: 0 },
  })
  /** As JSON has it, line by line. */
  const expected = (reported: readonly Report[], names: readonly (string | undefined)[]) =>
    reported.map(({ entry, live, node, at }, i) => {
      const place = { seq: i + 1, at, node: names[node], actor: fullName(names[node], entry.actor), parent: undefined }
      return formatLine(toLine(keep(entry, live, place, live.payload)))
    })
  const record = async (reported: readonly Report[], names: readonly (string | undefined)[]) => {
    let now = 0
    const recorder = await Recorder.open(file, { client: 'x', clock: { ...processClock, now: () => now }, log })
    const feeds = names.map(() => new Feed())
    for (const [i, feed] of feeds.entries()) recorder.follow(feed, names[i])
    for (const { entry, live, node, at } of reported) {
      now = at
      feeds[node]!.publish(entry, live)
    }
    await recorder.close()
    return (await readFile(file, 'utf8')).split(/(?<=\n)/).slice(1, -1)
  }

  const text = fc.string({ unit: 'binary' })
  const value = fc.oneof(
    ...[text, fc.double(), fc.integer(), fc.maxSafeNat(), fc.boolean(), fc.constant(null), fc.constant(undefined)],
    ...[fc.bigInt(), fc.uint8Array({ maxLength: 70 }), fc.array(fc.nat()), fc.constant(new Error('lost'))],
  )
  const key = text.filter((name) => !['type', 'ports', '__proto__'].includes(name))
  const transition = fc
    .record({ actor: text, chart: text, event: text, from: text, to: text, effects: fc.array(text) })
    .chain((entry) =>
      fc.dictionary(key, value, { noNullPrototype: true }).map((data) => ({
        entry: { type: 'transition', ...entry } as const,
        live: { event: { ...data, type: entry.event }, taken: [] },
      })),
    )
  const said = fc
    .record({ actor: text, protocol: text, code: fc.nat(), size: fc.nat() }, { noNullPrototype: true })
    .chain((entry) =>
      fc.uint8Array({ maxLength: 9 }).map((payload) => ({
        entry: { type: 'message.received', ...entry } as const,
        live: { payload },
      })),
    )

  it('is what JSON says, whatever names, numbers and payloads there are, of several nodes in one order', async () => {
    const reported = fc
      .tuple(fc.oneof(transition, said), fc.nat(1), fc.double({ min: 0, max: 1e10, noNaN: true }))
      .map(([one, node, at]) => ({ ...one, node, at: Math.abs(at) }))
    await fc.assert(
      fc.asyncProperty(fc.array(reported, { maxLength: 30 }), async (reported) => {
        const names = ['alice', 'bob "the" nøde']
        expect(await record(reported, names)).to.deep.equal(expected(reported, names))
      }),
      { numRuns: 25 },
    )
  })
  it('has payloads of nothing and of 16 MiB, and keeps their order from page to page', async () => {
    const reported = [0, 1, 2, 3, 200_000, 70_000, 16 << 20, 49_152, 49_153, 0, 300_000, 5].map((size) => message(size))
    const lines = await record(reported, [undefined])
    const wanted = expected(reported, [undefined])
    expect(lines.length).to.equal(wanted.length)
    for (const [i, line] of lines.entries()) expect(line === wanted[i], `line ${i + 1}`).to.equal(true)
  })
  it('waits for a slow disk within bounds: then the recording ends, and what was published is written', async () => {
    execFileSync('mkfifo', [file])
    const reader = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    const feed = new Feed()
    const recorder = await Recorder.open(file, { client: 'x', log })
    recorder.follow(feed)
    const { entry, live } = message(4 << 20)
    let count = 0
    for (; feed.isRead && count < 100; count++) feed.publish(entry, live)
    expect(warnings).to.deep.equal(['The disk is slower than what is recorded: it ends here'])
    expect(count).to.be.within(16, 20)
    const drained = drain(reader)
    await recorder.close()
    expect(await drained).to.be.above((count - 1) * (5 << 20))
    await reader.close()
  })
  it('ends with its thread, and says so once', async () => {
    const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
    const feed = new Feed()
    const warned = new Promise<void>((resolve) => {
      log.warn = (text) => {
        resolve()
        return warnings.push(text)
      }
    })
    const recorder = await Recorder.open(file, { client: 'x', log })
    recorder.follow(feed)
    await (await started).terminate()
    await warned
    expect(feed.isRead).to.equal(false)
    await recorder.close()
    expect(warnings).to.deep.equal(['The recording cannot be written, and ends here'])
  })
})

/** @returns how many bytes came until the other end closed */
async function drain(reader: Awaited<ReturnType<typeof open>>): Promise<number> {
  let total = 0
  const buffer = new Uint8Array(1 << 20)
  for (;;) {
    const read = await reader.read(buffer).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EAGAIN') return undefined
      throw error
    })
    if (read?.bytesRead === 0) return total
    total += read?.bytesRead ?? 0
  }
}
