import { expect } from 'chai'
import { maxDebt } from '../../../../actors/discovery/v4/unproven-traffic.ts'
import type { ScriptedDiscv4 } from '../../../../actors/scripted-peer/discv4.ts'
import { encodePacket, type Neighbor } from '../../../../protocols/discv4/packets.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { keyOf, someNode } from '../some-nodes.ts'
import { type OwnNode, World } from './world.ts'

describe('discv4 under attack', () => {
  const victim = '9.9.9.9'
  let world: World
  let node: OwnNode

  beforeEach(async () => {
    world = new World()
    node = await world.node(1)
    await world.clock.run(0)
  })
  const sentTo = (ip: string) => world.sent.get(`127.0.0.1 > ${ip}`) ?? 0
  const cameFrom = (ip: string) => world.sent.get(`${ip} > 127.0.0.1`) ?? 0
  /** As small as one can be: who sends it under another's address gains most. */
  const smallPing = (tester: ScriptedDiscv4) => {
    const nowhere = { ip: new Uint8Array(0), udp: 0, tcp: 0 }
    tester.send('PING', { from: nowhere, to: nowhere })
  }
  const labels = ({ log }: ScriptedDiscv4, since: number) => log.slice(since).map(({ label }) => label.split(' ')[0])
  /** The largest answer to a PING: a PONG and a PING of ours. */
  const oneAnswer = 400

  it('an address that proves nothing gets no more bytes than come from it, but for 4 KiB, however long it goes on', async () => {
    const forged = await world.tester(100, node, victim)
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 4; i++) smallPing(forged)
      forged.send('FINDNODE')
      await world.clock.run(1_000)
      expect(sentTo(victim), `in round ${round}`).to.be.below(cameFrom(victim) + maxDebt + oneAnswer)
    }
    expect(sentTo(victim), 'the first are answered').to.be.above(1_000)
  })
  it('nor by many keys', async () => {
    for (let i = 0; i < 40; i++) {
      const forged = await world.tester(200 + i, node, victim)
      smallPing(forged)
      await world.clock.run(1_000)
    }
    expect(sentTo(victim)).to.be.below(cameFrom(victim) + maxDebt + oneAnswer)
  })
  it('one that proves itself after all is answered', async () => {
    const late = await world.tester(100, node, victim)
    for (let i = 0; i < 200; i++) smallPing(late)
    const { hash } = await late.expect('PING')
    await world.clock.run(300)
    const before = late.log.length
    smallPing(late)
    await world.clock.run(0)
    expect(labels(late, before), 'not before').to.deep.equal([])
    late.send('PONG', { replyTo: hash })
    late.send('PING')
    late.send('FINDNODE')
    await world.clock.run(0)
    expect(labels(late, before)).to.deep.equal(['PONG', 'NEIGHBORS'])
  })
  it('10,000 neighbors that one node names are 27 at most, none of them where it may not send us', async () => {
    const liar = await world.tester(300, node, victim)
    await world.passes(liar.bond())
    const at = (i: number, ip: string): Neighbor => {
      const { publicKey } = someNode(i)
      return { ip: parseIp(ip)!, udp: 30_303, tcp: 30_303, publicKey }
    }
    const poison = ['10.0.0.1', '127.0.0.1', '0.0.0.0', '192.168.1.1', '224.0.0.1', '255.255.255.255', '169.254.1.1']
    const nodes = Array.from({ length: 12 }, (_, i) => at(2 + i, poison[i] ?? `8.8.${i}.8`))
    const query = node.v4.findnode({ ...someNode(300, victim, liar.endpoint.port), host: victim }, new Uint8Array(64))
    await liar.expect('FINDNODE')
    for (let i = 0; i < 834; i++) liar.send('NEIGHBORS', { nodes })
    await world.clock.run(600)
    const named = await query
    expect(named.length).to.be.within(1, 27)
    expect(named.filter(({ host }) => !host.startsWith('8.8.'))).to.deep.equal([])
    expect(node.v4.table.size).to.be.at.most(6)
    // Those that it would ask next are asked nothing where the liar said.
    for (const ip of poison.filter((ip) => ip !== node.node.host)) expect(sentTo(ip), ip).to.equal(0)
  })
  it('a PING that was heard before is worth nothing to who replays it from elsewhere', async () => {
    const tester = await world.tester(100, node)
    const place = { ip: parseIp('127.0.0.1')!, udp: 1, tcp: 0 }
    const { expiration } = tester
    const { bytes } = encodePacket({ name: 'PING', version: 4n, from: place, to: place, expiration }, keyOf(100))
    await world.passes(tester.bond())
    node.v4.receive(bytes, { ip: victim, port: 40_000 })
    await world.clock.run(0)
    tester.send('FINDNODE')
    await tester.expect('NEIGHBORS') // it is where it was
    expect(sentTo(victim), 'a PONG and a PING').to.be.below(oneAnswer)
  })
})
