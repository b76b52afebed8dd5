import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { createProgram, runCli } from '../../../actors/cli/program.ts'
import { settings } from '../../../actors/cli/settings.ts'
import { version } from '../../../actors/p2p/client-name.ts'
import { formatRecord, signRecord } from '../../../protocols/enr/record.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { projectRoot } from '../../support/project.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('the command line', () => {
  const run = async (...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli(args, io)
    return { status, out: io.out, err: io.err }
  }

  it('reports its version, which is that of the package', async () => {
    const file = join(projectRoot, 'package.json')
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.have.property('version', version)
    expect(await run('--version')).to.deep.equal({ status: 0, out: `peerchart ${version}\n`, err: '' })
  })
  it('has help that names every command', async () => {
    const { status, out, err } = await run('--help')
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    const listed = [...out.matchAll(/^ {2}([a-z][a-z0-9-]*) /gm)].map(([, name]) => name)
    expect(listed).to.deep.equal([...createProgram(new ScriptedIo()).commands.map((command) => command.name()), 'help'])
    expect(listed).to.include.members(['start', 'dev'])
  })
  for (const name of ['', ...createProgram(new ScriptedIo()).commands.map((command) => command.name())])
    it(`has help of 80 columns where no terminal says otherwise: ${name || 'peerchart'}`, async () => {
      const { status, out } = await run('help', ...(name ? [name] : []))
      expect(status).to.equal(0)
      expect(out).to.equal((await run(...(name ? [name] : []), '--help')).out)
      expect(out.split('\n').filter((line) => line.length > 80)).to.deep.equal([])
    })
  it('has help as wide as the terminal', async () => {
    const io = new ScriptedIo()
    const stdout = { isTTY: true, columns: 70, write: (text: string) => io.stdout.write(text) }
    expect(await runCli(['start', '--help'], Object.assign(Object.create(io), { stdout }))).to.equal(0)
    const lines = io.out.split('\n').map((line) => line.length)
    expect(lines.filter((length) => length > 70)).to.deep.equal([])
  })

  // `--nodiscover` is of two settings.
  const flagsOfSettings = new Set(
    Object.values(settings).flatMap(({ flags }) => flags.map(({ usage }) => /^--([a-z0-9.-]+)/.exec(usage)![1])),
  )
  const being = ['network', 'genesis', 'networkid', 'nodekey', 'timeout', 'record', 'record-max', 'keylog']
  const probing = [...being, 'json', 'explain']
  const inspecting = ['inspect', 'inspect-stately']
  for (const [command, options] of Object.entries({
    start: ['config', ...flagsOfSettings],
    dumpconfig: ['config', ...flagsOfSettings],
    connect: [...probing, ...inspecting, 'for'],
    listen: [...probing, ...inspecting, 'host', 'port', 'wait', 'for'],
    headers: [...probing, 'amount', 'skip', 'reverse'],
    bodies: probing,
    receipts: probing,
    tx: probing,
    account: [...probing, 'block'],
    enrdump: ['json'],
    watch: [...being, ...inspecting, 'rpc', 'head', 'txs', 'for', 'summary'],
    dev: [
      'nodes',
      'block-time',
      'no-execute',
      'verbosity',
      'json-logs',
      'inspect',
      'no-inspect',
      'inspect-stately',
      'record',
      'record-max',
      'for',
      'summary',
    ],
  }))
    it(`has help for ${command} that names every option`, async () => {
      const { status, out, err } = await run(command, '--help')
      expect({ status, err }).to.deep.equal({ status: 0, err: '' })
      expect([...out.matchAll(/^ {2}--([a-z0-9.-]+)/gm)].map(([, name]) => name)).to.have.members(options)
    })

  const id = 'a'.repeat(128)
  const point = bytesToHex(publicKeyOf(new Uint8Array(32).fill(1)))
  const nowhere = formatRecord(signRecord(1n, {}, new Uint8Array(32).fill(1)))
  for (const [line, complaint] of [
    ['', /which command\? start, dev/],
    ['strat', /unknown command 'strat' \(Did you mean start\?\)/],
    ['--jsn', /unknown option '--jsn'/],
    ['start --prot 1', /unknown option '--prot' \(Did you mean --port\?\)/],
    ['start now', /too many arguments/],
    ['dev now', /too many arguments/],
    ['start --port', /'--port <number>' argument missing/],
    ['start --port 65536', /'65536' is invalid. Want a whole number from 0 to 65535/],
    ['start --port 80x', /'80x' is invalid/],
    ['start --port -1', /'-1' is invalid/],
    ['start --port 1e3', /'1e3' is invalid/],
    ['start --maxpeers many', /'many' is invalid/],
    ['start --max-input 31MiB', /'31MiB' is invalid. Want at least 32MiB/],
    ['start --max-input 5', /'5' is invalid. Want a size like/],
    ['start --verbosity 6', /'6' is invalid. Want a whole number from 0 to 5/],
    ['start --log.vmodule peer', /Want names and levels, as peer=5,rpc=4/],
    ['start --network ropsten', /'ropsten' is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    ['start --network holesky', /'holesky' is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    ['dumpconfig --network holesky', /'holesky' is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    ['watch --network holesky', /'holesky' is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    [
      `connect --network holesky enode://${point}@127.0.0.1:1`,
      /'holesky' is invalid. Allowed choices are mainnet, sepolia, hoodi/,
    ],
    ['start --networkid 0', /'0' is invalid/],
    ['start --networkid 18446744073709551616', /Want a whole number from 1 to 2\^64-1/],
    ['start --network sepolia --genesis g.json', /'--genesis <file>' cannot be used with option '--network <name>'/],
    ['start --nodekey a --nodekeyhex b', /'--nodekey <file>' cannot be used with option '--nodekeyhex <digits>'/],
    ['start --nodekey /no/such/file', /there is no node key file \/no\/such\/file/],
    ['start --nodekeyhex abc', /node key too short, want 64 hex characters/],
    [`start --nodekeyhex ${'0'.repeat(64)}`, /not a private key/],
    ['start --peer nonsense', /'nonsense' is invalid. Want enode:\/\//],
    [`start --peer enode://${id}@127.0.0.1:30303`, /invalid secp256k1 public key/],
    ['start --trusted enode://ab@127.0.0.1:1', /wrong length, want 128 hex chars/],
    ['start --for 20', /'20' is invalid. Want a time like 500ms, 20s, 5m or 2h/],
    ['start --for 0s', /'0s' is invalid/],
    ['start --for 1000h', /at most 24 days/],
    ['start --for soon', /'soon' is invalid/],
    ['connect', /missing required argument 'node'/],
    [
      'connect nonsense',
      /Want enode:\/\/<128 hex>@<host>:<port>, or a node record as enr:…; see peerchart connect --help/,
    ],
    ['connect enr:xyz', /'enr:xyz' is invalid for argument 'node'. Want a node record as its node signed it: /],
    [`connect enode://${point}`, /It says not where to dial/],
    [`connect ${nowhere}`, /The record says not where to dial: want ip and tcp in it/],
    [`connect enode://${point}@127.0.0.1:0`, /It says not where to dial/],
    [`connect enode://${point}@127.0.0.1:1 --genesis /no/such/file`, /cannot be read.*ENOENT/],
    [`connect enode://${point}@127.0.0.1:1 --nodekey /no/such/file`, /there is no node key file/],
    [`connect enode://${point}@127.0.0.1:1 --network mainnet --genesis g`, /cannot be used with/],
    [`headers enode://${point}@127.0.0.1:1 first`, /'first' is invalid.* Want a block: its number, its hash/],
    [`headers enode://${point}@127.0.0.1:1 --amount 0`, /Want a whole number from 1 to 1024/],
    [`bodies enode://${point}@127.0.0.1:1`, /missing required argument 'blocks'/],
    [`bodies enode://${point}@127.0.0.1:1 18446744073709551616`, /Want a block/],
    [`tx enode://${point}@127.0.0.1:1 0x12`, /Want a hash: 0x and 64 hex digits/],
    [`account enode://${point}@127.0.0.1:1`, /missing required argument 'address'/],
    [`account enode://${point}@127.0.0.1:1 0x12`, /Want an address: 0x and 40 hex digits/],
    [`account enode://${point}@127.0.0.1:1 0x${'1'.repeat(40)} --block last`, /'last' is invalid.* Want a block/],
    ['listen --port 65536', /'65536' is invalid/],
    ['listen --wait soon', /'soon' is invalid/],
    ['dev --nodes 1', /Want a whole number from 2 to 16/],
    ['dev --block-time 0s', /'0s' is invalid/],
    ['dev --datadir x', /unknown option '--datadir'/],
  ] as const)
    it(`refuses \`${line.slice(0, 60)}\` in one line`, async () => {
      const { status, out, err } = await run(...line.split(' ').filter(Boolean))
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err).to.match(/^error: [^\n]+\n$/)
      expect(err).to.match(complaint)
    })

  it('never repeats a key', async () => {
    const key = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f29'
    expect((await run('start', '--nodekeyhex', key)).err).not.to.contain(key)
  })
})
