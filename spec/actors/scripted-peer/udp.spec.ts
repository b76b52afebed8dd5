import { expect } from 'chai'
import { nodeOfRecord } from '../../../actors/discovery/discovered-node.ts'
import { udp } from '../../../actors/discovery/udp.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { discv4, type ScriptedDiscv4 } from '../../../actors/scripted-peer/discv4.ts'
import {
  type BrokenHandshake,
  type Discv5Options,
  discv5,
  type ScriptedDiscv5,
} from '../../../actors/scripted-peer/discv5.ts'
import { ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import type { UdpPeerOptions } from '../../../actors/scripted-peer/udp-peer.ts'
import { memoryDatagrams } from '../../../actors/simulation/memory-datagrams.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { EnodeError, toEnode } from '../../../protocols/enode/enode.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { failureOf } from '../../failure.ts'
import { keyOf, someNode } from '../discovery/some-nodes.ts'
import { startV5Node, type V5Node } from '../discovery/v5/v5-node.ts'

describe('a scripted node', () => {
  describe('of discv4', () => {
    const clock = new VirtualClock(1_000)
    const runtime = processRuntime({ clock, wallClock: () => clock.now() })
    let pair: [ScriptedDiscv4, ScriptedDiscv4]
    let network: ReturnType<typeof memoryDatagrams>
    /** Two that have each other as their node. */
    const open = async (options: UdpPeerOptions = {}) => {
      network = memoryDatagrams()
      const usual = { network, runtime, timeout: 300 }
      const other = await discv4(someNode(1), { ...usual, port: 2, privateKey: keyOf(2), ...options })
      pair = [
        await discv4(someNode(2, '127.0.0.1', 2), { ...usual, port: someNode(1).udp, privateKey: keyOf(1) }),
        other,
      ]
    }
    beforeEach(() => open())
    afterEach(() => Promise.all(pair.map((one) => one[Symbol.asyncDispose]())))
    const failure = async (waits: Promise<unknown>) => {
      const [error] = await Promise.all([failureOf(waits), clock.run(300)])
      expect(error).to.be.instanceOf(ScriptError)
      return error.message
    }

    it('bonds, asks and answers, by name', async () => {
      const [us, them] = pair
      const replyTo = us.send('PING')
      expect(bytesToHex((await us.expect('PONG')).replyTo)).to.equal(bytesToHex(replyTo))
      us.send('FINDNODE', { target: new Uint8Array(64).fill(7) })
      expect((await them.expect('FINDNODE')).target[0]).to.equal(7)
      them.send('NEIGHBORS', { nodes: [] })
      expect(await us.expect('NEIGHBORS', ({ nodes }) => nodes.length === 0)).to.have.property('publicKey')
      const request = us.send('ENRREQUEST')
      await them.expect('ENRREQUEST', { hash: request })
      them.send('ENRRESPONSE', { replyTo: request })
      expect((await us.expect('ENRRESPONSE', { replyTo: request })).record).to.deep.equal(them.record.raw)
    })
    it('fails with what came instead, and when', async () => {
      const [us, them] = pair
      them.send('NEIGHBORS', { nodes: [] })
      them.raw(new Uint8Array(12))
      expect(await failure(us.expect('PONG', { replyTo: Uint8Array.of(1) }))).to.equal(
        [
          'no PONG with replyTo 0x01 within 300 ms',
          '       0 ms < NEIGHBORS 0',
          '       0 ms < 12 bytes that are no packet: too small',
        ].join('\n'),
      )
    })
    it('fails when silence is broken', async () => {
      const [us, them] = pair
      const silence = failure(us.expectSilence(300))
      them.send('NEIGHBORS', { nodes: [] })
      expect(await silence).to.match(/^NEIGHBORS 0 in what was to be 300 ms of silence/)
    })
    it('breaks any rule', async () => {
      const [us, them] = pair
      const heard: string[] = []
      for (const broken of [
        { hash: new Uint8Array(32) },
        { signature: new Uint8Array(65).fill(255) },
        { type: 9 },
        { rlp: Uint8Array.of(0xc0) },
        { extra: [1, 2] },
        { trailing: new Uint8Array(3) },
        { privateKey: keyOf(9) },
      ])
        us.send('FINDNODE', { expiration: 1 }, broken)
      await clock.run(0)
      for (const { label } of them.log) heard.push(label.replace(/^\d+ bytes that are no packet: /, ''))
      expect(heard).to.deep.equal([
        ...['bad hash', 'secp256k1: bad signature', 'unknown type: 9', 'unexpected end of input'],
        ...['FINDNODE', 'FINDNODE', 'FINDNODE'],
      ])
      const { publicKey, expiration } = await them.expect(
        'FINDNODE',
        ({ publicKey }) => publicKey[0] !== us.publicKey[0],
      )
      expect([bytesToHex(publicKey), expiration]).to.deep.equal([bytesToHex(someNode(9).publicKey), 1n])
    })
    it('answers no PING when asked not to', async () => {
      await Promise.all(pair.map((one) => one[Symbol.asyncDispose]()))
      await open({ answerPings: false })
      const [us, them] = pair
      us.send('PING')
      await them.expect('PING')
      expect(await failure(us.expect('PONG'))).to.match(/^no PONG within 300 ms/)
    })
    it('takes no packet of another for the node’s, and none once it is closed', async () => {
      const [us, them] = pair
      const stray = await network.bind('127.0.0.1', 3, () => {})
      stray.send(new Uint8Array(5), us.endpoint)
      them.close()
      them.send('PING')
      await clock.run(0)
      expect(us.log.map(({ label }) => label)).to.deep.equal(['5 bytes from 127.0.0.1:3'])
    })
    it('refuses names, fields and nodes that are none', async () => {
      const [us] = pair
      expect(() => us.send('HELLO' as 'PING')).to.throw(TypeError, 'no packet of discv4 is named "HELLO"')
      expect(() => us.send('PONG', {} as never)).to.throw(TypeError, 'PONG needs the field "replyTo"')
      expect(await failureOf(discv4(toEnode(someNode(1).publicKey)))).to.be.instanceOf(EnodeError)
    })
  })

  describe('of discv5', () => {
    const clock = new VirtualClock(1_000)
    const runtime = processRuntime({ clock })
    let network: ReturnType<typeof memoryDatagrams>
    let node: V5Node
    let peer: ScriptedDiscv5
    const open = (options: Discv5Options = {}) => discv5(node.self, { network, runtime, timeout: 300, ...options })
    const passes = async <T>(waits: Promise<T>): Promise<T> => (await Promise.all([waits, clock.run(300)]))[0]
    const silence = () => passes(peer.expectSilence(300))

    beforeEach(async () => {
      network = memoryDatagrams()
      node = await startV5Node({ runtime, datagrams: network })
      await clock.run(0)
      peer = await open()
    })
    afterEach(async () => {
      await peer[Symbol.asyncDispose]()
      await node.stop()
    })

    it('asks, with the handshake that it takes', async () => {
      const { recordSeq } = await peer.request('Ping', {})
      expect(recordSeq).to.equal(node.local.seq)
      expect(peer.passed.map(({ by, label }) => `${by} ${label}`)).to.deep.equal([
        ...['us Ping', 'them whoareyou', 'us handshake, Ping', 'them Pong'],
      ])
      await peer.request('TalkRequest', { protocol: 'none' })
      expect(peer.log.at(-1)!.label).to.equal('TalkResponse')
    })
    it('is asked, and challenges who asks', async () => {
      expect(await node.discv5.ping(nodeOfRecord(peer.record)!)).to.include({ kind: 'Pong' })
      expect(peer.log.map(({ label }) => label)).to.deep.equal(['a packet that cannot be opened', 'handshake', 'Ping'])
      await peer.request('Ping', {})
    })
    it('leaves every step to the script when it is to go through packets alone', async () => {
      await peer[Symbol.asyncDispose]()
      peer = await open({ through: 'packets', answerPings: false })
      const nonce = peer.send('Ping')
      const challenge = await peer.expect('whoareyou', { nonce })
      peer.prove(challenge)
      await peer.expect('Pong')
      const answer = node.discv5.ping(nodeOfRecord(peer.record)!)
      const { requestId } = await peer.expect('Ping')
      peer.send('Pong', { requestId })
      expect(await answer).to.include({ kind: 'Pong' })
    })
    it('answers, and takes a handshake, by hand', async () => {
      await peer[Symbol.asyncDispose]()
      peer = await open({ through: 'packets' })
      const answer = node.discv5.ping(nodeOfRecord(peer.record)!)
      peer.challenge(await peer.expect('ordinary'))
      const handshake = await peer.expect('handshake')
      peer.accept({ ...handshake, signature: new Uint8Array(64) })
      expect(peer.log.at(-1)!.label).to.equal('a handshake that is not sound: discv5: invalid ID nonce signature')
      peer.accept(handshake)
      await answer
    })

    describe('breaks a rule:', () => {
      for (const [what, broken] of Object.entries({
        'another version': { version: 0 },
        'a flag that is none': { flag: 9 },
        'no message': { plaintext: new Uint8Array(0) },
        'a message of another type': { plaintext: Uint8Array.of(99, 0xc0) },
      }))
        it(`${what} is met with silence`, async () => {
          await peer.request('Ping', {})
          peer.send('Ping', {}, broken)
          await silence()
        })
      const brokenHandshakes: Readonly<Record<string, BrokenHandshake>> = {
        'a signature of another': { signature: new Uint8Array(64).fill(1) },
        'a key that is none': { ephemeralKey: new Uint8Array(33) },
        'no record': { record: new Uint8Array(0) },
        'a message under another key': { key: new Uint8Array(16) },
        'the id of another': { source: new Uint8Array(32) },
        'the flag of an ordinary packet': { flag: 0 },
      }
      for (const [what, broken] of Object.entries(brokenHandshakes))
        it(`a handshake with ${what} is met with silence`, async () => {
          await peer[Symbol.asyncDispose]()
          peer = await open({ through: 'packets' })
          peer.send('Ping')
          peer.prove(await peer.expect('whoareyou'), 'Ping', {}, broken)
          await silence()
        })
      it('a key that is not the session’s brings a challenge', async () => {
        await peer.request('Ping', {})
        const nonce = peer.send('Ping', {}, { key: new Uint8Array(16) })
        await peer.expect('whoareyou', { nonce })
      })
      it('a session at another endpoint is none', async () => {
        await peer.request('Ping', {})
        const { privateKey, keys } = peer
        const other = await open({ privateKey, keys: keys!, localAddress: '127.0.0.2' })
        other.send('Ping')
        await other.expect('whoareyou')
        await other[Symbol.asyncDispose]()
      })
      it('a nonce that was used before is answered as any other: who replays a packet gains nothing by it', async () => {
        await peer.request('Ping', {})
        const nonce = peer.send('Ping', { requestId: Uint8Array.of(8) })
        await peer.expect('Pong', { requestId: Uint8Array.of(8) })
        peer.send('Ping', { requestId: Uint8Array.of(9) }, { nonce })
        await peer.expect('Pong', { requestId: Uint8Array.of(9) })
      })
    })
    it('refuses names and fields that are none', () => {
      expect(() => peer.send('PING' as 'Ping')).to.throw(TypeError, 'no packet of discv5 is named "PING"')
      expect(() => peer.send('Findnode', {} as never)).to.throw(TypeError, 'Findnode needs the field "distances"')
    })
  })

  it('has real sockets, of addresses of its own', async () => {
    const node = await startV5Node({ datagrams: udp })
    const [a, b] = [await discv5(node.self), await discv5(node.self, { localAddress: '127.0.0.2' })]
    for (const peer of [a, b]) {
      const { ip, port } = await peer.request('Ping', {})
      expect([[...ip].join('.'), port]).to.deep.equal([peer.endpoint.ip, peer.endpoint.port])
      await peer[Symbol.asyncDispose]()
    }
    await node.stop()
  })
})
