import { expect } from 'chai'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { type Discv5Options, discv5, type ScriptedDiscv5 } from '../../../../actors/scripted-peer/discv5.ts'
import { memoryDatagrams } from '../../../../actors/simulation/memory-datagrams.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import type { Nodes, Pong } from '../../../../protocols/discv5/messages.ts'
import { logDistance } from '../../../../protocols/enode/distance.ts'
import { nodeIdOf } from '../../../../protocols/enode/enode.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { decodeRecord } from '../../../../protocols/enr/record.ts'
import { bytesToHex } from '../../../../protocols/lib/bytes.ts'
import { startV5Node, type V5Node } from './v5-node.ts'

// The cases of geth's "devp2p discv5 test" (cmd/devp2p/internal/v5test), by their names.

describe("the cases of geth's discv5 test, against our node", () => {
  let network: ReturnType<typeof memoryDatagrams>
  let clock: VirtualClock
  let node: V5Node
  let tester: ScriptedDiscv5
  const open = (options: Discv5Options = {}) => {
    const runtime = processRuntime({ clock })
    return discv5(node.self, { network, runtime, record: {}, timeout: 300, ...options })
  }
  /** The same node, and its session, at another address. */
  const elsewhere = (options: Discv5Options = {}) =>
    open({ privateKey: tester.privateKey, keys: tester.keys!, localAddress: '127.0.0.2', ...options })
  const silence = (of = tester) => Promise.all([of.expectSilence(300), clock.run(300)])
  const idsIn = ({ records }: Nodes) => records.map((raw) => bytesToHex(nodeIdOf(decodeRecord(raw).publicKey)))
  const expectPong = (pong: Pong, { endpoint: { ip, port } }: ScriptedDiscv5) =>
    expect(pong).to.deep.include({ ip: parseIp(ip)!, port })

  beforeEach(async () => {
    network = memoryDatagrams()
    clock = new VirtualClock(1_000)
    node = await startV5Node({ runtime: processRuntime({ clock }), datagrams: network })
    await clock.run(0)
    tester = await open()
  })
  afterEach(() => node.stop())

  it('Ping: is answered once the tester has proven who it is', async () => {
    const nonce = tester.send('Ping')
    expect(await tester.expect('whoareyou', { nonce })).to.include({ recordSeq: 0n })
    expectPong(await tester.expect('Pong'), tester)
  })
  it('PingLargeRequestID: is not answered', async () => {
    tester.send('Ping', { requestId: new Uint8Array(9) })
    await tester.expect('whoareyou')
    await silence()
  })
  it('PingMultiIP: a session holds for one endpoint', async () => {
    expectPong(await tester.request('Ping', {}), tester)
    const other = await elsewhere()
    expectPong(await other.request('Ping', {}), other)
    expect(other.log.map(({ label }) => label)).to.deep.equal(['whoareyou', 'Pong'])
    const nonce = tester.send('Ping', {}, { key: other.keys!.writeKey })
    await tester.expect('whoareyou', { nonce })
  })
  it('HandshakeResend: the challenge stays the same', async () => {
    tester = await open({ through: 'packets' })
    tester.send('Ping')
    const challenge = await tester.expect('whoareyou')
    tester.send('Ping')
    expect(await tester.expect('whoareyou')).to.deep.equal(challenge)
  })
  it('TalkRequest: an unknown protocol is answered with nothing, whatever the request ID', async () => {
    for (const requestId of [Uint8Array.of(7), new Uint8Array(0)]) {
      const { response } = await tester.request('TalkRequest', { requestId, protocol: 'test-protocol' })
      expect(response).to.have.length(0)
    }
  })
  it('FindnodeWrongIP: another endpoint is challenged', async () => {
    await tester.request('Ping', {})
    const other = await elsewhere({ through: 'packets' })
    other.send('Findnode', { distances: [0] })
    await other.expect('whoareyou')
    await silence(other)
  })
  it('FindnodeHandshake, FindnodeZeroDistance: is the node itself, once the handshake is made', async () => {
    const nodes = await tester.request('Findnode', { distances: [0] })
    expect(nodes).to.include({ total: 1 })
    expect(idsIn(nodes)).to.deep.equal([node.local.id])
  })
  it('FindnodeResults: those who asked are checked, and found from then on', async () => {
    const bystanders = await Promise.all(Array.from({ length: 5 }, () => discv5(node.self, { network })))
    for (const bystander of bystanders) await bystander.request('Ping', {})
    const distances = [...new Set(bystanders.map(({ id }) => logDistance(id, node.local.id)))]
    expect(idsIn(await tester.request('Findnode', { distances }))).to.deep.equal([])
    await clock.run(60_000)
    const found = await tester.request('Findnode', { distances })
    const all = [...idsIn(found), ...(found.total > 1 ? idsIn(await tester.expect('Nodes')) : [])]
    expect(all.sort()).to.deep.equal(bystanders.map(({ id }) => id).sort())
  })
  it('UnsolicitedNodes: no one hears of them', async () => {
    await tester.request('Ping', {})
    const fake = await discv5(node.self, { network })
    tester.send('Nodes', { requestId: Uint8Array.of(9), records: [fake.record.raw] })
    const prober = await open()
    const distances = [logDistance(fake.id, node.local.id)]
    for (let i = 0; i < 3; i++) {
      expect(idsIn(await prober.request('Findnode', { distances }))).to.deep.equal([])
      await clock.run(10_000)
    }
    expect(fake.log).to.deep.equal([])
  })
})
