import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { RecordingError, readRecording } from '../../../actors/recording/reader.ts'
import type { Line } from '../../../actors/trace/lines.ts'
import { programOf } from '../../support/project.ts'
import { PeerchartProcesses } from '../cli/peerchart-process.ts'
import { ScriptedIo } from '../cli/scripted-io.ts'

describe('a recording whose process ended before it', function () {
  this.timeout(60_000)
  const processes = new PeerchartProcesses()
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-cut-off-'))
    file = join(dir, 'file.ndjson')
  })
  afterEach(() => {
    processes.endAll()
    return rm(dir, { recursive: true })
  })

  const run = async (...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli(args, io)
    return { status, out: io.out, err: io.err }
  }
  /** Resolves once the file has `text`. */
  const written = async (text: string) => {
    for await (const _ of watch(dir)) if ((await readFile(file, 'utf8').catch(() => '')).includes(text)) return
  }
  const readAll = async () => {
    const lines: Line[] = []
    try {
      for await (const line of (await readRecording(file)).lines) lines.push(line)
    } catch (error) {
      return { lines, error }
    }
    return { lines, error: undefined }
  }

  it('by kill -9 is replayed and explained as far as it goes, and said to be cut off', async () => {
    const found = written('status.accepted')
    const { child, ended } = processes.start('dev', '--no-execute', '--block-time', '100ms', '--record', file)
    await found
    child.kill('SIGKILL')
    expect(await ended).to.deep.equal({ code: null, signal: 'SIGKILL' })
    const replayed = await run('replay', file)
    expect(replayed.out).to.match(/^\d+ transitions of \d+ actors in [\d.]+ s, all as they were recorded\n$/)
    expect(replayed.err).to.match(/^error: \S+: line \d+: the recording was cut off [^\n]+\n$/)
    expect(replayed.status).to.equal(1)
    const explained = await run('explain', file)
    expect(explained.out).to.contain('peer/1')
    expect(explained.err).to.match(/^warning: \S+: line \d+: the recording was cut off [^\n]+; what stands before it/)
    expect(explained.status).to.equal(0)
  })
  for (const [way, least] of [
    ['by itself', 20_000],
    ['exit', 0],
  ] as const)
    it(`without closing it, ${way}, has whole lines and no ending`, async () => {
      await promisify(execFile)(process.execPath, [...programOf('spec/actors/recording/unclosed-child'), file, way])
      const { lines, error } = await readAll()
      expect(lines.length).to.be.within(least, 20_000)
      expect(error)
        .to.be.instanceOf(RecordingError)
        .with.property('message')
        .that.matches(/the recording was cut off/)
    })
})
