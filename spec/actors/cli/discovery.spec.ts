import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { formatNodeSet, parseNodeSet } from '../../../actors/cli/node-set.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { silent } from '../../../actors/log/log.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { formatRecord, signRecord } from '../../../protocols/enr/record.ts'
import { type DiscoveryNetwork, discoveryNetwork, nodeOf } from '../../support/discovery-network.ts'
import { keyOf, someNode } from '../discovery/some-nodes.ts'
import { ScriptedIo } from './scripted-io.ts'

const never = { score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }

describe('discovery on the command line', function () {
  this.timeout(30_000)
  let dir: string
  let network: DiscoveryNetwork
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-discovery-'))
    network = await discoveryNetwork(2)
  })
  after(async () => {
    await network[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  async function run(...args: string[]) {
    const io = new ScriptedIo()
    const exit = await runCli(args, io)
    return { exit, out: io.out, err: io.err }
  }
  const printed = async (...args: string[]) => {
    const { exit, out, err } = await run(...args)
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    return out
  }
  const node = () => nodeOf(network.endpoints[0]!)
  const record = () => formatRecord(node().record!)
  /** No datagram comes from there. */
  const silentNode = () => formatEnode(someNode(3, '127.0.0.1', 9))

  for (const version of ['discv4', 'discv5']) {
    it(`${version} pings a node, asks it for its record, and finds it`, async () => {
      expect(await printed(version, 'ping', record())).to.match(/^node responded to ping \(RTT [\d.]+ms\)\.\n$/)
      expect(JSON.parse(await printed(version, 'ping', record(), '--json'))).to.have.property('id', node().id)
      expect(await printed(version, 'requestenr', record())).to.equal(`${record()}\n`)
      expect(await printed(version, 'resolve', record())).to.equal(`${record()}\n`)
      const { seq } = JSON.parse(await printed(version, 'resolve', record(), '--json'))
      expect(BigInt(seq)).to.equal(node().record!.seq)
    })
    it(`${version} asks a node for others`, async () => {
      const given = version === 'discv4' ? ['--target', '1'.repeat(128)] : ['--distances', '0']
      const found = JSON.parse(await printed(version, 'findnode', record(), '--json', ...given))
      if (version === 'discv5') expect(found.map(({ id }: { id: string }) => id)).to.deep.equal([node().id])
      else expect(found).to.be.an('array')
    })
    it(`${version} says of a node that is silent that it is`, async () => {
      for (const command of ['ping', 'requestenr', 'findnode']) {
        const { exit, out, err } = await run(version, command, silentNode())
        expect({ exit, out }, command).to.deep.equal({ exit: 4, out: '' })
        expect(err).to.match(/^error: (node didn't respond|can't retrieve record): [^\n]*\n$/)
      }
    })
    it(`${version} keeps its datagrams on the machine`, async () => {
      const { exit, err } = await run(version, 'ping', formatEnode(someNode(3, '192.0.2.1')))
      expect(exit).to.equal(1)
      expect(err).to.match(/192\.0\.2\.1 is not on this machine.*--host 0\.0\.0\.0 opens it/)
    })
  }
  for (const command of ['discv4', 'discv5', 'discovery'])
    it(`${command} runs a node for as long as it is to`, async () => {
      const io = new ScriptedIo()
      const over = runCli([command, 'listen'], io)
      const self = (await io.stdout.line(/^enr:/)).trim()
      if (command !== 'discv5') expect(await printed('discv4', 'requestenr', self)).to.equal(`${self}\n`)
      if (command !== 'discv4') expect(await printed('discv5', 'requestenr', self)).to.equal(`${self}\n`)
      io.signal('SIGINT')
      expect(await over).to.equal(0)
      expect(io.listening).to.equal(0)
    })
  it('takes no arguments that mean nothing', async () => {
    for (const args of [
      ['discv4', 'ping', 'enode://ab'],
      ['discv4', 'ping', formatEnode({ ...someNode(3), host: 'name.example' })],
      ['discv4', 'findnode', record(), '--target', 'ab'],
      ['discv5', 'findnode', record(), '--distances', '257'],
      ['discv5', 'ping', record(), '--host', 'name.example'],
      ['discv5', 'ping', record(), '--bootnodes', 'enr:AA'],
      ['discv4', 'crawl', join(dir, 'absent.json')],
    ]) {
      const { exit, out, err } = await run(...args)
      expect({ exit, out }, args.join(' ')).to.deep.equal({ exit: 1, out: '' })
      expect(err).to.match(/^error: [^\n]+\n$/)
    }
  })

  it('crawls from a file on, dials who answers, and says what came of each', async () => {
    const file = join(dir, 'nodes.json')
    // Nothing listens at port 1.
    network.endpoints[1]!.local.setTcp(1)
    const [first, second] = network.endpoints.map(nodeOf)
    const gone = someNode(3, '127.0.0.1', 9)
    await writeFile(
      file,
      formatNodeSet(
        new Map([
          [first!.id, { ...never, node: first!, record: first!.record }],
          [second!.id, { ...never, node: second!, record: second!.record, score: 3, lastResponse: 1_000 }],
          [gone.id, { ...never, node: gone, score: 1, lastResponse: 1_000 }],
        ]),
      ),
    )
    const { reasons } = JSON.parse(await printed('discv4', 'crawl', file, '--json'))
    expect(reasons).to.deep.include({ unreachable: 1, 'no-tcp': 1 }).and.have.property('timeout')
    const nodes = parseNodeSet(await readFile(file, 'utf8'))
    expect(nodes.get(first!.id)).to.deep.include({ score: 1, reason: 'no-tcp' })
    expect(nodes.get(second!.id)).to.deep.include({ score: 4, reason: 'unreachable' })
    expect(nodes.get(second!.id)!.cause).to.match(/connection refused/)
    expect(nodes.has(gone.id)).to.equal(false)
    await printed('discv4', 'crawl', file, '--json', '--bootnodes', formatEnode(gone), '--all', '--no-dial')
    expect(parseNodeSet(await readFile(file, 'utf8')).get(gone.id)).to.have.property('reason', 'timeout')
  })
  it('says which half of a node cannot be reached', async () => {
    const node = await createNode({ genesis: devGenesisJson, port: 0, log: silent, discovery: {} })
    await node.start()
    try {
      const io = new ScriptedIo()
      const over = runCli(['reachable', node.enode, '--json'], io)
      const enode = (await io.stderr.line(/have it dial/)).trim().replace('have it dial ', '')
      node.addPeer(enode)
      expect(await over, io.err).to.equal(0)
      expect(JSON.parse(io.out))
        .to.deep.include({ udp: true, dialed: true })
        .and.have.nested.property('tcp.outcome', 'ok')
      const silence = await run('reachable', node.enode, '--wait', '10ms')
      expect(silence.exit).to.equal(4)
      expect(silence.out).to.match(
        /^udp {3}it answers PING\ntcp {3}it takes connections: [^\n]+\nback {2}it has not dialed us/,
      )
    } finally {
      await node.stop()
    }
    const { exit, out } = await run(
      'reachable',
      formatEnode({ ...someNode(3, '127.0.0.1', 9), tcp: 1 }),
      '--wait',
      '10ms',
    )
    expect(exit).to.equal(2)
    expect(out).to.match(/^udp {3}it does not answer PING\ntcp {3}it cannot be reached: the port is closed/)
  })
  it('counts and filters what a crawl found', async () => {
    const file = join(dir, 'set.json')
    const ip = (last: number) => Uint8Array.of(10, 0, 0, last)
    const of = (i: number, values: Parameters<typeof signRecord>[1], more: object = {}) => {
      const record = signRecord(1n, values, keyOf(i))
      return [someNode(i).id, { ...never, node: someNode(i, '10.0.0.1'), record, ...more }] as const
    }
    const mainnet = [[Uint8Array.of(0x07, 0xc9, 0x46, 0x2e), 0]]
    const set = new Map([
      of(
        1,
        { ip: ip(1), tcp: 1, eth: mainnet },
        { score: 2, firstResponse: 1_000, lastResponse: 100_000, reason: 'ok' },
      ),
      of(2, { ip: ip(200), snap: [] }, { score: 7 }),
      of(3, { ip: ip(3), les: [], eth: [[Uint8Array.of(1, 2, 3, 4), 0]] }, { score: 5, reason: 'full' }),
    ])
    await writeFile(file, formatNodeSet(set))
    expect(await printed('nodeset', 'info', file)).to.equal(
      [
        'Set contains 3 nodes.',
        'ENR attribute counts:',
        ...[
          '       eth: 2',
          '        id: 3',
          '        ip: 3',
          '       les: 1',
          ' secp256k1: 3',
          '      snap: 1',
          '       tcp: 1',
        ],
        ...['Reasons:', ' full: 1', '   ok: 1', ''],
      ].join('\n'),
    )
    const kept = async (...filters: string[]) => {
      const ids = [...parseNodeSet(await printed('nodeset', 'filter', file, ...filters)).keys()]
      return [1, 2, 3].filter((i) => ids.includes(someNode(i).id))
    }
    expect(await kept()).to.deep.equal([1, 2, 3])
    expect(await kept('--limit', '2')).to.deep.equal([2, 3])
    expect(await kept('--ip', '10.0.0.0/25')).to.deep.equal([1, 3])
    expect(await kept('--min-age', '1m')).to.deep.equal([1])
    expect(await kept('--eth-network', 'mainnet')).to.deep.equal([1])
    expect(await kept('--snap')).to.deep.equal([2])
    expect(await kept('--les-server')).to.deep.equal([3])
    expect(await kept('--dialable')).to.deep.equal([1])
    expect(await kept('--reason', 'full')).to.deep.equal([3])
    expect(await kept('--reason', 'full', '--snap')).to.deep.equal([])
    expect((await run('nodeset', 'filter', file, '--ip', '10.0.0.0')).exit).to.equal(1)
  })
})
