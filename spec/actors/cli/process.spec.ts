import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'

describe('the peerchart process', function () {
  this.timeout(60_000)
  const root = join(import.meta.dirname, '../../..')
  const main = join(root, 'actors/cli/main.ts')
  const children: ChildProcess[] = []

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function peerchart(...args: string[]) {
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { cwd: root, stdio: 'pipe' })
    children.push(child)
    const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
    return { child, ended, out: text(child.stdout), err: text(child.stderr) }
  }
  const until = (stream: NodeJS.ReadableStream, pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      let seen = ''
      stream.on('data', (chunk) => {
        seen += chunk
        if (pattern.test(seen)) resolve()
      })
      stream.on('end', () => reject(new Error(`ended without ${pattern}: ${seen}`)))
    })

  it('exits with 1 and one line upon a wrong command line', async () => {
    const { ended, out, err } = peerchart('start', '--prot', '1')
    expect(await ended).to.deep.equal({ code: 1, signal: null })
    expect(await out).to.equal('')
    expect(await err).to.equal("error: unknown option '--prot' (Did you mean --port?); see peerchart --help\n")
  })
  it('is a living network that comes to one head, and ends by itself', async () => {
    const { ended, out, err } = peerchart('dev', '--for', '6s', '--block-time', '500ms', '--summary')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    const lines = (await out).trimEnd().split('\n')
    const { nodes, peers, heads, transitions, errors } = JSON.parse(lines.at(-1)!)
    expect({ nodes, peers, errors }).to.deep.equal({ nodes: 3, peers: [2, 2, 2], errors: 0 })
    expect(Math.min(...heads)).to.be.above(3)
    expect(Math.max(...heads) - Math.min(...heads)).to.be.below(2)
    expect(transitions).to.be.above(30)
    expect(lines.filter((line) => /node-\d +peer\/\d+ +is peer [0-9a-f]{8} /.test(line))).to.have.length(6)
    expect(await err).to.equal('')
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`ends a network in order upon ${signal}`, async () => {
      const { child, ended, out } = peerchart('dev')
      await until(child.stdout, /registering → active/)
      child.kill(signal)
      expect(await ended).to.deep.equal({ code: 0, signal: null })
      const closed = [...(await out).matchAll(/(node-\d) +node +closing → closed/g)].map(([, name]) => name)
      expect(closed).to.deep.equal(['node-3', 'node-2', 'node-1'])
    })
  it('ends a node in order upon SIGINT', async () => {
    const { child, ended, err } = peerchart('start', '--port', '0', '--summary')
    await until(child.stderr, /Started P2P networking/)
    child.kill('SIGINT')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    expect(await err).to.contain('Got interrupt, shutting down...')
  })
  it('is all JSON on request', async () => {
    const { ended, out } = peerchart('dev', '--for', '1s', '--json-logs', '--summary')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    const entries = (await out)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(entries.map(({ type }) => type))).to.include.keys('transition', 'add', 'message.sent', 'drop')
    expect(entries.at(-1)).to.have.property('nodes', 3)
  })
  it('ends in order when its reader leaves', async () => {
    const { child, ended } = peerchart('dev')
    await until(child.stdout, /registering → active/)
    child.stdout.destroy()
    expect(await ended).to.deep.equal({ code: 0, signal: null })
  })
})
