import { expect } from 'chai'
import type { BrokenDiscv4, ScriptedDiscv4 } from '../../../../actors/scripted-peer/discv4.ts'
import { encodePacket, type Neighbor, type Ping } from '../../../../protocols/discv4/packets.ts'
import { toEnode } from '../../../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../../../protocols/enode/netutil.ts'
import { decodeRecord, signRecord } from '../../../../protocols/enr/record.ts'
import { bytesToHex, concatBytes } from '../../../../protocols/lib/bytes.ts'
import { encodeList, encodeRlp } from '../../../../protocols/lib/rlp.ts'
import { itTakesLong } from '../../../long.ts'
import { keyOf, someNode } from '../some-nodes.ts'
import { type OwnNode, responseWait, World } from './world.ts'

describe('discv4', () => {
  let world: World
  let node: OwnNode
  let tester: ScriptedDiscv4

  beforeEach(async () => {
    world = new World()
    node = await world.node(1)
    tester = await world.tester(100, node)
    // The table is open to who contacts us once the first lookups have found no one.
    await world.clock.run(0)
  })
  const silence = (of = tester) => world.passes(of.expectSilence(responseWait))
  const bond = (of = tester) => world.passes(of.bond())
  /** The trick of geth's suite: far ahead for who does not read it as signed. */
  const past = () => ({ expiration: BigInt.asUintN(64, -tester.expiration) })

  describe('as geth’s conformance suite asks', () => {
    const nowhere = { ip: parseIp('192.0.2.0')!, udp: 0, tcp: 0 }
    const mapped = { ...nowhere, ip: concatBytes(new Uint8Array(10), Uint8Array.of(255, 255, 192, 0, 2, 0)) }
    const junk: BrokenDiscv4 = { extra: [42, new Uint8Array(7)] }

    for (const [name, fields, broken] of [
      ['Ping/Basic', {}, {}],
      ['Ping/WrongTo', { to: nowhere }, {}],
      ['Ping/WrongFrom', { from: mapped }, {}],
      ['Ping/ExtraData', {}, junk],
      ['Ping/ExtraDataWrongFrom', { from: mapped }, junk],
    ] as const)
      it(`${name}: one PONG to where the PING came from, and one PING`, async () => {
        const replyTo = tester.send('PING', fields, broken)
        const { to, expiration } = await tester.expect('PONG', { replyTo })
        expect([formatIp(to.ip), to.udp]).to.deep.equal(['127.0.0.1', tester.endpoint.port])
        expect(Number(expiration) * 1_000).to.be.above(world.clock.now())
        await tester.expect('PING')
        await silence()
      })
    for (const [name, broken] of [
      ['WrongPacketType', { type: 66, rlp: encodeRlp([4]) }],
      ['a wrong hash', { hash: new Uint8Array(32) }],
      ['a signature that is none', { signature: new Uint8Array(65).fill(255) }],
      ['fields that are missing', { rlp: encodeRlp([4]) }],
    ] as const)
      it(`Ping/${name}: nothing`, async () => {
        tester.send('PING', {}, broken)
        await silence()
      })
    it('Ping/PastExpiration: nothing', async () => {
      tester.send('PING', past())
      await silence()
    })
    it('Ping/BondThenPingWithWrongFrom: one PONG', async () => {
      await bond()
      tester.send('PING', { from: mapped })
      await tester.expect('PONG')
      await silence()
    })
    it('ENRRequest: our record', async () => {
      await bond()
      const replyTo = tester.send('ENRREQUEST')
      const { record } = await tester.expect('ENRRESPONSE', { replyTo })
      expect(decodeRecord(record)).to.deep.equal(node.localNode.record)
      await silence()
    })
    it('Findnode/WithoutEndpointProof: nothing', async () => {
      tester.send('FINDNODE')
      await silence()
    })
    it('Findnode/BasicFindnode: NEIGHBORS, though there are none but the tester', async () => {
      await bond()
      tester.send('FINDNODE')
      await tester.expect('NEIGHBORS')
      await silence()
    })
    it('Findnode/UnsolicitedNeighbors: NEIGHBORS that are not what it said', async () => {
      await bond()
      const { publicKey, udp, tcp } = someNode(7)
      tester.send('NEIGHBORS', { nodes: [{ ip: parseIp('127.0.0.1')!, udp, tcp, publicKey }] })
      tester.send('FINDNODE', { target: publicKey })
      const { nodes } = await tester.expect('NEIGHBORS')
      expect(nodes.map((one) => bytesToHex(one.publicKey))).to.deep.equal([bytesToHex(tester.publicKey)])
    })
    it('Findnode/PastExpiration: nothing', async () => {
      await bond()
      tester.send('FINDNODE', past())
      await silence()
    })
    it('Amplification/InvalidPongHash: nothing for who has not proven its endpoint', async () => {
      tester.send('PING')
      await tester.expect('PING')
      tester.send('PONG', { replyTo: new Uint8Array(32) })
      tester.send('FINDNODE')
      await silence()
    })
    it('Amplification/WrongIP: nothing at another address, not even a PING', async () => {
      await bond()
      const elsewhere = await world.tester(100, node, '127.0.0.2')
      const before = world.sent.get('127.0.0.1 > 127.0.0.1')
      elsewhere.send('FINDNODE')
      await silence(elsewhere)
      expect(world.sent.get('127.0.0.1 > 127.0.0.1'), 'nor is it sent to where the key has bonded').to.equal(before)
    })
    it('takes PONG and FINDNODE in the order they come', async () => {
      tester.send('PING')
      const { hash } = await tester.expect('PING')
      tester.send('PONG', { replyTo: hash })
      tester.send('FINDNODE')
      await tester.expect('NEIGHBORS')
    })
  })

  describe('under attack', () => {
    it('sends who has proven nothing less than it was sent, but for the first few PINGs', async () => {
      const victim = '9.9.9.9'
      const floods = await Promise.all(Array.from({ length: 200 }, (_, i) => world.tester(200 + i, node, victim)))
      for (const flood of floods) for (const name of ['PING', 'FINDNODE', 'PING'] as const) flood.send(name)
      await world.clock.run(0)
      expect(world.sent.get(`127.0.0.1 > ${victim}`)!).to.be.below(world.sent.get(`${victim} > 127.0.0.1`)! / 4)
    })
    itTakesLong('a thousand keys are made, and each signs')(
      'keeps what bonded while a thousand keys ping and random bytes come, and no more of them than it may',
      async () => {
        await bond()
        const before = node.v4.nodeCount
        const from = { ip: '127.0.0.1', port: 9 }
        const place = { ip: parseIp('127.0.0.1')!, udp: 9, tcp: 0 }
        const { expiration } = tester
        const ping: Ping = { name: 'PING', version: 4n, from: place, to: place, expiration }
        for (let i = 0; i < 1_100; i++) node.v4.receive(encodePacket(ping, keyOf(1_000 + i)).bytes, from)
        const noise = new Uint8Array(200)
        for (let i = 0; i < 10_000; i++) node.v4.receive(noise.fill(i & 255), { ip: '127.0.0.1', port: i })
        expect(node.v4.nodeCount - before).to.be.at.most(1_024)
        tester.send('FINDNODE')
        await tester.expect('NEIGHBORS')
        await world.clock.run(10_000)
        expect(node.v4.nodeCount, 'who did not answer is forgotten').to.be.at.most(before)
      },
    ).timeout(30_000)
    it('hears nothing from itself', async () => {
      const self = await world.tester(1, node)
      self.send('PING')
      await silence(self)
    })

    const place = (ip: string, udp: number, i = 50) => ({ ...someNode(i), ip: parseIp(ip)!, udp, tcp: 1 })
    for (const [what, nodes] of [
      ['a private address', [place('10.0.0.1', 30_303)]],
      ['loopback', [place('127.0.0.1', 30_303)]],
      ['no address', [place('0.0.0.0', 30_303)]],
      ['an address of three bytes', [{ ...place('1.2.3.4', 30_303), ip: Uint8Array.of(1, 2, 3) }]],
      ['multicast', [place('224.0.0.1', 30_303)]],
      ['documentation', [place('192.0.2.1', 30_303)]],
      ['a low port', [place('8.8.8.8', 53)]],
      ['a key off the curve', [{ ...place('8.8.8.8', 30_303), publicKey: new Uint8Array(64).fill(9) }]],
      ['ourselves', [place('8.8.8.8', 30_303, 1)]],
    ] as const)
      it(`takes no neighbor at ${what} from a node of the internet`, async () => {
        const { far, answer } = await asked('9.9.9.9')
        answer(nodes.map(({ ip, udp, tcp, publicKey }) => ({ ip, udp, tcp, publicKey })))
        expect(await far).to.deep.equal(what === 'ourselves' ? [someNode(1).id] : [])
        expect(node.v4.table.size).to.equal(0)
      })
    it('takes the good ones', async () => {
      const { far, answer } = await asked('9.9.9.9')
      const nodes = [2, 3, 4].map((i) => place(`8.8.${i}.8`, 30_303, i))
      answer(nodes.map(({ ip, udp, tcp, publicKey }) => ({ ip, udp, tcp, publicKey })))
      expect(await far).to.deep.equal([2, 3, 4].map((i) => someNode(i).id))
    })

    /** A node at `ip` is asked for others: `answer` is its NEIGHBORS. */
    async function asked(ip: string) {
      const far = await world.tester(300, node, ip)
      await bond(far)
      node.v4.table.remove(someNode(300).id)
      const query = node.v4.findnode({ ...someNode(300, ip, far.endpoint.port), host: ip }, new Uint8Array(64))
      await far.expect('FINDNODE')
      return {
        far: world.clock.run(600).then(async () => (await query).map(({ id }) => id)),
        answer: (nodes: readonly Neighbor[]) => void far.send('NEIGHBORS', { nodes }),
      }
    }
  })

  describe('when it asks for a record', () => {
    const at = (i: number, seq: bigint, ip = '127.0.0.1') =>
      signRecord(seq, { ip: parseIp(ip)!, udp: 7, tcp: 8 }, keyOf(i)).raw
    async function answered(record: Uint8Array) {
      await bond()
      const resolved = node.v4.resolve({ ...someNode(100, '127.0.0.1', tester.endpoint.port) })
      const { hash: replyTo } = await tester.expect('ENRREQUEST')
      tester.send('ENRRESPONSE', { replyTo, record })
      await world.clock.run(600)
      return resolved
    }
    it('takes the one that the node signed', async () => {
      const { record, tcp } = (await answered(at(100, 5n)))!
      expect([record!.seq, tcp]).to.deep.equal([5n, 8])
    })
    for (const [what, record] of [
      ['of another node', at(7, 5n)],
      ['with an address it may not name', at(100, 5n, '192.0.2.1')],
      ['that is none', encodeList([])],
      ['of more than 300 bytes', encodeRlp([new Uint8Array(400)])],
    ] as const)
      it(`takes none ${what}`, async () => expect((await answered(record))!.record).to.equal(undefined))
  })

  describe('in a network', () => {
    it('five nodes that know one of them find all the others', async () => {
      const nodes = await Promise.all([2, 3, 4, 5].map((i) => world.node(i, { bootnodes: [node.node] })))
      await world.clock.run(60_000)
      for (const { v4, node: self } of [node, ...nodes]) {
        const ids = v4.table
          .buckets()
          .flat()
          .map((entry) => entry.node.id)
        const others = [1, 2, 3, 4, 5].map((i) => someNode(i).id).filter((id) => id !== self.id)
        expect(ids.sort()).to.deep.equal(others.sort())
        expect(
          v4.table
            .buckets()
            .flat()
            .every(({ isLive }) => isLive),
        ).to.equal(true)
      }
    })
    it('a node that starts again needs no bootnode: it begins with those that answered', async () => {
      const other = await world.node(2, { bootnodes: [node.node] })
      await world.clock.run(10 * 60_000)
      other.v4.close()
      await other.socket.close()
      const again = await world.node(2, { database: other.database })
      await world.clock.run(10_000)
      expect(again.v4.table.get(node.node.id)?.isLive).to.equal(true)
      expect(again.localNode.seq > other.localNode.seq).to.equal(true)
    })
    it('a node is found by its id alone, though the one who looks has never heard of it', async () => {
      const sought = await world.node(2, { bootnodes: [node.node] })
      await world.clock.run(20_000)
      const other = await world.node(3, { bootnodes: [node.node] })
      const { id, publicKey } = sought.node
      const [found, none] = [
        other.v4.locate({ id, publicKey, tcp: 0, udp: 0 }),
        other.v4.locate(toEnode(someNode(4).publicKey)),
      ]
      await world.clock.run(20_000)
      expect(await found).to.deep.include({ ...sought.node, record: sought.localNode.record })
      expect(await none).to.equal(undefined)
    })
    it('a node that is not where it was is found where it is', async () => {
      const sought = await world.node(2, { bootnodes: [node.node] })
      await world.clock.run(20_000)
      const other = await world.node(3, { bootnodes: [node.node] })
      const found = other.v4.locate({ ...sought.node, udp: 9 })
      await world.clock.run(20_000)
      expect(await found).to.deep.include({ udp: sought.node.udp })
    })
    it('a node that goes is forgotten', async () => {
      const other = await world.node(2, { bootnodes: [node.node] })
      await world.clock.run(20_000)
      expect(node.v4.table.size).to.equal(1)
      other.v4.close()
      await other.socket.close()
      await world.clock.run(60_000)
      expect(node.v4.table.size).to.equal(0)
    })
    it('the record of a node is taken when it says that there is a newer one', async () => {
      const other = await world.node(2, { bootnodes: [node.node] })
      await world.clock.run(20_000)
      expect(node.v4.table.get(other.node.id)!.node.record).to.deep.equal(other.localNode.record)
      other.localNode.set('more', 1)
      await world.clock.run(20_000)
      expect(node.v4.table.get(other.node.id)!.node.record).to.deep.equal(other.localNode.record)
    })
    it('answers those that it knows from before, and nothing once it is closed', async () => {
      await bond()
      node.v4.close()
      await node.socket.close()
      const again = await world.node(1, { database: node.database })
      tester.send('FINDNODE')
      await tester.expect('NEIGHBORS')
      again.v4.close()
      tester.send('PING')
      await silence()
      expect(await again.v4.resolve(someNode(2))).to.equal(undefined)
      expect(await again.v4.lookup(new Uint8Array(64))).to.deep.equal([])
    })
  })
})
