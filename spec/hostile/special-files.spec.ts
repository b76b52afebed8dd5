import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../actors/chain/dev-genesis.ts'
import { runCli } from '../../actors/cli/program.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { writeCapture } from '../protocols/pcap/capture-writer.ts'

// Whatever a file is, its reader ends, in one line: no stack, no wait for a file that never ends.

/** Every reader of a file; `FILE` stands for it. */
const readers: readonly string[] = [
  'start --genesis FILE',
  'start --config FILE',
  'start --genesis GENESIS --nodekey FILE',
  'start --genesis GENESIS --authrpc.port 0 --authrpc.jwtsecret FILE',
  'start --genesis GENESIS --no-execute --import FILE',
  'dumpconfig --config FILE',
  'connect --genesis FILE enode://NODE@127.0.0.1:1',
  'key to-enode FILE',
  'enrdump FILE',
  'nodeset info FILE',
  'nodeset filter FILE',
  'discv4 crawl FILE --timeout 1s',
  'dns sign LIST FILE',
  'dns to-txt FILE',
  'decode FILE --keylog EMPTY',
  'decode CAPTURE --keylog FILE',
  'explain FILE',
  'inspect FILE --for 1ms',
  'replay FILE',
]

/** The public key of the private key 1. */
const generator =
  '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'

describe('a file of another kind than it should be', () => {
  let dir: string
  const at = (name: string) => join(dir, name)
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-hostile-files-'))
    await symlink(at('loop'), at('loop'))
    const sparse = await open(at('sparse'), 'w')
    await sparse.truncate(3 * 2 ** 30)
    await sparse.close()
    await writeFile(at('GENESIS'), JSON.stringify(devGenesisJson))
    await mkdir(at('LIST'))
    await writeFile(join(at('LIST'), 'nodes.json'), '{}')
    await writeFile(at('EMPTY'), '')
    await writeFile(at('CAPTURE'), writeCapture([]))
    await writeFile(at('secret'), '', { mode: 0 })
  })
  after(() => rm(dir, { recursive: true }))

  const files: readonly (readonly [what: string, path: () => string, isHere?: () => boolean])[] = [
    ['is not there', () => at('none')],
    ['is a directory', () => dir],
    ['is a link to itself', () => at('loop')],
    ['has 3 GiB', () => at('sparse')],
    ['never ends', () => '/dev/zero', () => existsSync('/dev/zero')],
    ['may not be read', () => at('secret'), () => process.getuid?.() !== 0],
  ]
  for (const [what, path, isHere] of files)
    for (const reader of readers)
      it(`and ${what} ends "${reader}" in one line`, async function () {
        if (isHere && !isHere()) this.skip()
        const isMade = what === 'is not there' && reader.endsWith('jwtsecret FILE')
        if (isMade) this.skip() // the one file that is made
        const io = new ScriptedIo(createNode)
        const parts = reader.replace('NODE', generator).split(' ')
        const places: Record<string, string> = { FILE: path(), ...Object.fromEntries(named.map((n) => [n, at(n)])) }
        const args = parts.map((word) => places[word] ?? word)
        const quiet = args[0] === 'start' ? ['--port', '0', '--for', '1ms', '--verbosity', '0'] : []
        expect(await runCli([...args, ...quiet], io), io.err).to.equal(1)
        expect(io.err).to.match(/^error: [^\n]+\n$/)
        expect(io.err).to.not.match(/unknown|not specified|command-argument| {4}at /)
      })
  const named = ['GENESIS', 'EMPTY', 'CAPTURE', 'LIST']
})
