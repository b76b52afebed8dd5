import { expect } from 'chai'
import { CallFailed, lookupDistances } from '../../../../actors/discovery/v5/discv5.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import type { Message } from '../../../../protocols/discv5/messages.ts'
import { closestTo, logDistance } from '../../../../protocols/enode/distance.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { signRecord } from '../../../../protocols/enr/record.ts'
import { failureOf } from '../../../failure.ts'
import { keyOf } from '../some-nodes.ts'
import { RecordedDatagrams } from './recorded-datagrams.ts'
import { arrived, Tester } from './tester.ts'
import { startV5Node, type V5Node, type V5NodeOptions } from './v5-node.ts'

describe('discovery over discv5', () => {
  let datagrams: RecordedDatagrams
  let clock: VirtualClock
  let nodes: V5Node[]
  const start = async (options: V5NodeOptions = {}) => {
    const node = await startV5Node({ runtime: processRuntime({ clock }), datagrams, ...options })
    nodes.push(node)
    await clock.run(0)
    return node
  }
  const idsOf = (found: readonly { id: string }[]) => found.map(({ id }) => id)

  beforeEach(() => {
    datagrams = new RecordedDatagrams()
    clock = new VirtualClock(1_000)
    nodes = []
  })
  afterEach(() => Promise.all(nodes.map((node) => node.stop())))

  it('asks whether a node is there, and for its record of now', async () => {
    const [a, b] = [await start(), await start()]
    const { self } = b
    expect(await a.discv5.ping(self)).to.include({ kind: 'Pong', recordSeq: b.local.seq })
    b.local.set('x', 1)
    expect((await a.discv5.requestRecord(self)).record?.pairs.has('x')).to.equal(true)
  })
  it('asks application protocols, and has its own', async () => {
    const [a, b] = [await start(), await start()]
    b.discv5.onTalk('sum', async (request, { id }) =>
      Uint8Array.of(
        request.reduce((sum, byte) => sum + byte, 0),
        id === a.local.id ? 1 : 0,
      ),
    )
    expect(await a.discv5.talk(b.self, 'sum', Uint8Array.of(3, 4))).to.deep.equal(Uint8Array.of(7, 1))
    expect(await a.discv5.talk(b.self, 'product', Uint8Array.of(3, 4))).to.have.length(0)
    b.discv5.onTalk('sum', () => {
      throw new Error('of the handler')
    })
    const failure = failureOf(a.discv5.talk(b.self, 'sum', Uint8Array.of(1)))
    await clock.run(700)
    expect(await failure)
      .to.be.instanceOf(CallFailed)
      .with.property('why', 'timeout')
    expect(await a.discv5.ping(b.self)).to.include({ kind: 'Pong' })
    b.discv5.onTalk('sum', () => new Uint8Array(1_200))
    const before = datagrams.sent.length
    const late = failureOf(a.discv5.talk(b.self, 'sum', Uint8Array.of(1)))
    await clock.run(700)
    expect(await late).to.have.property('why', 'timeout')
    expect(datagrams.sent.length - before).to.equal(1, 'no packet of more than 1280 bytes')
  })
  it('asks whom it has no record of, but not whom it has no port of, or may not speak with', async () => {
    const [a, b] = [await start({ isAllowed: (ip) => ip === '127.0.0.1' }), await start()]
    const { record, ...unrecorded } = b.self
    expect(await a.discv5.ping(unrecorded)).to.include({ kind: 'Pong' })
    expect(await failureOf(a.discv5.ping({ ...b.self, udp: 0 }))).to.have.property('why', 'no endpoint')
    expect(await failureOf(a.discv5.ping({ ...b.self, host: '127.0.0.2' }))).to.have.property('why', 'no endpoint')
    a.discv5.close()
    expect(await failureOf(a.discv5.ping(b.self))).to.have.property('why', 'closed')
  })
  it('knows who has proven itself, and asks no one more than once at a time whether it is still there', async () => {
    const [a, b] = [await start(), await start()]
    await b.discv5.ping(a.self)
    expect(a.discv5.table.get(b.local.id)).to.deep.include({ isLive: false, checks: 0 })
    await clock.run(30_000)
    const { isLive, checks } = a.discv5.table.get(b.local.id)!
    expect(isLive).to.equal(true)
    expect(checks).to.be.greaterThan(3)
    expect(a.database.lastPong(b.local.id, '127.0.0.1')).to.be.greaterThan(0)
    await clock.run(60_000)
    expect(a.database.node(b.local.id)?.id).to.equal(b.local.id)
    // It ends; what it had proven keeps it for a while.
    await b.stop()
    await clock.run(60_000)
    expect(a.discv5.table.size).to.equal(0)
  })
  it('finds a node by its id alone, though it has never heard of it', async () => {
    const boot = await start()
    const sought = await start({ bootnodes: [boot.self] })
    await clock.run(30_000)
    const other = await start({ bootnodes: [boot.self] })
    const [found, none] = [other.discv5.locate({ id: sought.local.id }), other.discv5.locate({ id: '00'.repeat(32) })]
    await clock.run(30_000)
    expect(await found).to.deep.include({ id: sought.local.id, udp: sought.self.udp })
    expect(await none).to.equal(undefined)
  })
  it('takes the newer record of a node that it checks', async () => {
    const [a, b] = [await start(), await start()]
    await b.discv5.ping(a.self)
    b.local.set('x', 7)
    await clock.run(10_000)
    expect(a.discv5.table.get(b.local.id)?.node.record?.pairs.has('x')).to.equal(true)
  })
  it('believes of its own endpoint what ten hosts say that it has asked', async () => {
    const a = await start()
    for (let i = 1; i <= 10; i++) {
      const tester = new Tester(datagrams, a.self)
      const line = await tester.listen(`127.0.1.${i}`)
      tester.setEndpoint(line)
      const pong = (requestId: Uint8Array): Message => ({
        ...{ kind: 'Pong', requestId, recordSeq: 0n },
        ...{ ip: parseIp('127.9.9.9')!, port: 9_999 },
      })
      await tester.ask(line, { kind: 'Ping', requestId: Uint8Array.of(1), recordSeq: 0n })
      // No one asked: it changes nothing.
      tester.write(line, pong(Uint8Array.of(1)))
      await arrived()
      expect(a.self.udp).to.equal(a.socket.port)
      line.answer = (read) => {
        if (read?.kind === 'Ping') tester.write(line, pong(read.requestId))
      }
      await a.discv5.ping(tester.node)
    }
    expect(a.self).to.include({ host: '127.9.9.9', udp: 9_999 })
  })
  it('begins with the nodes that it has kept, and needs no bootnode', async () => {
    const b = await start()
    const a = await start({ bootnodes: [b.self] })
    a.database.notePong(b.local.id, '127.0.0.1')
    a.database.setNode(b.self)
    const again = await start({ database: a.database })
    expect(idsOf(again.discv5.table.closest(b.local.id, 16, false))).to.deep.equal([b.local.id])
  })

  describe('in a network of 20', () => {
    let bootnode: V5Node
    beforeEach(async function () {
      this.timeout(60_000)
      bootnode = await start({ privateKey: keyOf(1) })
      for (let i = 2; i <= 20; i++) await start({ privateKey: keyOf(i), bootnodes: [bootnode.self] })
      // The bootnode names those alone that it has checked.
      await clock.run(60_000)
      for (const node of nodes) node.discv5.want()
      await clock.run(60_000)
    })

    it('finds whom it looks for, and the closest of all', async () => {
      const target = nodes[15]!
      const found = await nodes[7]!.discv5.lookUp(target.local.id)
      const others = nodes.filter((node) => node !== nodes[7]).map(({ self }) => self)
      const closest = idsOf(closestTo(target.local.id, others, 16))
      expect(idsOf(found)[0]).to.equal(target.local.id)
      expect(idsOf(found).filter((id) => closest.includes(id)).length).to.be.at.least(14)
      expect(idsOf(found)).to.not.include(nodes[7]!.local.id)
    }).timeout(60_000)
    it('resolves a node to its newest record, by itself or by others', async () => {
      const [asker, target] = [nodes[5]!, nodes[18]!]
      const old = target.self
      target.local.set('x', 5)
      expect((await asker.discv5.resolve(old)).record?.pairs.has('x')).to.equal(true)
      await target.stop()
      nodes.splice(18, 1)
      const gone = asker.discv5.resolve(old)
      await clock.run(20_000)
      expect((await gone).id).to.equal(old.id)
    }).timeout(60_000)
    it('walks about, and reports whom it sees', async () => {
      const seen = new Set<string>()
      let rests = 0
      const walker = await start({
        bootnodes: [bootnode.self],
        found: (found) => {
          for (const { id } of found) seen.add(id)
        },
        rested: () => rests++,
      })
      await clock.run(1_000)
      walker.discv5.want()
      await clock.run(5_000)
      expect(rests).to.equal(1)
      expect(seen.size).to.be.greaterThan(10)
    }).timeout(60_000)
  })

  describe('is not led astray by a node that', () => {
    /** A node that answers FINDNODE with these records, asked at any distance. */
    const liar = async (victim: V5Node, records: (tester: Tester) => readonly Uint8Array[], total = 1) => {
      const tester = new Tester(datagrams, victim.self)
      const line = await tester.listen()
      tester.setEndpoint(line)
      await tester.ask(line, { kind: 'Ping', requestId: Uint8Array.of(1), recordSeq: 0n })
      line.answer = (read) => {
        if (read?.kind !== 'Findnode') return
        for (const record of records(tester))
          tester.write(line, { kind: 'Nodes', requestId: read.requestId, total, records: [record] })
      }
      return tester
    }
    const recordAt = (i: number, ip: string, udp = 30_303) => signRecord(1n, { ip: parseIp(ip)!, udp }, keyOf(i)).raw

    it('names nodes that it was not asked for', async () => {
      const a = await start()
      const tester = await liar(a, () => Array.from({ length: 5 }, (_, i) => recordAt(i + 1, '127.0.0.1')), 5)
      const wrong = Array.from({ length: 200 }, (_, distance) => distance + 1)
      expect(await a.discv5.findNode(tester.node, wrong)).to.deep.equal([])
    })
    it('names ourselves, addresses that are none, or ports of other services', async () => {
      const a = await start()
      const all = Array.from({ length: 256 }, (_, distance) => distance + 1)
      const poison = [
        recordAt(3, '0.0.0.0'),
        recordAt(4, '224.1.1.1'),
        recordAt(5, '127.0.0.1', 53),
        a.local.record.raw,
      ]
      const tester = await liar(a, () => poison, 4)
      expect(idsOf(await a.discv5.findNode(tester.node, all))).to.deep.equal([a.local.id])
      const found = await a.discv5.lookUp(tester.id)
      expect(idsOf(found)).to.deep.equal([tester.id])
      expect(a.discv5.table.size).to.equal(1)
    })
    it('announces more answers than one may have', async () => {
      const a = await start()
      const all = Array.from({ length: 256 }, (_, distance) => distance + 1)
      const tester = await liar(a, () => Array.from({ length: 40 }, (_, i) => recordAt(i + 1, '127.0.0.1')), 255)
      expect(await a.discv5.findNode(tester.node, all)).to.have.length(5)
    })
    it('announces more answers than come', async () => {
      const a = await start()
      const all = Array.from({ length: 256 }, (_, distance) => distance + 1)
      const tester = await liar(a, () => [recordAt(9, '127.0.0.1')], 3)
      const found = a.discv5.findNode(tester.node, all)
      await clock.run(1_000)
      expect(await found).to.have.length(1)
      const silent = await liar(a, () => [])
      const failure = failureOf(a.discv5.findNode(silent.node, all))
      await clock.run(1_000)
      expect(await failure).to.have.property('why', 'timeout')
    })
  })

  it('asks for distances around that of the target', () => {
    const id = '00'.repeat(32)
    const at = (distance: number) => (1n << BigInt(distance - 1)).toString(16).padStart(64, '0')
    expect(logDistance(id, at(255))).to.equal(255)
    expect(lookupDistances(at(255), id)).to.deep.equal([255, 256, 254])
    expect(lookupDistances(at(256), id)).to.deep.equal([256, 255, 254])
    expect(lookupDistances(at(1), id)).to.deep.equal([1, 2, 3])
    expect(lookupDistances(id, id)).to.deep.equal([0, 1, 2])
  })
})
