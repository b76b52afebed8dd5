import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { CallFailed } from '../../../../actors/discovery/v5/discv5.ts'
import { maxChallengesPerSecond, maxSessions, maxStrangers } from '../../../../actors/discovery/v5/sessions.ts'
import { nodeCiphers } from '../../../../actors/runtime/ciphers.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import { maxCalls, responseTimeout } from '../../../../machines/discv5-session.ts'
import type { Message, Ping } from '../../../../protocols/discv5/messages.ts'
import {
  encodeRandom,
  type OrdinaryPacket,
  randomMessageBytes,
  type WhoareyouPacket,
} from '../../../../protocols/discv5/packet.ts'
import { signRecord } from '../../../../protocols/enr/record.ts'
import { hexToBytes } from '../../../../protocols/lib/bytes.ts'
import { failureOf } from '../../../failure.ts'
import { itTakesLong } from '../../../long.ts'
import { RecordedDatagrams } from './recorded-datagrams.ts'
import { arrived, type Line, Tester } from './tester.ts'
import { startV5Node, type V5Node } from './v5-node.ts'

describe('sessions of discv5', () => {
  let datagrams: RecordedDatagrams
  let clock: VirtualClock
  let node: V5Node
  let tester: Tester
  let line: Line
  const ping: Message = { kind: 'Ping', requestId: Uint8Array.of(1), recordSeq: 1n }
  const challengeFor = async (message: Message = ping) => {
    tester.write(line, message)
    const read = await tester.read(line)
    expect(read).to.include({ kind: 'whoareyou' })
    return read as WhoareyouPacket
  }

  beforeEach(async () => {
    datagrams = new RecordedDatagrams()
    clock = new VirtualClock(1_000)
    node = await startV5Node({ runtime: processRuntime({ clock }), datagrams })
    await clock.run(0)
    tester = new Tester(datagrams, node.self)
    line = await tester.listen()
    tester.setEndpoint(line)
  })
  afterEach(() => node.stop())

  describe('with whom we challenge', () => {
    const broken: Record<string, () => Parameters<Tester['prove']>[3]> = {
      'a signature of somebody else': () => ({ signature: randomBytes(64) }),
      'a signature of another length': () => ({ signature: randomBytes(63) }),
      'no ephemeral key': () => ({ ephemeralKey: new Uint8Array(0) }),
      'no record': () => ({ record: new Uint8Array(0) }),
      'a record that is none': () => ({ record: Uint8Array.of(0xc1, 0x80) }),
      'the record of somebody else': () => ({ record: signRecord(9n, {}, randomBytes(32)).raw }),
      'a message under another key': () => ({ key: randomBytes(16) }),
    }
    for (const [what, changes] of Object.entries(broken))
      it(`begin with no handshake that has ${what}, and with the next that is right`, async () => {
        tester.prove(line, ping, await challengeFor(), changes())
        expect(await tester.read(line)).to.equal(undefined)
        expect(node.discv5.sessions).to.deep.equal({ established: 0, strangers: 0 })
        expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
        expect(node.discv5.sessions).to.deep.equal({ established: 1, strangers: 0 })
      })
    it('begin with no answer to a challenge that was answered, or that we never made', async () => {
      const challenge = await challengeFor()
      tester.prove(line, ping, challenge)
      expect(await tester.read(line)).to.include({ kind: 'Pong' })
      tester.prove(line, ping, challenge)
      expect(await tester.read(line)).to.equal(undefined)
      const other = await tester.listen('127.0.0.3')
      tester.prove(other, ping, challenge)
      expect(await tester.read(other)).to.equal(undefined)
    })
    it('begin within a second, or not with that challenge', async () => {
      const challenge = await challengeFor()
      await clock.run(1_000)
      expect(node.discv5.sessions).to.deep.equal({ established: 0, strangers: 0 })
      tester.prove(line, ping, challenge)
      expect(await tester.read(line)).to.equal(undefined)
    })
    it('need no record of a node that we know: the challenge names its number', async () => {
      await tester.ask(line, ping)
      const again = new Tester(datagrams, node.self, tester.key)
      line = await again.listen()
      again.setEndpoint(line)
      expect(node.discv5.table.size).to.equal(1)
      again.write(line, ping)
      const challenge = (await again.read(line)) as WhoareyouPacket
      expect(challenge).to.deep.include({ kind: 'whoareyou', recordSeq: again.record.seq })
      again.prove(line, ping, challenge, { record: new Uint8Array(0) })
      expect(await again.read(line)).to.include({ kind: 'Pong' })
    })
    it('do not keep a message that is none from ending nothing', async () => {
      const odd = { kind: 'Findnode', requestId: new Uint8Array(0), distances: [257, 2 ** 40] } as const
      expect(await tester.ask(line, odd)).to.deep.include({ kind: 'Nodes', total: 1, records: [] })
      expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
    })
  })

  describe('with whom we call', () => {
    const calls = () => line.inbox.splice(0)
    const packetOf = (read: unknown) => read as OrdinaryPacket

    it('begin with a packet that brings a WHOAREYOU, larger than it', async () => {
      const failure = failureOf(node.discv5.ping(tester.node))
      await arrived()
      const [first] = calls()
      expect(first).to.include({ kind: 'ordinary' })
      tester.challenge(line, packetOf(first))
      const { sent } = datagrams
      expect(sent.at(-1)!.bytes.length).to.be.lessThan(sent.at(-2)!.bytes.length)
      await arrived()
      expect(calls()).to.have.nested.property('[0].kind', 'handshake')
      tester.challenge(line, packetOf(first))
      await arrived()
      expect(calls()).to.deep.equal([], 'one handshake for one call')
      await clock.run(responseTimeout)
      expect(await failure)
        .to.be.instanceOf(CallFailed)
        .with.property('why', 'timeout')
    })
    it('end with it when it does not answer', async () => {
      const failure = failureOf(node.discv5.ping(tester.node))
      await clock.run(responseTimeout)
      expect(await failure)
        .to.be.instanceOf(CallFailed)
        .with.property('why', 'timeout')
      expect(node.discv5.sessions).to.deep.equal({ established: 0, strangers: 0 })
    })
    it('make no handshake for a WHOAREYOU from elsewhere, or that names no call', async () => {
      const failure = failureOf(node.discv5.ping(tester.node))
      await arrived()
      const [first] = calls()
      const other = await tester.listen('127.0.0.2')
      const before = datagrams.sent.length
      tester.challenge(other, packetOf(first))
      tester.challenge(line, { ...packetOf(first), nonce: randomBytes(12) })
      await arrived()
      expect(datagrams.sent.length - before).to.equal(2, 'what the tester sent, and no answer')
      await clock.run(responseTimeout)
      await failure
    })
    it('have one request out at a time, and so many that wait', async () => {
      await tester.ask(line, ping)
      const seen: Ping[] = []
      line.answer = (read) => {
        if (read?.kind === 'Ping') seen.push(read)
      }
      const results = Array.from({ length: maxCalls + 1 }, () =>
        node.discv5.ping(tester.node).then(
          () => 'answered',
          (error: CallFailed) => error.why,
        ),
      )
      await arrived()
      expect(seen).to.have.length(1)
      expect(await results.at(-1)).to.equal('queue full')
      const answer = (requestId: Uint8Array) =>
        tester.write(line, { kind: 'Pong', requestId, recordSeq: 1n, ip: Uint8Array.of(127, 0, 0, 1), port: 1 })
      answer(randomBytes(8))
      await arrived()
      expect(seen).to.have.length(1, 'a response to nothing')
      answer(seen[0]!.requestId)
      await arrived()
      expect(await results[0]).to.equal('answered')
      expect(seen).to.have.length(2)
      await node.stop()
      expect(await results[1]).to.equal('closed')
      expect(await results[maxCalls - 1]).to.equal('closed')
    })
    it('are made anew when the other has lost its keys', async () => {
      const other = await startV5Node({ runtime: processRuntime({ clock }), datagrams })
      await clock.run(0)
      await node.discv5.ping(other.self)
      await other.stop()
      const again = await startV5Node({
        ...{ runtime: processRuntime({ clock }), privateKey: other.privateKey, port: other.socket.port },
        datagrams,
      })
      expect((await node.discv5.ping(other.self)).kind).to.equal('Pong')
      await again.stop()
    })
    it('hold though both make a handshake at once', async () => {
      const other = await startV5Node({ runtime: processRuntime({ clock }), datagrams })
      await clock.run(0)
      const both = [node.discv5.ping(other.self), other.discv5.ping(node.self)]
      expect((await Promise.all(both)).map(({ kind }) => kind)).to.deep.equal(['Pong', 'Pong'])
      const before = datagrams.sent.length
      await Promise.all([node.discv5.ping(other.self), other.discv5.ping(node.self)])
      expect(datagrams.sent.length - before).to.equal(4, 'no handshake')
      await other.stop()
    })
  })

  describe('are no more than', () => {
    itTakesLong('every stranger has a key of its own')('so many that we challenge: the latest', async () => {
      const packets = maxStrangers + 100
      for (let i = 0; i < packets; i++) {
        const stranger = new Tester(datagrams, node.self)
        stranger.write(await stranger.listen(), ping)
        if (i % 100 === 0) await arrived()
      }
      await arrived()
      expect(node.discv5.sessions).to.deep.equal({ established: 0, strangers: maxStrangers })
      expect(clock.pending).to.be.lessThan(maxStrangers + 10)
      await clock.run(1_000)
      expect(node.discv5.sessions).to.deep.equal({ established: 0, strangers: 0 })
    }).timeout(30_000)
    it('so many that are challenged within a second; the others are as if nothing had come', async () => {
      expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
      const before = datagrams.sent.length
      const to = hexToBytes(node.local.id)
      const packets = maxChallengesPerSecond + 1_000
      for (let i = 0; i < packets; i++) {
        const envelope = { to, iv: randomBytes(16), nonce: randomBytes(12) }
        const filler = randomBytes(randomMessageBytes)
        const random = encodeRandom(nodeCiphers, envelope, { source: randomBytes(32), filler })
        node.discv5.receive(random, { ip: '127.0.0.4', port: 1_024 + (i % 1_000) })
      }
      expect(datagrams.sent.length - before).to.be.within(maxChallengesPerSecond - 5, maxChallengesPerSecond)
      expect(node.discv5.sessions.strangers).to.equal(maxStrangers)
      // Who has keys is served meanwhile.
      tester.write(line, ping)
      expect(await tester.read(line)).to.include({ kind: 'Pong' })
      await clock.run(1_000)
      expect(node.discv5.sessions.strangers).to.equal(0)
      const late = new Tester(datagrams, node.self)
      expect(await late.ask(await late.listen(), ping)).to.include({ kind: 'Pong' })
    }).timeout(60_000)
    it('none for datagrams that are no packets, 20,000 of them from 1,000 ports', async () => {
      expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
      const before = { sent: datagrams.sent.length, timers: clock.pending }
      for (let i = 0; i < 20_000; i++) {
        const noise = randomBytes(i % 1_400)
        node.discv5.receive(noise, { ip: '127.0.0.4', port: 1_024 + (i % 1_000) })
      }
      expect(node.discv5.sessions).to.deep.equal({ established: 1, strangers: 0 })
      expect({ sent: datagrams.sent.length, timers: clock.pending }).to.deep.equal(before)
      tester.write(line, ping)
      expect(await tester.read(line)).to.include({ kind: 'Pong' })
    }).timeout(60_000)
    itTakesLong('every key is agreed upon')('so many that have keys: those used last', async () => {
      expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
      const first = new Tester(datagrams, node.self)
      expect(await first.ask(await first.listen(), ping)).to.include({ kind: 'Pong' })
      for (let i = 0; i < maxSessions - 1; i++) {
        const one = new Tester(datagrams, node.self)
        const itsLine = await one.listen()
        await one.ask(itsLine, ping)
        if (i === 500) expect(await tester.ask(line, ping)).to.include({ kind: 'Pong' })
      }
      expect(node.discv5.sessions).to.deep.equal({ established: maxSessions, strangers: 0 })
      tester.write(line, ping)
      expect(await tester.read(line)).to.include({ kind: 'Pong' })
    }).timeout(60_000)
  })

  it('are never larger in answer than what was asked, before the asker has proven where it is', async () => {
    const sizes = { in: 0, out: 0 }
    tester.write(line, ping)
    tester.write(line, { kind: 'Findnode', requestId: new Uint8Array(0), distances: [256] })
    tester.write(line, {
      kind: 'TalkRequest',
      requestId: new Uint8Array(0),
      protocol: new Uint8Array(0),
      request: new Uint8Array(0),
    })
    await arrived()
    for (const { from, bytes } of datagrams.sent) sizes[from.port === line.port ? 'in' : 'out'] += bytes.length
    expect(line.inbox.map((read) => read?.kind)).to.deep.equal(['whoareyou', 'whoareyou', 'whoareyou'])
    expect(sizes.out).to.be.lessThan(sizes.in)
  })
  it('come to nothing with who claims to be us', async () => {
    const impostor = new Tester(datagrams, node.self, node.privateKey)
    impostor.write(line, ping)
    expect(await tester.read(line)).to.equal(undefined)
    expect(node.discv5.sessions.strangers).to.equal(0)
  })
})
