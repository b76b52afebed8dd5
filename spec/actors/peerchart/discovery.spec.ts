import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { toNodeOptions } from '../../../actors/cli/node-options.ts'
import { resolveSettings } from '../../../actors/cli/start-settings.ts'
import type { UdpEndpoint } from '../../../actors/discovery/datagrams.ts'
import { nodeOfRecord } from '../../../actors/discovery/discovered-node.ts'
import { dnsLookup } from '../../../actors/discovery/dns/txt-lookup.ts'
import { silent } from '../../../actors/log/log.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import type { Transport } from '../../../actors/peerchart/transport.ts'
import { memoryDatagrams } from '../../../actors/simulation/memory-datagrams.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { formatLink, linkOf, signTree, TreeError, toTxt } from '../../../protocols/dnsdisc/tree.ts'
import { EnodeError } from '../../../protocols/enode/enode.ts'
import { NatError } from '../../../protocols/enode/nat.ts'
import { isInNetlist, NetlistError, parseNetlist } from '../../../protocols/enode/netlist.ts'
import { isLoopback } from '../../../protocols/enode/netutil.ts'
import { endpointOf, forkIdIn, parseRecord } from '../../../protocols/enr/record.ts'
import { failureOf } from '../../failure.ts'
import { DnsServer } from '../../support/dns-server.ts'
import { peerCount } from '../../support/peer-count.ts'
import { keyOf } from '../discovery/some-nodes.ts'

