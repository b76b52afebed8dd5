import { expect } from 'chai'
import { encodePacket, type Packet, type PacketName, type SignedPacket } from '../../../../protocols/discv4/packets.ts'
import { toEnode } from '../../../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../../../protocols/enode/netutil.ts'
import { decodeRecord, signRecord } from '../../../../protocols/enr/record.ts'
import { bytesToHex, concatBytes } from '../../../../protocols/lib/bytes.ts'
import { encodeList, encodeRlp } from '../../../../protocols/lib/rlp.ts'
import { itTakesLong } from '../../../long.ts'
import { signPacket } from '../../../protocols/discv4/sign-packet.ts'
import { keyOf, someNode } from '../some-nodes.ts'
import { type OwnNode, type Tester, World } from './world.ts'

describe('discv4', () => {
  let world: World
  let node: OwnNode
  let tester: Tester

  beforeEach(async () => {
    world = new World()
    node = await world.node(1)
    tester = await world.tester(100, node)
    // The table is open to who contacts us once the first lookups have found no one.
    await world.clock.run(0)
  })
  const names = (packets: readonly SignedPacket[]) => packets.map(({ packet }) => packet.name)
  const the = <Name extends PacketName>(name: Name, packets: readonly SignedPacket[]) =>
    packets.map(({ packet }) => packet).find((packet) => packet.name === name) as Packet & { name: Name }

  describe('as geth’s conformance suite asks', () => {
    const nowhere = { ip: parseIp('192.0.2.0')!, udp: 0, tcp: 0 }
    const mapped = { ...nowhere, ip: concatBytes(new Uint8Array(10), Uint8Array.of(255, 255, 192, 0, 2, 0)) }
    /** What an encoder of ours does not write. */
    const sendSigned = (type: number, fields: Uint8Array) => {
      const bytes = signPacket(tester.key, type, fields)
      tester.sendBytes(bytes)
      return bytes.slice(0, 32)
    }
    const sendWithJunk = (change: object = {}) => {
      const { from, to, expiration } = tester.ping(change) as Packet & { name: 'PING' }
      const place = ({ ip, udp, tcp }: typeof from) => [ip, udp, tcp]
      return sendSigned(1, encodeRlp([4, place(from), place(to), expiration, 42, new Uint8Array(7)]))
    }

    for (const [name, send] of [
      ['Ping/Basic', () => tester.send(tester.ping())],
      ['Ping/WrongTo', () => tester.send(tester.ping({ to: nowhere }))],
      ['Ping/WrongFrom', () => tester.send(tester.ping({ from: mapped }))],
      ['Ping/ExtraData', () => sendWithJunk()],
      ['Ping/ExtraDataWrongFrom', () => sendWithJunk({ from: mapped })],
    ] as const)
      it(`${name}: one PONG to where the PING came from, and one PING`, async () => {
        const hash = send()
        const received = await tester.read()
        expect(names(received)).to.deep.equal(['PONG', 'PING'])
        const { replyTo, to, expiration } = the('PONG', received)
        expect(bytesToHex(replyTo)).to.equal(bytesToHex(hash))
        expect([formatIp(to.ip), to.udp]).to.deep.equal(['127.0.0.1', tester.endpoint.udp])
        expect(Number(expiration) * 1_000).to.be.above(world.clock.now())
      })
    it('Ping/PastExpiration: nothing', async () => {
      tester.send(tester.ping({ expiration: tester.pastExpiration }))
      expect(await tester.names()).to.deep.equal([])
    })
    it('Ping/WrongPacketType: nothing', async () => {
      sendSigned(66, encodeRlp([4]))
      expect(await tester.names()).to.deep.equal([])
    })
    it('Ping/BondThenPingWithWrongFrom: one PONG', async () => {
      await tester.bond()
      tester.send(tester.ping({ from: mapped }))
      expect(await tester.names()).to.deep.equal(['PONG'])
    })
    it('ENRRequest: our record', async () => {
      await tester.bond()
      const hash = tester.send({ name: 'ENRREQUEST', expiration: tester.expiration })
      const received = await tester.read()
      expect(names(received)).to.deep.equal(['ENRRESPONSE'])
      const { replyTo, record } = the('ENRRESPONSE', received)
      expect(bytesToHex(replyTo)).to.equal(bytesToHex(hash))
      expect(decodeRecord(record)).to.deep.equal(node.localNode.record)
    })
    it('Findnode/WithoutEndpointProof: nothing', async () => {
      tester.send(tester.findnode())
      expect(await tester.names()).to.deep.equal([])
    })
    it('Findnode/BasicFindnode: NEIGHBORS, though there are none but the tester', async () => {
      await tester.bond()
      tester.send(tester.findnode())
      expect(await tester.names()).to.deep.equal(['NEIGHBORS'])
    })
    it('Findnode/UnsolicitedNeighbors: NEIGHBORS that are not what it said', async () => {
      await tester.bond()
      const fake = someNode(7)
      const { publicKey, udp, tcp } = fake
      const nodes = [{ ip: parseIp('127.0.0.1')!, udp, tcp, publicKey }]
      tester.send({ name: 'NEIGHBORS', nodes, expiration: tester.expiration })
      tester.send(tester.findnode({ target: publicKey }))
      const keys = the('NEIGHBORS', await tester.read()).nodes.map((one) => bytesToHex(one.publicKey))
      expect(keys).to.deep.equal([bytesToHex(tester.publicKey)])
    })
    it('Findnode/PastExpiration: nothing', async () => {
      await tester.bond()
      tester.send(tester.findnode({ expiration: tester.pastExpiration }))
      expect(await tester.names()).to.deep.equal([])
    })
    it('Amplification/InvalidPongHash: nothing for who has not proven its endpoint', async () => {
      tester.send(tester.ping())
      expect(names(await tester.read(0))).to.deep.equal(['PONG', 'PING'])
      tester.pong(new Uint8Array(32))
      tester.send(tester.findnode())
      expect(await tester.names()).to.deep.equal([])
    })
    it('Amplification/WrongIP: nothing at another address, not even a PING', async () => {
      await tester.bond()
      const elsewhere = await world.tester(100, node, '127.0.0.2')
      const before = world.sent.get('127.0.0.1 > 127.0.0.1')
      elsewhere.send(elsewhere.findnode())
      expect(await elsewhere.names()).to.deep.equal([])
      expect(world.sent.get('127.0.0.1 > 127.0.0.1'), 'nor is it sent to where the key has bonded').to.equal(before)
    })
    it('takes PONG and FINDNODE in the order they come', async () => {
      tester.send(tester.ping())
      const [, ping] = await tester.read(0)
      tester.pong(ping!.hash)
      tester.send(tester.findnode())
      expect(names(await tester.read(0))).to.deep.equal(['NEIGHBORS'])
    })
  })

  describe('under attack', () => {
    it('sends who has proven nothing less than it was sent, but for the first few PINGs', async () => {
      const victim = '9.9.9.9'
      const floods = await Promise.all(Array.from({ length: 200 }, (_, i) => world.tester(200 + i, node, victim)))
      for (const flood of floods)
        for (const packet of [flood.ping(), flood.findnode(), flood.ping()]) flood.send(packet)
      await world.clock.run(0)
      expect(world.sent.get(`127.0.0.1 > ${victim}`)!).to.be.below(world.sent.get(`${victim} > 127.0.0.1`)! / 4)
    })
    itTakesLong('a thousand keys are made, and each signs')(
      'keeps what bonded while a thousand keys ping and random bytes come, and no more of them than it may',
      async () => {
        await tester.bond()
        const before = node.v4.nodeCount
        const from = { ip: '127.0.0.1', port: 9 }
        for (let i = 0; i < 1_100; i++) node.v4.receive(encodePacket(tester.ping(), keyOf(1_000 + i)).bytes, from)
        const noise = new Uint8Array(200)
        for (let i = 0; i < 10_000; i++) node.v4.receive(noise.fill(i & 255), { ip: '127.0.0.1', port: i })
        expect(node.v4.nodeCount - before).to.be.at.most(1_024)
        tester.send(tester.findnode())
        expect(names(await tester.read(0))).to.deep.equal(['NEIGHBORS'])
        await world.clock.run(10_000)
        expect(node.v4.nodeCount, 'who did not answer is forgotten').to.be.at.most(before)
      },
    ).timeout(30_000)
    it('hears nothing from itself', async () => {
      const self = await world.tester(1, node)
      self.send(self.ping())
      expect(await self.names()).to.deep.equal([])
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
      await far.bond()
      node.v4.table.remove(someNode(300).id)
      const { udp } = far.endpoint
      const query = node.v4.findnode({ ...someNode(300, ip, udp), host: ip }, new Uint8Array(64))
      await far.read(0)
      return {
        far: world.clock.run(600).then(async () => (await query).map(({ id }) => id)),
        answer: (nodes: (Packet & { name: 'NEIGHBORS' })['nodes']) => {
          far.send({ name: 'NEIGHBORS', nodes, expiration: far.expiration })
        },
      }
    }
  })

  describe('when it asks for a record', () => {
    const at = (i: number, seq: bigint, ip = '127.0.0.1') =>
      signRecord(seq, { ip: parseIp(ip)!, udp: 7, tcp: 8 }, keyOf(i)).raw
    async function answered(record: Uint8Array) {
      await tester.bond()
      const { udp } = tester.endpoint
      const resolved = node.v4.resolve({ ...someNode(100, '127.0.0.1', udp) })
      const [request] = await tester.read(0)
      expect(request!.packet.name).to.equal('ENRREQUEST')
      tester.send({ name: 'ENRRESPONSE', replyTo: request!.hash, record })
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
      await tester.bond()
      node.v4.close()
      await node.socket.close()
      const again = await world.node(1, { database: node.database })
      tester.send(tester.findnode())
      expect(names(await tester.read(0))).to.deep.equal(['NEIGHBORS'])
      again.v4.close()
      tester.send(tester.ping())
      expect(await tester.names()).to.deep.equal([])
      expect(await again.v4.resolve(someNode(2))).to.equal(undefined)
      expect(await again.v4.lookup(new Uint8Array(64))).to.deep.equal([])
    })
  })
})
