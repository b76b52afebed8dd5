import { expect } from 'chai'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import type { Message, Nodes, Pong } from '../../../../protocols/discv5/messages.ts'
import type { WhoareyouPacket } from '../../../../protocols/discv5/packet.ts'
import { logDistance } from '../../../../protocols/enode/distance.ts'
import { nodeIdOf } from '../../../../protocols/enode/enode.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { decodeRecord } from '../../../../protocols/enr/record.ts'
import { bytesToHex, utf8ToBytes } from '../../../../protocols/lib/bytes.ts'
import { RecordedDatagrams } from './recorded-datagrams.ts'
import { type Line, type Read, Tester } from './tester.ts'
import { startV5Node, type V5Node } from './v5-node.ts'

// The cases of geth's "devp2p discv5 test" (cmd/devp2p/internal/v5test), by their names.

describe("the cases of geth's discv5 test, against our node", () => {
  let datagrams: RecordedDatagrams
  let clock: VirtualClock
  let node: V5Node
  let tester: Tester
  let line: Line
  let requests: number
  const newTester = () => new Tester(datagrams, node.self)
  const requestId = () => Uint8Array.of(0, 0, 0, ++requests)
  const ping = (id = requestId()): Message => ({ kind: 'Ping', requestId: id, recordSeq: 1n })
  const findnode = (...distances: number[]): Message => ({ kind: 'Findnode', requestId: requestId(), distances })
  const idsIn = (nodes: Read) =>
    (nodes as Nodes).records.map((raw) => bytesToHex(nodeIdOf(decodeRecord(raw).publicKey)))
  const expectPong = (read: Read, { requestId }: Message, at: Line) => {
    const { ip, port } = at
    expect(read).to.deep.include({ kind: 'Pong', requestId, ip: parseIp(ip)!, port } satisfies Partial<Pong>)
  }

  beforeEach(async () => {
    datagrams = new RecordedDatagrams()
    clock = new VirtualClock(1_000)
    requests = 0
    node = await startV5Node({ runtime: processRuntime({ clock }), datagrams })
    await clock.run(0)
    tester = newTester()
    line = await tester.listen()
  })
  afterEach(() => node.stop())

  it('Ping: is answered once the tester has proven who it is', async () => {
    const request = ping()
    const nonce = tester.write(line, request)
    const challenge = (await tester.read(line)) as WhoareyouPacket
    expect(challenge).to.deep.include({ kind: 'whoareyou', recordSeq: 0n })
    expect(bytesToHex(challenge.nonce)).to.equal(nonce)
    tester.prove(line, request, challenge)
    expectPong(await tester.read(line), request, line)
  })
  it('PingLargeRequestID: is not answered', async () =>
    expect(await tester.ask(line, ping(new Uint8Array(9)))).to.equal(undefined))
  it('PingMultiIP: a session holds for one endpoint', async () => {
    const [other, first, second] = [await tester.listen('127.0.0.2'), ping(), ping()]
    expectPong(await tester.ask(line, first), first, line)
    expectPong(await tester.ask(other, second), second, other)
    tester.write(line, ping())
    expect(await tester.read(line)).to.include({ kind: 'whoareyou' })
  })
  it('HandshakeResend: the challenge stays the same', async () => {
    tester.write(line, ping())
    const challenge = await tester.read(line)
    expect(challenge).to.include({ kind: 'whoareyou' })
    tester.write(line, ping())
    expect(await tester.read(line)).to.deep.equal(challenge)
  })
  it('TalkRequest: an unknown protocol is answered with nothing, whatever the request ID', async () => {
    for (const id of [requestId(), new Uint8Array(0)]) {
      const request = { requestId: id, protocol: utf8ToBytes('test-protocol'), request: new Uint8Array(0) }
      const response = await tester.ask(line, { kind: 'TalkRequest', ...request })
      expect(response).to.deep.equal({ kind: 'TalkResponse', requestId: id, response: new Uint8Array(0) })
    }
  })
  it('FindnodeWrongIP: another endpoint is challenged', async () => {
    await tester.ask(line, ping())
    const other = await tester.listen('127.0.0.2')
    tester.write(other, findnode(0))
    expect(await tester.read(other)).to.include({ kind: 'whoareyou' })
    expect(await tester.read(other)).to.equal(undefined)
  })
  it('FindnodeHandshake: nodes come after the handshake', async () => {
    const request = findnode(0)
    expect(await tester.ask(line, request)).to.deep.include({ kind: 'Nodes', requestId: request.requestId })
  })
  it('FindnodeZeroDistance: is the node itself', async () => {
    const response = await tester.ask(line, findnode(0))
    expect(response).to.include({ total: 1 })
    expect(idsIn(response)).to.deep.equal([node.local.id])
  })
  it('FindnodeResults: those who asked are checked, and found from then on', async () => {
    const bystanders = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const bystander = newTester()
        const line = await bystander.listen()
        bystander.setEndpoint(line)
        await bystander.ask(line, ping())
        line.answer = (read) => {
          if (read?.kind !== 'Ping') return
          const { ip, udp } = node.socket && { ip: parseIp(node.self.host)!, udp: node.self.udp }
          bystander.write(line, { kind: 'Pong', requestId: read.requestId, recordSeq: 2n, ip, port: udp })
        }
        return bystander
      }),
    )
    const distances = [...new Set(bystanders.map(({ id }) => logDistance(id, node.local.id)))]
    expect(idsIn(await tester.ask(line, findnode(...distances)))).to.deep.equal([])
    await clock.run(60_000)
    const found = await tester.ask(line, findnode(...distances))
    const all = [...idsIn(found), ...((found as Nodes).total > 1 ? idsIn(await tester.read(line)) : [])]
    expect(all.sort()).to.deep.equal(bystanders.map(({ id }) => id).sort())
  })
  it('UnsolicitedNodes: no one hears of them', async () => {
    await tester.ask(line, ping())
    const fake = newTester()
    const fakeLine = await fake.listen()
    fake.setEndpoint(fakeLine)
    tester.write(line, { kind: 'Nodes', requestId: requestId(), total: 1, records: [fake.record.raw] })
    const prober = newTester()
    const probing = await prober.listen()
    const request = findnode(logDistance(fake.id, node.local.id))
    for (let i = 0; i < 3; i++) {
      expect(idsIn(await prober.ask(probing, request))).to.deep.equal([])
      await clock.run(10_000)
    }
    expect(fakeLine.inbox).to.deep.equal([])
  })
})