describe('a node with discovery', () => {
  let nodes: PeerchartNode[]
  let sent: UdpEndpoint[]
  let datagrams: ReturnType<typeof memoryDatagrams>
  let transport: Transport

  beforeEach(() => {
    nodes = []
    sent = []
    datagrams = memoryDatagrams({ passed: (_, __, to) => sent.push(to) > 0 })
    transport = { ...memoryNetwork(), ...datagrams }
  })
  afterEach(async () => {
    for (const node of nodes) await node.stop()
  })
  const start = async (change: NodeOptions = {}, bootnodes: readonly string[] = []) => {
    const node = await createNode({ genesis: devGenesisJson, transport, port: 0, discovery: { bootnodes }, ...change })
    nodes.push(node)
    await node.start()
    return node
  }
  it('says in its record where it is found, and of which chain it is', async () => {
    const node = await start()
    const { enode, enr, ports } = node.nodeInfo()
    const record = parseRecord(enr)
    const { tcp, udp } = endpointOf(record)
    expect(ports).to.deep.equal({ discovery: udp, listener: tcp })
    expect(udp).to.equal(tcp)
    expect(enode).to.equal(node.enode)
    expect(enode).to.not.contain('discport')
    expect(forkIdIn(record)).to.deep.equal(node.chain.forkId())
  })
  it('says in its record what its protocols say of themselves there, as `snap` does', async () => {
    const protocol = { name: 'own', version: 1, length: 1, run: () => ({ message() {}, closed() {} }) }
    const node = await start({ protocols: [{ ...protocol, attributes: { snap: [], own: 7 } }] })
    const { pairs } = parseRecord(node.nodeInfo().enr)
    expect([pairs.get('snap'), pairs.get('own')]).to.deep.equal([Uint8Array.of(0xc0), Uint8Array.of(7)])
  })
  it('finds nodes in a list of DNS, whose server is on this machine', async () => {
    const [a, b] = [await start({}, []), await start({}, [])]
    const records = [a, b].map((node) => parseRecord(node.nodeInfo().enr))
    const zone = toTxt(signTree({ seq: 1n, records, links: [] }, keyOf(9)), 'l.example')
    const server = await DnsServer.open(zone)
    try {
      const dns = [formatLink(linkOf('l.example', keyOf(9)))]
      const lists = { v4: false, v5: false, dns, dnsServers: [server.address] }
      const c = await start({ transport: { ...transport, dnsLookup }, discovery: lists })
      await peerCount(c, 2)
      expect(
        c
          .peers()
          .map(({ id }) => id)
          .sort(),
      ).to.deep.equal([a.id, b.id].sort())
    } finally {
      server.close()
    }
  })
  it('asks no DNS server elsewhere from a loopback address, and takes no list that is none', async () => {
    const dns = [formatLink(linkOf('l.example', keyOf(9)))]
    const lookups: unknown[] = []
    const other: Transport['dnsLookup'] = (options) => {
      lookups.push(options)
      return async () => []
    }
    await start({ transport: { ...transport, dnsLookup: other }, discovery: { dns, dnsServers: ['192.0.2.1'] } })
    expect(lookups).to.deep.equal([])
    expect(await failureOf(start({ discovery: { dns: ['enrtree://l.example'] } }))).to.be.instanceOf(TreeError)
  })
  it('without it says that it is not found by it', async () => {
    const node = await createNode({ genesis: devGenesisJson, transport, port: 0 })
    nodes.push(node)
    await node.start()
    expect(node.nodeInfo().ports.discovery).to.equal(0)
    expect(node.enode).to.contain('?discport=0')
    expect(sent).to.deep.equal([])
  })
  it('finds the others of its chain, and connects to them, though it knows one of them alone', async () => {
    const first = await start()
    const others: PeerchartNode[] = []
    const connected: Promise<unknown>[] = [peerCount(first, 3)]
    for (let i = 0; i < 3; i++) others.push(await start({}, [first.enode]))
    for (const other of others) connected.push(peerCount(other, 3))
    await Promise.all(connected)
    for (const node of nodes) expect(node.peers()).to.have.length(3)
  }).timeout(60_000)
  for (const alone of ['v4', 'v5'] as const)
    it(`does so by ${alone} alone, too`, async () => {
      const only = { datagrams, v4: alone === 'v4', v5: alone === 'v5' }
      const first = await start({ discovery: only })
      const others: PeerchartNode[] = []
      for (let i = 0; i < 2; i++) others.push(await start({ discovery: { ...only, bootnodes: [first.enode] } }))
      await Promise.all([peerCount(first, 2), ...others.map((other) => peerCount(other, 2))])
      for (const node of nodes) expect(node.peers()).to.have.length(2)
      expect(first.discv5 !== undefined).to.equal(alone === 'v5')
    }).timeout(60_000)
  it('begins with a bootnode that DNS names', async () => {
    const first = await start()
    const lookUp = async () => ['127.0.0.1']
    transport = { ...transport, lookUp }
    const other = await start({}, [first.enode.replace('127.0.0.1', 'boot.example')])
    await Promise.all([peerCount(first, 1), peerCount(other, 1)])
  }).timeout(30_000)
  it('does not dial nodes of another chain', async () => {
    const dialed: number[] = []
    const { dial } = transport
    transport = { ...transport, dial: (host, port, ...more) => dial(host, dialed.push(port) ? port : 0, ...more) }
    const first = await start({ genesis: { ...devGenesisJson, timestamp: '0x1' } })
    const other = await start({}, [first.enode])
    const third = await start({}, [first.enode])
    await Promise.race([peerCount(third, 1), peerCount(other, 1)])
    const ports = [other, third].map((node) => node.nodeInfo().ports.listener)
    expect(dialed.length).to.be.above(0)
    expect(dialed.filter((port) => !ports.includes(port))).to.deep.equal([])
  }).timeout(60_000)

  describe('sends no datagram', () => {
    const wan = `enode://${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}${'483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}`
    const far = ['10.1.2.3', '9.9.9.9'].map((ip) => `${wan}@${ip}:30303`)

    it('away from the machine when it listens on loopback', async () => {
      const near = await start()
      await start({}, [...far, near.enode])
      await peerCount(near, 1)
      expect(sent.length).to.be.above(0)
      expect(sent.filter(({ ip }) => !isLoopback(ip))).to.deep.equal([])
    }).timeout(30_000)
    it('nor a name to DNS, when it is started for a public network, as `peerchart start` does by itself', async () => {
      const dialed: string[] = []
      const asked: string[] = []
      const { dial } = transport
      transport = {
        ...transport,
        dial: (host, ...more) => dial(dialed[dialed.push(host) - 1]!, ...more),
        lookUp: async (name) => [`${asked.push(name)}`],
      }
      const { settings } = await resolveSettings({ network: 'sepolia', port: 0 })
      const options = await toNodeOptions({ ...settings, ipcPath: '' }, silent)
      expect(options.discovery!.bootnodes).to.have.length.above(5)
      const near = await start()
      const node = await createNode({ ...options, transport })
      nodes.push(node)
      await node.start()
      // Nodes of any chain answer: something is sent, so that what would leave the machine would be seen.
      const { discovery: udp } = node.nodeInfo().ports
      await near.discv5!.ping(nodeOfRecord(parseRecord(node.nodeInfo().enr))!)
      expect(udp).to.be.above(0)
      expect(sent.length).to.be.above(0)
      expect([...sent.filter(({ ip }) => !isLoopback(ip)), ...dialed, ...asked]).to.deep.equal([])
    })
    it('out of the networks it is restricted to, wherever it listens', async () => {
      const netRestrict = '127.0.0.0/8'
      const near = await start()
      await start({ host: '0.0.0.0', netRestrict, nodeKey: keyOf(9) }, [...far, near.enode])
      // No one at 0.0.0.0 is answered in this network: what it sends is all there is to see.
      await new Promise((resolve) => setImmediate(resolve))
      expect(sent.some(({ port }) => port === near.nodeInfo().ports.discovery)).to.equal(true)
      expect(sent.filter(({ ip }) => !isInNetlist(parseNetlist(netRestrict), ip))).to.deep.equal([])
    })
    it('of those, but where it may', async () => {
      await start({ host: '0.0.0.0' }, far)
      await new Promise((resolve) => setImmediate(resolve))
      expect(sent.map(({ ip }) => ip)).to.include('10.1.2.3')
    })
  })

  it('keeps the number of its record, and whom it met, in its datadir', async () => {
    const datadir = await mkdtemp(join(tmpdir(), 'peerchart-discovery-'))
    const seqs: bigint[] = []
    for (let i = 0; i < 2; i++) {
      const node = await start({ datadir })
      seqs.push(parseRecord(node.nodeInfo().enr).seq)
      await node.stop()
    }
    expect(seqs[1]! > seqs[0]!).to.equal(true)
    await rm(datadir, { recursive: true })
  })
  it('says the address that it was given, whether it discovers or not', async () => {
    const node = await createNode({ genesis: devGenesisJson, transport, port: 0, nat: 'extip:203.0.113.7' })
    nodes.push(node)
    await node.start()
    expect(node.nodeInfo()).to.include({ ip: '203.0.113.7' })
    expect(node.enode).to.contain('@203.0.113.7:')
  })
  it('is refused what is no bootnode and no network', async () => {
    const refused = (options: NodeOptions) => failureOf(createNode({ genesis: devGenesisJson, ...options }))
    expect(await refused({ discovery: { bootnodes: ['enode://1'] } })).to.be.instanceOf(EnodeError)
    expect(await refused({ nat: 'upnp' })).to.be.instanceOf(NatError)
    expect(await refused({ netRestrict: 'all' })).to.be.instanceOf(NetlistError)
  })
  it('does not start when its port is taken', async () => {
    const socket = await datagrams.bind('127.0.0.1', 4_444, () => {})
    const node = await createNode({
      ...{ genesis: devGenesisJson, transport, port: 0, discovery: { port: 4_444 } },
    })
    expect((await failureOf(node.start())).message).to.contain('address already in use')
    await socket.close()
  })
  it('is found by the port that it was given', async () => {
    const node = await start({ discovery: { port: 5_555 } })
    expect(node.nodeInfo().ports.discovery).to.equal(5_555)
    expect(node.enode).to.contain('?discport=5555')
  })
})
