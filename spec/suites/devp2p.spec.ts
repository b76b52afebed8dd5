import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { failureOf } from '../failure.ts'
import { runTool, type ToolOptions } from './devp2p.ts'

describe('a run of a tool that tests and says so in TAP', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-tool-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  /** @param lines of a script that stands for devp2p */
  async function run(lines: readonly string[], options: Partial<ToolOptions> = {}) {
    const path = join(dir, 'devp2p')
    await writeFile(path, ['#!/bin/sh', ...lines].join('\n'))
    await chmod(path, 0o755)
    return runTool({ path, args: ['--node', 'x'], timeout: 60_000, print: () => {}, ...options })
  }
  const results = [
    { name: 'One', isPassed: true },
    { name: 'Two', isPassed: false },
  ]

  it('has what passed and what failed, by name, though it failed itself', async () => {
    const printed: string[] = []
    const print = (line: string) => printed.push(line)
    const reported = await run(['echo 1..2', 'echo ok 1 One', 'echo not ok 2 Two', 'echo "# $*"', 'exit 1'], { print })
    expect(reported).to.deep.equal({ results, end: 'done' })
    expect(printed.at(-1)).to.equal('# rlpx eth-test --tap --node x')
  })
  it('ends at the test in which the tool ended', async () =>
    expect(await run(['echo 1..3', 'echo ok 1 One', 'echo not ok 2 Two', 'exit 2'])).to.deep.equal({
      results,
      end: 'ended',
    }))
  it('ends at a test that takes too long', async () =>
    expect(await run(['echo 1..1', 'exec sleep 600'], { timeout: 1 })).to.deep.equal({ results: [], end: 'hung' }))
  it('ends when it is aborted', async () => {
    const interrupt = new AbortController()
    const print = (line: string) => line === 'ok 1 One' && interrupt.abort()
    const reported = await run(['echo 1..2', 'echo ok 1 One', 'exec sleep 600'], { print, signal: interrupt.signal })
    expect(reported).to.deep.equal({ results: results.slice(0, 1), end: 'aborted' })
  })
  it('that was aborted before it began ends, too', async () =>
    expect(await run(['exec sleep 600'], { signal: AbortSignal.abort() })).to.deep.equal({
      results: [],
      end: 'aborted',
    }))
  it('of no test says what became of the tool', async () => {
    expect((await failureOf(run(['exit 3']))).message).to.match(/devp2p ran no test, and ended with 3$/)
    expect(
      (await failureOf(runTool({ path: join(dir, 'none'), args: [], timeout: 1, print: () => {} }))).message,
    ).to.match(/ENOENT/)
  })
})
