import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { ScriptedIo } from '../cli/scripted-io.ts'
import { formatLine } from './format-line.ts'

describe('a recording whose checksums are right, and that no recorder wrote', () => {
  let file: string
  before(async () => {
    file = join(await mkdtemp(join(tmpdir(), 'peerchart-shapes-')), 'file.ndjson')
  })
  after(() => rm(join(file, '..'), { recursive: true }))

  const heading = { format: 'peerchart-recording', version: 1, client: 'x', startedAt: '' }
  const born = { seq: 1, at: 1, type: 'actor.started', actor: 'peer/1', chart: 'peer', state: 'running' }
  const step = {
    ...{ seq: 2, at: 1, type: 'transition', actor: 'peer/1', chart: 'peer', event: 'read.failed' },
    ...{ from: 'running', to: 'closing', effects: [], edges: [] },
  }
  const message = { seq: 2, at: 1, type: 'message.sent', actor: 'peer/1', protocol: 'p2p', code: 0, size: 1 }
  const { edges: _, ...bare } = step
  let nested: object = {}
  for (let i = 0; i < 100; i++) nested = { nested }
  const cases: readonly [what: string, line: number, why: RegExp, ...objects: object[]][] = [
    ['nodes that are no list', 1, /its nodes is not what/, { ...heading, nodes: 5 }],
    ['a node without id', 1, /its nodes is not what/, { ...heading, nodes: [{}] }],
    ['no client', 1, /its client is missing/, { ...heading, client: undefined }],
    ['an unknown type', 3, /the type "foo" are not known/, heading, born, { seq: 2, at: 1, type: 'foo', actor: 'a' }],
    ['a type of every object', 3, /the type "toString" are not/, heading, born, { ...message, type: 'toString' }],
    ['no edges', 3, /its edges is missing/, heading, born, bare],
    ['an effect that is no name', 3, /its effects is not what/, heading, born, { ...step, effects: [5] }],
    ['data that is a number', 3, /its data is not what/, heading, born, { ...step, data: 5 }],
    ['data that is too deep', 3, /its data is not what/, heading, born, { ...step, data: { nested } }],
    ['a size below 0', 3, /its size is not what/, heading, born, { ...message, size: -1 }],
    ['an ending of its own', 3, /its ended is not what/, heading, born, { ended: 'bored' }],
    ...[
      ...[{ $size: 1e15 }, { $size: 2 ** 24 }, { $size: -1 }, { $int: 'x' }, { $bytes: 'x' }, { $map: 5 }],
      ...[{ $set: 5 }, { $error: 5 }, [{ $size: 2 ** 23 }, { $size: 2 ** 23 }]],
    ].map((error): [string, number, RegExp, ...object[]] => [
      ...([JSON.stringify(error), 3, /its data is not what/] as const),
      ...[heading, born, { ...step, data: { error } }],
    ]),
  ]
  for (const [what, line, why, ...objects] of cases)
    it(`with ${what} ends every command in one line that names its own`, async () => {
      await writeFile(file, objects.map(formatLine).join(''))
      for (const args of [['explain'], ['replay'], ['inspect', '--for', '1ms']]) {
        const io = new ScriptedIo()
        const status = await runCli([...args, file], io)
        expect(io.err, args[0]).to.match(/^[^\n]+\n$/)
        expect(io.err).to.contain(`line ${line}: `).and.match(why)
        expect(status, args[0]).to.equal(1)
      }
    })

  it('that gives a chart less than it needs is replayed up to there', async () => {
    const given = { ...born, actor: 'dialer', chart: 'dialer', input: {} }
    await writeFile(file, [heading, given, { ended: 'closed' }].map(formatLine).join(''))
    const io = new ScriptedIo()
    expect(await runCli(['replay', file], io)).to.equal(1)
    expect(io.err).to.match(/^error: [^\n]+: entry 1 at [^\n]+ recorded: it went on; replayed: TypeError[^\n]+\n$/)
    // A failure that no one heard of would be thrown by now.
    await new Promise((resolve) => setTimeout(resolve))
  })
})
