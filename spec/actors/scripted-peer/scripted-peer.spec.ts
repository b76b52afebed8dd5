import { expect } from 'chai'
import type { EventObject } from 'xstate'
import type { Network } from '../../../actors/p2p/connection.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { type ListenOptions, listen, type ScriptedListener } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer, ScriptedPeerOptions } from '../../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import { memoryNetwork, streamPair } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import type { MessageEntry } from '../../../actors/trace/entries.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { failureOf } from '../../failure.ts'

/** A Status with every field: said first. */
const status = {
  networkId: 5n,
  genesis: new Uint8Array(32).fill(1),
  forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
  range: { earliest: 0n, latest: 7n, latestHash: new Uint8Array(32).fill(2) },
}
const hash = new Uint8Array(32).fill(3)

describe('a scripted peer', () => {
  let listener: ScriptedListener
  let theirs: ScriptedPeer
  let peer: ScriptedPeer
  afterEach(async () => {
    peer.close()
    theirs.close()
    await listener.close()
  })

  async function open(ours: ScriptedPeerOptions = {}, other: ListenOptions = {}): Promise<void> {
    const quick = { timeout: 1_000 }
    listener = await listen({ status, ...quick, ...other })
    theirs = listener.accept()
    peer = dial(listener.enode, { ...quick, ...ours })
  }
  const run = async (ours?: ScriptedPeerOptions, other?: ListenOptions) => {
    await open(ours, other)
    await Promise.all([peer.until('running'), theirs.until('running')])
  }
  const labels = (log: readonly { label: string }[]) => log.map(({ label }) => label)
  const failure = async (promise: Promise<unknown>): Promise<string> => {
    const error = await failureOf(promise)
    expect(error).to.be.instanceOf(ScriptError)
    return error.message
  }

  describe('on its way to a session', () => {
    it('dials, and comes to run by itself', async () => {
      await run()
      expect(labels(peer.states)).to.deep.equal([
        ...['dialing', 'securing.agreeing', 'greeting.said', 'handshaking.unsaid', 'handshaking.heard', 'running'],
      ])
      expect(labels(theirs.states).slice(0, 2)).to.deep.equal(['listening', 'securing.agreeing'])
      expect(labels(peer.log)).to.deep.equal(['Hello', 'Status'])
      expect(labels(peer.said)).to.deep.equal(['Hello', 'Status'])
    })
    it('gives up to dial when it is closed', async () => {
      await open()
      let given: AbortSignal | undefined
      const silent: Network['dial'] = (_host, _port, _timeout, signal) => {
        given = signal
        return new Promise(() => {})
      }
      dial(listener.enode, { network: { ...memoryNetwork(), dial: silent } }).close()
      expect(given).to.have.property('aborted', true)
    })
    it('lets no more than 128 wait that no script has asked for', async () => {
      await open()
      await theirs.until('securing')
      const [near] = streamPair('127.0.0.1:1', '127.0.0.1:2')
      let hungUp = 0
      const destroy = () => {
        hungUp += 1
      }
      for (let came = 0; came < 130; came++) listener.take({ ...near, destroy })
      expect(hungUp).to.equal(2)
      await listener.close()
      expect(hungUp).to.equal(130)
    })
    it('speaks the highest version of eth that both know', async () => {
      await run({ caps: ['eth/68', 'eth/70', 'eth/71'] }, { caps: ['eth/70', 'eth/71', 'eth/72'] })
      expect(peer.version).to.equal(71)
    })
    it('mirrors their Status, so that it can talk to any chain', async () => {
      await run()
      expect(theirs.theirStatus).to.deep.include({ version: 72, networkId: 5n, range: status.range })
    })
    it('overrides fields of the mirrored Status', async () => {
      await run({ status: { networkId: 6n } })
      expect(theirs.theirStatus).to.deep.include({ networkId: 6n, genesis: status.genesis })
    })
    it('lets a function make its Status of theirs', async () => {
      await run({ status: (theirs) => ({ networkId: theirs.networkId + 1n }) })
      expect(theirs.theirStatus).to.include({ networkId: 6n })
    })
    for (const [what, status, fault] of [
      ['throws', () => expect.fail('not this chain'), 'not this chain'],
      ['makes what is none', () => ({ nmae: 'x' }) as never, 'Status has no field "nmae"'],
    ] as const)
      it(`never comes to run where that function ${what}, and says why`, async () => {
        await open({ status })
        expect(await failure(peer.until('running'))).to.contain(`never came to running: it closed: ${fault}`)
        expect(peer.end).to.include({ by: 'us' })
      })
    it('runs without eth, where that is not matched', async () => {
      await run({ caps: ['snap/1'] }, { caps: ['snap/1'] })
      expect(peer.version).to.equal(undefined)
    })
    for (const [through, state, said] of [
      ['tcp', 'securing.bare', []],
      ['rlpx', 'greeting.unsaid', []],
      ['hello', 'handshaking.unsaid', ['Hello']],
    ] as const)
      it(`stops after ${through} when asked to, and goes on by hand`, async () => {
        await open({ through })
        await peer.until(state.split('.')[0] as 'securing')
        await (through === 'hello' ? peer.expect('Hello') : undefined)
        expect(labels(peer.states)).to.include(state)
        expect(labels(peer.said)).to.deep.equal(said)
        if (through === 'tcp') await peer.rlpx()
        if (through !== 'hello') await peer.hello()
        await peer.status()
        await Promise.all([peer.until('running'), theirs.until('running')])
      })
    it('reports why it never came to a state', async () => {
      await open({ caps: ['eth/68'] }, { caps: ['eth/72'], through: 'tcp' })
      await theirs.until('securing')
      theirs.close()
      expect(await failure(peer.until('running'))).to.match(/^never came to running: it closed\n/)
    })
    it('reports that nothing listens there', async () => {
      await open()
      await theirs.until('securing')
      await listener.close()
      const lost = dial(listener.enode)
      expect(await failure(lost.until('running'))).to.match(/never came to running: it closed: connect ECONNREFUSED/)
      expect(lost.end).to.have.property('by', 'them')
    })
  })

  describe('in a session', () => {
    it('says messages by name, and hears them read', async () => {
      await run()
      peer.send('BlockRangeUpdate', { earliest: 1, latest: 9n, latestHash: hash })
      const update = await theirs.expect('BlockRangeUpdate')
      expect(update).to.deep.include({ earliest: 1n, latest: 9n, latestHash: hash })
    })
    it('asks, each time under an id of its own, and gets the answer to that', async () => {
      await run()
      const asking = [
        peer.request('GetBlockHeaders', { origin: 1, amount: 2 }),
        peer.request('GetReceipts', { hashes: [hash] }),
      ]
      const { id, ...query } = await theirs.expect('GetBlockHeaders')
      expect(query).to.deep.include({ origin: 1n, amount: 2n, skip: 0n, reverse: false })
      const receipts = await theirs.expect('GetReceipts')
      expect(receipts.id).not.to.equal(id)
      theirs.send('Receipts', { id: receipts.id, receipts: [] })
      theirs.send('BlockHeaders', { id: 99, headers: [] })
      theirs.send('BlockHeaders', { id, headers: [] })
      const [headers] = await Promise.all(asking)
      expect(headers).to.deep.include({ kind: 'BlockHeaders', id })
      expect(labels(peer.log)).to.include('BlockHeaders 0')
    })
    it('waits for one message among others, which stay unread', async () => {
      await run()
      for (const latest of [1, 2, 3]) theirs.send('BlockRangeUpdate', { earliest: 0, latest, latestHash: hash })
      expect(await peer.expect('BlockRangeUpdate', { latest: 3n })).to.include({ latest: 3n })
      expect(await peer.expect('BlockRangeUpdate', ({ latest }) => latest > 1n)).to.include({ latest: 2n })
      expect(await peer.expect('BlockRangeUpdate')).to.include({ latest: 1n })
    })
    it('refuses to write what the version of eth does not have', async () => {
      await run({ caps: ['eth/69'] })
      expect(() => peer.send('GetCells', { hashes: [hash], mask: new Uint8Array(16) })).to.throw(
        'eth/69 has no GetCells',
      )
    })
    it('answers Pings, unless asked not to', async () => {
      await run({}, { answerPings: false })
      peer.send('Ping')
      theirs.send('Ping')
      await theirs.expect('Pong')
      await peer.expectSilence(20)
    })
    it('refuses a field that a message of the base protocol does not have, or needs', async () => {
      await run()
      const before = peer.said.length
      for (const [name, fields, fault] of [
        ['Hello', { nmae: 'x' }, 'Hello has no field "nmae": its fields are version, name, caps, listenPort, id'],
        ['Hello', { name: undefined }, 'Hello needs the field "name"'],
        ['Disconnect', { code: 4 }, 'Disconnect has no field "code": its fields are reason'],
        ['Disconnect', {}, 'Disconnect needs the field "reason"'],
        ['Disconnect', { reason: undefined }, 'Disconnect needs the field "reason"'],
        ['Disconnect', { reason: 'ToManyPeers' }, 'Disconnect has no reason "ToManyPeers": they are Requested, '],
        ['Disconnect', { reason: 'toString' }, 'Disconnect has no reason "toString"'],
        ['Ping', { id: 1 }, 'Ping has no field "id": its fields are none'],
        ['Pong', { id: 1 }, 'Pong has no field "id": its fields are none'],
      ] as const)
        expect(() => peer.send(name, fields as never), fault).to.throw(TypeError, fault)
      const wrong = { nmae: 'x' } as never
      expect(() => peer.sendHello(wrong)).to.throw(TypeError, 'Hello has no field "nmae"')
      expect(() => dial(listener.enode, { hello: wrong })).to.throw(TypeError, 'Hello has no field "nmae"')
      expect(() => dial(listener.enode, { status: wrong })).to.throw(TypeError, 'Status has no field "nmae"')
      expect(() => dial(listener.enode, { hello: { name: undefined as never } })).to.throw(TypeError, 'needs the field')
      expect(peer.said).to.have.length(before)
    })
    it('does not wait for a reason that there is not', async () => {
      await run()
      const waiting = peer.expectDisconnect('ToManyPeers' as never, { timeout: 60_000 }).catch((error) => error)
      expect(await waiting).to.be.instanceOf(TypeError)
    })
    it('hears a Disconnect with its reason', async () => {
      await run()
      theirs.send('Disconnect', { reason: 'TooManyPeers' })
      theirs.close()
      expect(await peer.expectDisconnect('TooManyPeers')).to.equal(DiscReason.TooManyPeers)
      await peer.closed()
      expect(peer.end).to.deep.equal({ by: 'them', reason: 4 })
    })
    it('is closed at the end of its scope', async () => {
      await run()
      {
        await using scoped = peer
        expect(scoped.isClosed).to.equal(false)
      }
      expect(peer.isClosed).to.equal(true)
      await theirs.closed()
      expect(peer.end).to.deep.equal({ by: 'us' })
    })
    it('publishes every transition and message in the feed', async () => {
      const runtime = processRuntime()
      const reported: string[] = []
      runtime.feed.subscribe((entry) => {
        if (entry.type === 'transition') reported.push(`to ${entry.to}`)
        else if ('code' in entry) reported.push(`${entry.type} ${entry.protocol} ${entry.code}`)
      })
      await run({ runtime })
      expect(reported).to.include('to running').and.include('message.received eth 0').and.include('message.sent p2p 0')
    })
  })

  describe('that breaks rules', () => {
    const broken = async (what: Parameters<ScriptedPeer['raw']>[0], options?: ScriptedPeerOptions) => {
      await run(options)
      peer.raw(what)
    }
    const fault = async () => {
      await theirs.closed()
      return labels(theirs.log).at(-2)
    }
    for (const wrongMac of ['header', 'frame'] as const)
      it(`sends a frame with a wrong ${wrongMac} MAC`, async () => {
        await broken({ code: 'Ping', compressed: true, wrongMac })
        expect(await fault()).to.equal(`broke the wire: rlpx: bad ${wrongMac} MAC`)
      })
    it('sends bytes that are no frame', async () => {
      await broken(new Uint8Array(32))
      expect(await fault()).to.equal('broke the wire: rlpx: bad header MAC')
    })
    it('sends a payload that is not compressed', async () => {
      await broken({ code: 'GetBlockHeaders', payload: Uint8Array.of(0xff, 0xff, 0xff) })
      expect(await fault()).to.equal('broke the wire: rlpx: snappy')
    })
    it('sends a code of no protocol', async () => {
      await broken({ code: 0x7f, compressed: true })
      expect(await theirs.next('code 0x7f')).to.deep.include({ payload: Uint8Array.of(0xc0) })
    })
    it('sends a payload that is no such message', async () => {
      await broken({ code: 'BlockHeaders', payload: encodeRlp([1, 2, 3]), compressed: true })
      expect(await failure(theirs.expect('BlockHeaders'))).to.match(/^a BlockHeaders that is malformed\n/)
    })
    it('sends half a frame, and then nothing', async () => {
      await broken({ code: 'Ping', only: 10 })
      await theirs.expectSilence(30)
      expect(theirs.isClosed).to.equal(false)
    })
    it('claims another size than it sends', async () => {
      await broken({ code: 'Ping', compressed: true, size: 1_000 })
      await theirs.expectSilence(30)
    })
    it('speaks before Hello', async () => {
      await open({ through: 'rlpx' })
      await peer.until('greeting')
      peer.raw({ code: 'Ping' })
      await theirs.expect('Ping')
    })
    it('survives a Hello that is none', async () => {
      await open({ through: 'rlpx' })
      await peer.until('greeting')
      peer.raw({ code: 'Hello', payload: encodeRlp([5, 'x']) })
      expect(await failure(theirs.expect('Hello'))).to.match(/^a Hello that is malformed/)
    })
    it('says nothing about frames before the keys are agreed', async () => {
      await open({ through: 'tcp' })
      await peer.until('securing')
      expect(() => peer.send('Ping')).to.throw(ScriptError, 'frames need the RLPx handshake first')
      expect(() => peer.raw({ code: 0 })).to.throw(ScriptError, 'frames need the RLPx handshake first')
      expect(peer.said).to.deep.equal([])
    })
    it('says nothing once it is closed', async () => {
      await run()
      peer.close()
      const before = peer.said.length
      expect([peer.send('Ping'), peer.raw({ code: 'Ping' }), peer.raw(new Uint8Array(3))]).to.deep.equal(
        Array(3).fill(false),
      )
      expect(peer.said).to.have.length(before)
    })
  })

  describe('that waits in vain', () => {
    it('reports the whole exchange and the states, in order', async () => {
      await run()
      peer.send('Ping')
      await peer.expect('Pong')
      const message = await failure(peer.expect('BlockHeaders', { id: 7n }, { timeout: 5 }))
      const lines = message.split('\n')
      expect(lines[0]).to.equal('no BlockHeaders with id 7 within 5 ms')
      expect(lines[1]).to.match(/^ {2}states: dialing \(\d+ ms\) → securing.agreeing .* → running \(\d+ ms\)$/)
      expect(lines.slice(2).map((line) => line.replace(/^ +\d+ ms /, '').replace(/\d+ bytes/, '…'))).to.deep.equal([
        ...['> auth, …', '< ack, …', '> Hello', '< Hello', '< Status', '> Status', '> Ping', '< Pong'],
      ])
    })
    it('does not wait on when it is over', async () => {
      await run()
      theirs.close()
      expect(await failure(peer.expect('Pong', {}, { timeout: 60_000 }))).to.match(/^no Pong before it closed\n/)
    })
    it('reports a reason other than the expected one', async () => {
      await run()
      theirs.send('Disconnect', { reason: 2 })
      expect(await failure(peer.expectDisconnect('SubprotocolError'))).to.match(
        /^disc 0x02 \(breach of protocol\) where disc 0x10 \(subprotocol error\) was expected\n/,
      )
    })
    it('reports what broke a silence', async () => {
      await run()
      setImmediate(() => theirs.send('Pong'))
      expect(await failure(peer.expectSilence(1_000))).to.match(/^Pong in what was to be 1000 ms of silence\n/)
      setImmediate(() => theirs.close())
      expect(await failure(peer.expectSilence(1_000))).to.match(/^closed in what was to be 1000 ms of silence\n/)
      expect(await failure(peer.expectSilence(1_000)), 'over before').to.match(/^closed in what/)
    })
    it('hears what breaks a silence when the log is full', async () => {
      await run()
      for (let sent = 0; sent < 10_000; sent++) if (!theirs.send('Pong')) await theirs.drained()
      theirs.send('Disconnect', { reason: 'Quitting' })
      await peer.expectDisconnect()
      expect(peer.log).to.have.length(10_000)
      setImmediate(() => theirs.send('Pong'))
      const message = await failure(peer.expectSilence(1_000))
      expect(message).to.match(/^Pong in what was to be 1000 ms of silence\n/)
      expect(message, 'the latest').to.match(/ … 9\d{3} before\n.*< disc 0x08\n.* < Pong$/s)
    })
    it('reports the Disconnect that ended it on its way', async () => {
      await open({}, { through: 'hello' })
      await theirs.until('handshaking')
      theirs.send('Disconnect', { reason: 'UselessPeer' })
      theirs.close()
      expect(await failure(peer.until('running'))).to.match(
        /^never came to running: it closed: they sent Disconnect, useless peer\n/,
      )
    })
    it('does not wait for what cannot come', async () => {
      await run()
      const mistake = async (promise: Promise<unknown>) => (await promise.catch((error) => error)) as Error
      for (const [promise, message] of [
        [peer.until('runing' as 'running'), 'no peer has the state "runing": they are listening, '],
        [peer.expect('BlockHeadrs' as 'BlockHeaders'), 'no message is named "BlockHeadrs": they are Hello, '],
        [peer.expectDisconnect('ClientQuitting' as 'Quitting'), 'Disconnect has no reason "ClientQuitting": they are '],
      ] as const)
        expect(await mistake(promise))
          .to.be.instanceOf(TypeError)
          .and.have.property('message')
          .that.contains(message)
      expect(() => peer.send('GetBlockHeadrs' as 'Ping')).to.throw(TypeError, 'no message is named "GetBlockHeadrs"')
    })
    it('reports that the other side did not hang up', async () => {
      await run()
      expect(await failure(peer.closed({ timeout: 5 }))).to.match(/^it did not close within 5 ms\n/)
    })
  })

  it('publishes itself in the feed, and the packets of its handshake by their size', async () => {
    const runtime = processRuntime()
    const reported: MessageEntry[] = []
    const events: EventObject[] = []
    runtime.feed.subscribe((entry, { event }) => {
      if ('protocol' in entry && entry.protocol === 'rlpx') reported.push(entry)
      if (event) events.push(event)
    })
    await run({ runtime, parent: 'script' })
    const { actor } = reported[0]!
    expect(runtime.feed.actors).to.deep.include({
      id: actor,
      chart: 'scripted-peer',
      parent: 'script',
      state: 'running',
    })
    const packet = { actor, protocol: 'rlpx', version: 4 }
    expect(reported.map(({ size: _, ...rest }) => rest)).to.deep.equal([
      { ...packet, type: 'message.sent', code: 0 },
      { ...packet, type: 'message.received', code: 1 },
    ])
    expect(events).to.deep.include({ type: 'rlpx.secured', id: parseNode(listener.enode).id })
    expect(events.find(({ type }) => type === 'stream.opened'))
      .to.have.property('remote')
      .match(/^127\.0\.0\.1:\d+$/)
  })
  it('needs neither a port nor time that passes', async () => {
    const clock = new VirtualClock()
    const world = { network: memoryNetwork(), runtime: processRuntime({ clock }) }
    await run(world, world)
    const waiting = failure(peer.expect('Pong', {}, { timeout: 3_600_000 }))
    await clock.run(3_600_000)
    expect(await waiting).to.match(/^no Pong within 3600000 ms\n/)
  })
})
