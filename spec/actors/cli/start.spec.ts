import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import { network, networkNames } from '../../../protocols/chain/networks.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { plantedBugs } from '../../bugs.ts'
import { ScriptedIo } from './scripted-io.ts'
import { StandInNode } from './stand-in-node.ts'

describe('peerchart start', () => {
  const key = 'b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'
  const generator = `${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}${'483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}`
  const [one, two] = [`enode://${generator}@127.0.0.1:30303`, `enode://${generator}@[::1]:30304`]

  const begin = (args: string, node = new StandInNode()) => {
    const given: NodeOptions[] = []
    const io = new ScriptedIo(async (options) => {
      given.push(options ?? {})
      return node.asNode
    })
    return { io, node, given, status: runCli(['start', ...args.split(' ').filter(Boolean)], io) }
  }

  it('runs for the time it was given, and sums up in one line', async () => {
    const { io, node, status } = begin('--for 20ms --summary --verbosity 0')
    await node.started
    node.meet('peer/1', 'ab'.repeat(32))
    expect(await status).to.equal(0)
    expect(node.calls).to.deep.equal(['start', 'stop'])
    expect(io.err).to.equal('')
    expect(io.out.split('\n')).to.have.length(2)
    expect(JSON.parse(io.out)).to.deep.equal({ enode: node.enode, peers: 1, head: 12, transitions: 3, errors: 0 })
  })
  it('counts the peers it lost as errors, but not those it left', async () => {
    const node = new StandInNode()
    node.stop = async () => {
      node.lose('cd'.repeat(32), 'client quitting')
    }
    const { io, status } = begin('--for 20ms --summary', node)
    await node.started
    node.meet('peer/1', 'ab'.repeat(32))
    node.meet('peer/2', 'cd'.repeat(32))
    node.lose('ab'.repeat(32), 'read timeout')
    expect(await status).to.equal(0)
    expect(JSON.parse(io.out)).to.include({ peers: 1, errors: 1 })
  })
  it('runs until it is interrupted, and stops once', async () => {
    const { io, node, status } = begin('')
    await node.started
    expect(node.calls).to.deep.equal(['start'])
    io.signal('SIGTERM')
    expect(await status).to.equal(0)
    expect(node.calls).to.deep.equal(['start', 'stop'])
    expect(io.listening).to.equal(0)
    expect(io.out).to.equal('')
  })
  it('ends when the node ends', async () => {
    const { node, status } = begin('')
    await node.started
    await node.stop()
    expect(await status).to.equal(0)
  })
  it('hands the node what its options say', async () => {
    const { given, status } = begin(
      `--datadir d --genesis g --networkid 7 --port 0 --host ::1 --identity me --nodekeyhex ${key} ` +
        `--peer ${one} --peer ${two} --trusted ${one} --maxpeers 3 --max-input 64MiB --nodial --for 1ms`,
    )
    expect(await status).to.equal(0)
    const [{ log, nodeKey, rpc: _, ...options } = {}] = given
    expect(options).to.deep.equal({
      ...{ datadir: 'd', genesis: 'g', networkId: 7n, execute: true, port: 0, host: '::1', identity: 'me' },
      ...{ peers: [one, two], trusted: [one], maxPeers: 3, maxInputBytes: 64 << 20, noDial: true },
      nat: 'any',
    })
    expect(bytesToHex(nodeKey!)).to.equal(key)
    expect(log).to.have.property('info')
  })
  it('executes what it follows where there are accounts to begin with, and says why it does not elsewhere', async () => {
    const executes = async (flags: string) => {
      const { io, given, status } = begin(`${flags} --for 1ms --json-logs`.trim())
      expect(await status).to.equal(0)
      return [given[0]!.execute, /Blocks are not executed: .*--genesis FILE gives them/.test(io.err)]
    }
    expect(await executes('--genesis g')).to.deep.equal([true, false])
    expect(await executes('--genesis g --no-execute')).to.deep.equal([undefined, false])
    for (const flags of ['', ...networkNames.map((name) => `--network ${name}`)])
      expect(await executes(flags), flags).to.deep.equal([undefined, true])
    expect(await executes('--network sepolia --no-execute')).to.deep.equal([undefined, false])
    expect(await executes('--network sepolia --execute')).to.deep.equal([true, false]) // which createNode refuses
  })
  it('looks for nodes when it is asked to, and only in the networks it may dial', async () => {
    const { given, status } = begin(
      `--genesis g --discovery.v4 --discovery.port 9 --bootnodes ${one},${two} --netrestrict 127.0.0.0/8,::1/128 --for 1ms`,
    )
    expect(await status).to.equal(0)
    expect(given[0]).to.deep.include({
      ...{ netRestrict: '127.0.0.0/8,::1/128' },
      discovery: { v4: true, v5: false, bootnodes: [one, two], bootnodesV5: [one, two], port: 9 },
    })
  })
  it('looks for them by v5 alone, or by both', async () => {
    const by = async (flags: string) => {
      const { given, status } = begin(`${flags} --for 1ms`)
      expect(await status).to.equal(0)
      return given[0]!.discovery
    }
    expect(await by('--genesis g --discovery.v5')).to.deep.equal({
      v4: false,
      v5: true,
      bootnodes: [],
      bootnodesV5: [],
    })
    expect(await by('--genesis g --discovery.v4 --discovery.v5')).to.include({ v4: true, v5: true })
    expect(await by('--genesis g')).to.equal(undefined)
  })
  it('looks for those of a public network without being asked, from its bootnodes on, unless it may not', async () => {
    const of = async (flags: string) => {
      const { given, status } = begin(`${flags} --for 1ms`)
      expect(await status).to.equal(0)
      return given[0]!.discovery
    }
    const { bootnodes, bootnodesV5 } = network('hoodi')
    expect(await of('--network hoodi')).to.deep.equal({ v4: true, v5: true, bootnodes, bootnodesV5 })
    expect(await of('')).to.include({ v4: true, v5: true, bootnodes: network('mainnet').bootnodes })
    expect(await of(`--network hoodi --bootnodes ${one}`)).to.deep.include({ bootnodes: [one], bootnodesV5: [one] })
    expect(await of('--network hoodi --nodiscover')).to.equal(undefined)
  })
  it('says its own address when it is given', async () => {
    const { given, status } = begin('--nat EXTIP:203.0.113.7 --for 1ms')
    expect(await status).to.equal(0)
    expect(given[0]).to.include({ nat: 'extip:203.0.113.7' })
  })
  for (const [args, complaint] of [
    ['--discovery.v4 --nodiscover', 'cannot be used with option'],
    ['--discovery.v5 --nodiscover', 'cannot be used with option'],
    ['--bootnodes enode://1', "option '--bootnodes <list>' argument 'enode://1' is invalid"],
    ['--netrestrict 127.0.0.1', "option '--netrestrict <list>' argument '127.0.0.1' is invalid"],
    ['--netrestrict everything', 'is invalid. Want networks, as'],
    ['--nat upnp', 'upnp is not there: map the port in the router, and say extip:<IP> or any;'],
    ['--nat stun:1.2.3.4:3478', 'stun is not there'],
    ['--nat extip', 'missing IP address;'],
    ['--nat pmp:here', 'invalid IP address;'],
    ['--nat magic', 'unknown mechanism "magic";'],
    ['--discovery.port 65536', "option '--discovery.port <number>'"],
  ] as const)
    it(`is refused "${args}"`, async () => {
      const { io, status } = begin(args)
      expect(await status).to.not.equal(0)
      expect(io.err).to.contain(complaint)
    })
  it("has geth's defaults, but listens on loopback", async () => {
    const { given, status } = begin('--for 1ms')
    expect(await status).to.equal(0)
    const [{ log: _log, rpc: _rpc, discovery: _, ...options } = {}] = given
    expect(options).to.deep.equal({
      ...{
        nat: 'any',
        network: 'mainnet',
        host: '127.0.0.1',
        port: 30_303,
        maxPeers: 50,
        maxInputBytes: 256 << 20,
        noDial: false,
        peers: [],
        trusted: [],
      },
    })
  })
  it('imports first, with its progress in the log', async () => {
    const node = Object.assign(new StandInNode(), {
      importChain: async (path: string) => {
        node.calls.push(`import ${path}`)
        return { blocks: 600, bytes: 10, totalBytes: 10, blocksPerSecond: 1_200 }
      },
    })
    const { io, status } = begin('--import chain.rlp --for 1ms --json-logs', node)
    expect(await status).to.equal(0)
    expect(node.calls).to.deep.equal(['import chain.rlp', 'start', 'stop'])
    const lines = io.err.split('\n').map((line) => JSON.parse(line || '{}'))
    expect(lines.find(({ blocks }) => blocks)).to.include({
      message: 'Imported blocks',
      blocks: 600,
      'blocks/s': 1_200,
      done: '100%',
    })
  })
  it('ends in order when an import is interrupted', async () => {
    const node = new StandInNode()
    const importing = new Promise<void>((resolve) => {
      Object.assign(node, {
        importChain: () => {
          resolve()
          return new Promise<never>(() => {})
        },
      })
    })
    const { io, status } = begin('--import chain.rlp --json-logs', node)
    await importing
    io.signal('SIGINT')
    expect(await status).to.equal(1)
    expect(node.calls).to.deep.equal(['stop'])
    expect(io.err.split('\n').at(-2)).to.equal(
      'error: import interrupted at block 12; the same command goes on from there',
    )
  })
  it('stops what did not start, and says why', async () => {
    const node = new StandInNode()
    const taken = Object.assign(new Error('listen EADDRINUSE: 127.0.0.1:30303'), { code: 'EADDRINUSE' })
    node.start = () => Promise.reject(new Error('listen tcp 127.0.0.1:30303', { cause: taken }))
    const { io, status } = begin('--verbosity 0', node)
    expect(await status).to.equal(1)
    expect(node.calls).to.deep.equal(['stop'])
    expect(io.err).to.equal('error: listen tcp 127.0.0.1:30303; choose another with --port, 0 for any\n')
  })
  it('ends by a bug with a status of its own, and its stack', async () => {
    const node = new StandInNode()
    node.start = () => Promise.reject(new TypeError('undefined is not a function'))
    const { io, status } = begin('', node)
    expect(await status).to.equal(70)
    expect(io.err).to.match(
      /^error: a bug of ours, please report it: TypeError: undefined is not a function.*at \S*node\.start/ms,
    )
    expect(plantedBugs().map(({ actor, ends }) => [actor, ends])).to.deep.equal([['command', 'node']])
  })
})
