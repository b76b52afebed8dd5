import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import type { Explanation } from '../../../actors/inspector/wire.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { OpenPage } from '../inspector/open-page.ts'
import { recordingOf } from '../recording/recording-of.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart explain and inspect', () => {
  let dir: string
  let file: string
  let ours: PeerchartNode
  let theirs: PeerchartNode
  let inspector: Inspector
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-explain-'))
    file = join(dir, 'session.ndjson')
    const networkId = 7n
    ours = await createNode({ genesis: devGenesisJson, port: 0, networkId, record: { file } })
    theirs = await createNode({ genesis: { ...devGenesisJson, extraData: '0x07' }, port: 0, networkId })
    inspector = await Inspector.open(ours)
    await Promise.all([ours.start(), theirs.start()])
    const over = new Promise<void>((resolve) => {
      ours.events$.subscribe((event) => {
        if (event.type === 'actor.stopped' && event.chart === 'peer') resolve()
      })
    })
    ours.addPeer(theirs.enode)
    await over
  })
  after(async () => {
    await inspector?.close()
    await theirs?.stop()
    await ours?.stop()
    await rm(dir, { recursive: true })
  })
  const run = async (...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli(args, io)
    return { status, out: io.out, err: io.err }
  }
  const verdict = /genesis differs, theirs is 0x[0-9a-f]{64} and ours 0x[0-9a-f]{64}\./

  it('says in one line why each peer of a running node left', async () => {
    const { status, out, err } = await run('explain', inspector.address)
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    expect(out).to.match(new RegExp(`^peer/1 {2}${theirs.id.slice(0, 8)} {2}.*${verdict.source}\n`))
  })
  it('reports one peer in full: path, messages, both Statuses', async () => {
    const { out } = await run('explain', '--peer', theirs.id.slice(0, 8), inspector.address)
    expect(out).to.match(verdict)
    for (const row of [/securing\.handshaking/, /(sent|received) +Status/, /^ {2}! {2}genesis +0x/m, /closed/])
      expect(out).to.match(row)
  })
  it('says the same of a recording, once the node has gone', async () => {
    const live = JSON.parse((await run('explain', '--json', inspector.address)).out) as Explanation[]
    await ours.stop()
    const { status, out, err } = await run('explain', '--json', file)
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    const recorded = JSON.parse(out) as Explanation[]
    const fields = ({ summary, by, reason, status, peer, path }: Explanation) => ({
      ...{ summary, by, reason, status, peer },
      path: path.map(({ state, event }) => ({ state, event })),
    })
    expect(recorded.slice(0, live.length).map(fields)).to.deep.equal(live.map(fields))
  })
  it('reads a recording from standard input, and a compressed one', async () => {
    const { out } = await run('explain', file)
    const gzipped = gzipSync(await readFile(file))
    await writeFile(`${file}.gz`, gzipped)
    expect(await run('explain', `${file}.gz`)).to.deep.equal({ status: 0, out, err: '' })
    for (const [command, said] of [
      ['explain', out],
      ['replay', (await run('replay', file)).out],
    ] as const) {
      const io = new ScriptedIo()
      const status = runCli([command, '-'], io)
      io.stdin.end(gzipped)
      expect({ status: await status, out: io.out, err: io.err }).to.deep.equal({ status: 0, out: said, err: '' })
    }
  })
  it('explains what is whole of a compressed recording, and says that it is cut off', async () => {
    await writeFile(`${file}.cut.gz`, gzipSync(await readFile(file), { level: 0 }).subarray(0, -9))
    const { status, out, err } = await run('explain', `${file}.cut.gz`)
    expect({ status, out }).to.deep.equal({ status: 0, out: (await run('explain', file)).out })
    expect(err).to.match(/^warning: \S+ cannot be read: unexpected end of file; what stands before it is explained\n$/)
  })
  it('names every connection of a recording, or says how many it does not', async () => {
    for (const [count, named, warning] of [
      [1_200, 1_200, /^$/],
      [10_100, 10_000, /^warning: 10100 connections ended in it; the last 10000 of them are explained\n$/],
    ] as const) {
      await writeFile(join(dir, 'many'), recordingOf(count))
      const { out, err } = await run('explain', join(dir, 'many'))
      expect(err).to.match(warning)
      expect(
        new Set(
          out
            .trimEnd()
            .split('\n')
            .map((line) => line.split(' ')[0]),
        ),
      ).to.have.property('size', named)
      expect(out.split('\n')[0]).to.match(new RegExp(`^peer/${count - named + 1} +We ended it: on stream`))
    }
  }).timeout(30_000)
  it('explains what stands before the cut of a recording, and says so', async () => {
    const cut = join(dir, 'cut.ndjson')
    const whole = await readFile(file, 'utf8')
    await writeFile(cut, whole.slice(0, whole.indexOf('"protocol":"eth"') + 20))
    const { status, out, err } = await run('explain', cut)
    expect(status).to.equal(0)
    expect(err).to.match(
      /^warning: .*cut\.ndjson: line \d+: the recording was cut off in it, and is whole up to there; what stands before it is explained\n$/,
    )
    expect(out).to.match(/^peer\/1 .* is a peer\.\n$/)
  })
  it('opens a recording in the page that shows nodes', async () => {
    const io = new ScriptedIo()
    const running = runCli(['inspect', file], io)
    const page = await OpenPage.at(await io.stdout.line(/^http:/))
    const hello = await page.until('hello')
    expect(hello.isRecording).to.equal(true)
    expect(hello.picture.actors.map(({ actor }) => actor)).to.include.members(['server', 'peer/1', 'peer/1/eth'])
    expect((await page.ask('why', { actor: 'peer/1' })).why.summary).to.match(verdict)
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  for (const [name, args, complaint] of [
    ['no file', ['explain', '/no/such'], /ENOENT.*; name what is there/],
    ['a file that is none', ['explain', import.meta.filename], /this is no recording; give a file that --record wrote/],
    [
      'a file that is none to inspect',
      ['inspect', import.meta.filename],
      /this is no recording; give a file that --record wrote/,
    ],
    [
      'an address without an inspector',
      ['explain', 'http://127.0.0.1:1/'],
      /inspector at .*ECONNREFUSED.*; give the address that --inspect printed/,
    ],
    ['another scheme', ['explain', 'https://127.0.0.1:1/'], /that is no http:\/\/ address/],
    ['no source', ['explain'], /missing required argument 'source'/],
  ] as const)
    it(`refuses ${name}`, async () => {
      const { status, out, err } = await run(...args)
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err)
        .to.match(/^error: .*\n$/)
        .and.match(complaint)
    })
  it('refuses a wrong token, and a peer that is not remembered', async () => {
    const wrong = await run('explain', inspector.address.replace(/[0-9a-f]{32}/, '0'.repeat(32)))
    expect(wrong.err).to.match(/it wants its whole address, with the token/)
    const unknown = await run('explain', '--peer', 'ffff', file)
    expect(unknown.err).to.match(
      /^error: no peer ffff among the \d+ connections that are remembered; leave --peer out to list them\n$/,
    )
  })
})
