import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { hostileFiles } from './files.ts'

/** Every command that reads a file, with `FILE` where it stands. */
const reading = [
  'start --genesis FILE --port 0 --for 1ms',
  'start --config FILE --port 0 --for 1ms',
  'start --nodekey FILE --port 0 --for 1ms',
  'dumpconfig --config FILE',
  'connect enode://NODE --genesis FILE',
  'connect enode://NODE --nodekey FILE',
  'key to-id FILE',
  'key to-enode FILE',
  'enrdump FILE',
  'nodeset info FILE',
  'nodeset filter FILE',
  'discv4 crawl FILE --timeout 1s',
  'dns sign EMPTY FILE',
  'dns sign LIST KEY',
  'dns to-txt LIST',
  'explain FILE',
  'inspect FILE --for 1ms',
  'replay FILE',
  'decode FILE --keylog FILE',
] as const

const named = ['LIST', 'EMPTY', 'KEY']
const absent = `${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}@127.0.0.1:1`

describe('a command that reads a hostile file', function () {
  this.timeout(60_000)
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-files-'))
    for (const name of ['LIST', 'EMPTY']) await mkdir(join(directory, name))
    await writeFile(join(directory, 'EMPTY', 'nodes.json'), '{}')
    await writeFile(join(directory, 'KEY'), '1'.repeat(64))
  })
  after(() => rm(directory, { recursive: true, force: true }))

  for (const [what, content] of Object.entries(hostileFiles))
    it(`says what is wrong with ${what}`, async () => {
      const file = join(directory, 'file')
      for (const path of [file, join(directory, 'LIST', 'nodes.json'), join(directory, 'LIST', 'enrtree-info.json')])
        await writeFile(path, content)
      for (const line of reading) {
        const io = new ScriptedIo(createNode)
        const args = line
          .split(' ')
          .map((arg) =>
            named.includes(arg) ? join(directory, arg) : arg.replace('FILE', file).replace('NODE', absent),
          )
        const exit = await runCli(args, io).catch((cause) => {
          throw new Error(line, { cause })
        })
        const said = io.err.split('\n').filter((text) => text.startsWith('error: '))
        expect(said, `${line}: ${io.err}`.slice(0, 500)).to.have.length(exit === 0 ? 0 : 1)
        expect(io.err).to.not.match(/^ +at /m)
      }
    })
})
