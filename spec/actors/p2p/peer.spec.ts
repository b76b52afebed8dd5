import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { ConnectionOwner } from '../../../actors/p2p/connection.ts'
import { peerConnector } from '../../../actors/p2p/peer.ts'
import { WriteQueueFull } from '../../../actors/p2p/peer-session.ts'
import type { Protocol, Session } from '../../../actors/p2p/protocol.ts'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { streamPair } from '../../../actors/simulation/memory-network.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { type DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import vectors from '../../vectors/rlpx-eip-8.json' with { type: 'json' }
import { End, meet, settle } from './pair.ts'

describe('a peer', () => {
  /** Remembers its session and what it received. */
  class Probe implements Protocol {
    readonly name: string
    readonly version: number
    readonly length: number
    readonly heard: number[] = []
    readonly sizes: number[] = []
    session: Session | undefined
    closed = 0
    writable = 0
    constructor(name = 'probe', version = 1, length = 2) {
      this.name = name
      this.version = version
      this.length = length
    }
    run(session: Session) {
      this.session = session
      return {
        message: (code: number, payload: Uint8Array) => {
          this.heard.push(code)
          this.sizes.push(payload.length)
        },
        writable: () => void this.writable++,
        closed: () => void this.closed++,
        info: () => ({ heard: this.heard.length }),
      }
    }
  }
  const empty = Uint8Array.of(0xc0)

  it('knows the other by the key of its handshake and the name of its Hello', async () => {
    const [near, far] = await meet([new Probe()], [new Probe()])
    expect(near.facts).to.deep.include({ name: 'spec', inbound: false, caps: [{ name: 'probe', version: 1 }] })
    expect(near.facts!.id).to.equal(far.connection!.facts && near.connection!.id)
    expect(far.facts).to.deep.include({ inbound: true, remoteAddress: '127.0.0.1:1' })
  })

  it('reports auth and ack by their size, without their contents', async () => {
    const [near, far] = await meet([new Probe()], [new Probe()])
    const [[auth, ack], [heardAuth, saidAck]] = [near.packets, far.packets]
    expect([auth, ack]).to.deep.equal([
      { ...heardAuth, type: 'message.sent' },
      { ...saidAck, type: 'message.received' },
    ])
    expect(auth).to.deep.include({ protocol: 'rlpx', version: 4, code: 0 }).and.have.property('size').above(300)
    expect(ack).to.deep.include({ protocol: 'rlpx', version: 4, code: 1 }).and.have.property('size').above(200)
  })
  for (const [what, bytes, size] of [
    ['an auth from before EIP-8', hexToBytes(vectors.auth.v4Format), 307],
    ['what cannot be opened', Uint8Array.of(0, 64, ...new Uint8Array(64).fill(1)), 66],
    ['what is too long', new TextEncoder().encode('GET / HTTP/1.1'), 14],
  ] as const)
    it(`reports ${what} as no packet of EIP-8`, async () => {
      const [stranger, end] = [streamPair('127.0.0.1:1', '127.0.0.1:2'), new End([new Probe()])]
      end.accept(stranger[1])
      stranger[0].write(bytes)
      await settle()
      stranger[0].end()
      await settle()
      expect(end.packets).to.deep.equal([
        { type: 'message.received', actor: 'peer/1', protocol: 'rlpx', code: 0, size },
      ])
    })

  it('runs the highest common version of each name, codes one behind the other', async () => {
    const ours = [new Probe('b', 1, 1), new Probe('b', 2, 2), new Probe('a', 1, 3)]
    const theirs = [new Probe('a', 1, 3), new Probe('b', 1, 1), new Probe('b', 2, 2), new Probe('b', 3, 9)]
    await meet(ours, theirs)
    expect(ours.map(({ session }) => session !== undefined)).to.deep.equal([false, true, true])
    ours[1]!.session!.send(1, empty)
    ours[2]!.session!.send(2, empty)
    await settle()
    expect(theirs.map(({ heard }) => heard)).to.deep.equal([[2], [], [1], []])
  })

  it('delivers messages in order, of any size', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    await meet([ours], [theirs])
    const sizes = [0, 1, 15, 16, 17, 1_000, 65_536, 300_000, 3]
    for (const size of sizes) ours.session!.send(0, new Uint8Array(size))
    await settle()
    await settle()
    expect(theirs.sizes).to.deep.equal(sizes)
  })

  it('pings every 15 s and is answered', async () => {
    const [near, far] = await meet([new Probe()], [new Probe()])
    await near.clock.run(45_000)
    expect(near.base('message.sent').filter((code) => code === 2)).to.have.length(3)
    expect(far.base('message.sent').filter((code) => code === 3)).to.have.length(3)
  })

  it('hangs up on a remote that is silent for 30 s, without a word', async () => {
    const ours = new Probe()
    const [near, far] = await meet([ours], [new Probe()])
    far.freeze()
    await near.clock.run(29_999)
    expect(near.ended).to.equal(undefined)
    await near.clock.run(1)
    expect(near.ended?.error.message).to.equal('read: i/o timeout')
    expect(near.base('message.sent')).to.not.include(1)
    expect(ours.closed).to.equal(1)
  })

  it('leaves no timer behind', async () => {
    const [near] = await meet([new Probe()], [new Probe()])
    near.connection!.disconnect(DiscReason.Requested)
    await settle()
    expect(near.ended).to.not.equal(undefined)
    expect(near.clock.pending).to.equal(0)
    expect(near.feed.actors).to.deep.equal([])
  })

  it('sends a Disconnect with its reason, and receives one', async () => {
    const [near, far] = await meet([new Probe()], [new Probe()])
    near.connection!.disconnect(DiscReason.TooManyPeers)
    await settle()
    expect(near.ended).to.deep.include({ remoteRequested: false })
    expect(far.ended).to.deep.include({ remoteRequested: true })
    for (const { ended } of [near, far]) expect((ended!.error as DiscError).reason).to.equal(DiscReason.TooManyPeers)
  })

  it('serves nothing more of what a remote had queued that has hung up', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const [near, far] = await meet([ours], [theirs])
    far.freeze()
    for (let i = 0; i < 3_000; i++) ours.session!.send(0, empty)
    await settle()
    near.connection!.disconnect(DiscReason.NetworkError) // which is never said
    await settle()
    far.thaw()
    await settle()
    expect(theirs.heard.length).to.be.within(1, 16)
    expect([far.ended?.error.message, theirs.closed, far.clock.pending]).to.deep.equal(['EOF', 1, 0])
  })

  it('inflates no more than one of the bombs that were queued', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const [near, far] = await meet([ours], [theirs])
    far.freeze()
    for (let i = 0; i < 4; i++) ours.session!.send(0, new Uint8Array(1 << 20))
    near.connection!.disconnect(DiscReason.NetworkError)
    await settle()
    far.thaw()
    await settle()
    expect(theirs.heard).to.have.length(1)
    expect(far.ended?.error.message).to.equal('EOF')
  })

  it('hears what a remote said before its Disconnect, when both came before the end', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const [near, far] = await meet([ours], [theirs])
    far.freeze()
    let wasGone = false
    const heard = theirs.heard.push.bind(theirs.heard)
    theirs.heard.push = (code) => {
      wasGone = theirs.session!.isGone
      return heard(code)
    }
    expect(theirs.session!.isGone).to.equal(false)
    for (const code of [0, 1, 0]) ours.session!.send(code, empty)
    near.connection!.disconnect(DiscReason.TooManyPeers)
    await settle()
    far.thaw()
    await settle()
    expect([theirs.heard, wasGone]).to.deep.equal([[0, 1, 0], true])
    expect((far.ended!.error as DiscError).reason).to.equal(DiscReason.TooManyPeers)
  })

  it('is read on when what takes long for a message is done, and that is left off when it is gone', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const seen: string[] = []
    let release = () => {}
    function* work() {
      try {
        for (const step of ['first', 'second']) {
          seen.push(step)
          yield new Promise<void>((resolve) => {
            release = resolve
          })
        }
      } finally {
        seen.push('left')
      }
    }
    const run = theirs.run.bind(theirs)
    theirs.run = (session) => {
      const handler = run(session)
      const message = (code: number, payload: Uint8Array) => {
        handler.message(code, payload)
        if (code === 1) session.work(work())
      }
      return { ...handler, message }
    }
    const [near] = await meet([ours], [theirs])
    for (const code of [0, 1, 0]) ours.session!.send(code, empty)
    await settle()
    expect([theirs.heard, seen]).to.deep.equal([[0, 1], ['first']])
    release()
    await settle()
    expect([theirs.heard, seen]).to.deep.equal([
      [0, 1],
      ['first', 'second'],
    ])
    release()
    await settle()
    expect([theirs.heard, seen]).to.deep.equal([
      [0, 1, 0],
      ['first', 'second', 'left'],
    ])
    ours.session!.send(1, empty)
    await settle()
    near.connection!.disconnect(DiscReason.TooManyPeers)
    await settle()
    await settle()
    release()
    await settle()
    expect(seen.slice(3)).to.deep.equal(['first', 'left'])
  })

  it('is read on when all that is worked on for a message is done: one work may begin another', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const releases: (() => void)[] = []
    function* wait() {
      yield new Promise<void>((resolve) => releases.push(resolve))
    }
    const run = theirs.run.bind(theirs)
    theirs.run = (session) => {
      const handler = run(session)
      function* outer() {
        yield* wait()
        session.work(wait())
      }
      const message = (code: number, payload: Uint8Array) => {
        handler.message(code, payload)
        if (code === 1) session.work(outer())
      }
      return { ...handler, message }
    }
    await meet([ours], [theirs])
    for (const code of [1, 0]) ours.session!.send(code, empty)
    await settle()
    releases.shift()!()
    await settle()
    expect([theirs.heard, releases.length]).to.deep.equal([[1], 1])
    releases.shift()!()
    await settle()
    expect(theirs.heard).to.deep.equal([1, 0])
  })

  describe('that is sent what is big', () => {
    const big = () => new Uint8Array(randomBytes(2 ** 20))

    it('has it sealed in its turns, each a millisecond long, and what is sent after it behind it', async () => {
      const [ours, theirs] = [new Probe(), new Probe()]
      const [near] = await meet([ours], [theirs])
      let now = near.clock.now()
      near.clock.now = () => now++ // whatever is done takes long
      near.freeze()
      near.turns = 0
      ours.session!.send(0, big())
      ours.session!.send(1, empty)
      await settle()
      expect([theirs.heard, near.turns]).to.deep.equal([[], 1])
      near.thaw()
      await settle()
      expect(theirs.heard).to.deep.equal([0, 1])
      expect(theirs.sizes[0]).to.equal(2 ** 20)
      expect(near.turns).to.be.above(8)
    })
    it('says so when there is more of it than the remote reads, and when there is room again', async () => {
      const [ours, theirs] = [new Probe(), new Probe()]
      const [near] = await meet([ours], [theirs])
      near.freeze()
      const zeros = new Uint8Array(2 ** 19) // hardly anything once it is compressed
      expect([1, 2, 3].map(() => ours.session!.send(0, zeros))).to.deep.equal([true, false, false])
      expect(ours.writable).to.equal(0)
      near.thaw()
      await settle()
      expect([theirs.heard, ours.writable]).to.deep.equal([[0, 0, 0], 1])
      expect(ours.session!.send(1, empty)).to.equal(true)
    })
    it('gets it before it is parted from', async () => {
      const [ours, theirs] = [new Probe(), new Probe()]
      const [near, far] = await meet([ours], [theirs])
      ours.session!.send(0, big())
      near.connection!.disconnect(DiscReason.TooManyPeers)
      await settle()
      expect(theirs.heard).to.deep.equal([0])
      expect((far.ended!.error as DiscError).reason).to.equal(DiscReason.TooManyPeers)
      expect(near.ended).to.not.equal(undefined)
    })
    it('gets nothing of it when it has gone', async () => {
      const [ours, theirs] = [new Probe(), new Probe()]
      const [near, far] = await meet([ours], [theirs])
      near.freeze()
      for (let i = 0; i < 3; i++) ours.session!.send(0, big())
      far.connection!.disconnect(DiscReason.TooManyPeers)
      await settle()
      near.thaw()
      await settle()
      expect([theirs.heard, ours.closed]).to.deep.equal([[], 1])
      expect(near.ended).to.not.equal(undefined)
    })
  })

  it('is hung up on without a word when it holds most of the unfinished input, and there is no room', async () => {
    const input = new InputRoom(400_000)
    const pairs = [100_000, 200_000, 150_000].map(async (size) => {
      const [ours, theirs] = [new Probe(), new Probe()]
      const [near, far] = await meet([ours], [theirs], input)
      theirs.session!.pause()
      const send = () => ours.session!.send(0, new Uint8Array(randomBytes(size)))
      return { near, far, theirs, send }
    })
    const all = await Promise.all(pairs)
    const ended = () => all.map(({ far }) => far.ended?.error.message)
    for (const { send } of all.slice(0, 2)) send()
    await settle()
    await settle()
    expect(ended()).to.deep.equal([undefined, undefined, undefined])
    expect(input.held).to.equal(300_000)
    all[2]!.send()
    await settle()
    await settle()
    expect(ended()).to.deep.equal([undefined, 'no room for more unfinished input', undefined])
    expect(input.held).to.equal(250_000)
    expect(all[1]!.far.base('message.sent')).to.not.include(1)
    for (const { theirs } of all) theirs.session!.resume()
    await settle()
    expect(all.map(({ theirs }) => theirs.sizes)).to.deep.equal([[100_000], [], [150_000]])
    expect(input.held).to.equal(0)
  })

  it('opens no auth of a stranger that has hung up', async () => {
    const [stranger, end] = [streamPair('127.0.0.1:1', '127.0.0.1:2'), new End([new Probe()])]
    end.accept(stranger[1])
    end.freeze()
    stranger[0].write(hexToBytes(vectors.auth.v4Format))
    stranger[0].end()
    await settle()
    end.thaw()
    await settle()
    expect(end.ended?.error.message).to.equal('EOF')
    expect(end.packets).to.deep.equal([])
  })

  it('ends a few strangers in one turn, though each that hung up makes room for the next that did', async () => {
    const near = new End([])
    const turns: (() => void)[] = []
    let now = 0
    const clock = { now: () => now, setTimeout: () => 0, clearTimeout() {} }
    const runtime = processRuntime({ clock })
    const connect = peerConnector(runtime, {
      ...{ privateKey: near.privateKey, publicKey: near.publicKey, name: 'spec', protocols: [], parent: 'spec' },
      ...{ ciphers: nodeCiphers, input: new InputRoom() },
      scheduler: new FairScheduler(clock, (run) => turns.push(run)),
    })
    let ended = 0
    const admitNext = (conn: number) => {
      const [stranger, stream] = streamPair('127.0.0.1:1', '127.0.0.1:2')
      stranger.destroy()
      connect(stream, { conn, origin: 'inbound', owner })
    }
    const owner: ConnectionOwner = {
      ...near.owner,
      setupEnded: (conn) => {
        ended++
        now++ // the millisecond that a place takes
        if (conn < 100) admitNext(conn + 1)
      },
    }
    admitNext(1)
    await settle()
    expect(ended).to.equal(0)
    const inTurns: number[] = []
    for (let turn = 0; turn < 3; turn++) {
      const before = ended
      turns.shift()!()
      await settle()
      inTurns.push(ended - before)
    }
    expect(inTurns).to.deep.equal([1, 1, 1])
  })

  it('ends with its protocol, for the reason of its error', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const [, far] = await meet([ours], [theirs])
    ours.session!.end(new PeerError('invalid message', 'of the spec'))
    await settle()
    expect((far.ended!.error as DiscError).reason).to.equal(DiscReason.ProtocolError)
    expect([ours.closed, theirs.closed]).to.deep.equal([1, 1])
  })

  it('does not send a code that its protocol does not have', async () => {
    const ours = new Probe()
    const [near] = await meet([ours], [new Probe()])
    expect(() => ours.session!.send(2, empty)).to.throw(PeerError, 'not handled')
    expect(near.ended).to.equal(undefined)
  })

  it('hangs up on a code past every protocol, without a word', async () => {
    const ours = new Probe('probe', 1, 9)
    const [near, far] = await meet([ours], [new Probe('probe', 1, 2)])
    ours.session!.send(2, empty)
    await settle()
    expect(far.ended?.error.message).to.equal('msg code out of range: 18')
    expect(near.ended).to.deep.include({ remoteRequested: false })
  })

  it('keeps everything in line behind a message that is not taken', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    const [near, far] = await meet([ours], [theirs])
    theirs.session!.pause()
    ours.session!.send(0, empty)
    ours.session!.send(1, empty)
    await settle()
    await near.clock.run(15_000) // a ping, behind them
    expect([theirs.heard, far.base('message.received').includes(2)]).to.deep.equal([[], false])
    theirs.session!.resume()
    await settle()
    expect([theirs.heard, far.base('message.received').includes(2)]).to.deep.equal([[0, 1], true])
  })

  it('asks a sender to wait for a remote that does not read, and closes after 20 s of it', async () => {
    const ours = new Probe()
    const [near, far] = await meet([ours], [new Probe()])
    far.freeze()
    const chunk = new Uint8Array(randomBytes(100_000))
    let sent = 0
    while (ours.session!.send(0, chunk)) sent++
    await settle()
    expect(sent).to.be.within(5, 40)
    expect(() => {
      for (let i = 0; i < 1_000; i++) ours.session!.send(0, chunk)
    }).to.throw(WriteQueueFull)
    await near.clock.run(19_999)
    expect(near.ended).to.equal(undefined)
    await near.clock.run(1_001)
    expect(near.ended?.error.message).to.equal('write: i/o timeout')
  })

  it('notifies a sender when it may go on', async () => {
    const [ours, theirs] = [new Probe(), new Probe()]
    await meet([ours], [theirs])
    const chunk = new Uint8Array(randomBytes(100_000))
    let sent = 1
    while (ours.session!.send(0, chunk)) sent++
    for (let i = 0; i < 50 && theirs.heard.length < sent; i++) await settle()
    expect(theirs.heard).to.have.length(sent)
    expect(ours.writable).to.be.at.least(1)
  })

  it('shows what each protocol says of itself', async () => {
    const [near] = await meet([new Probe()], [new Probe()])
    expect(near.connection!.protocols()).to.deep.equal({ probe: { heard: 0 } })
  })

  it('publishes every message in the feed, by protocol, code and size', async () => {
    const ours = new Probe()
    const [near] = await meet([ours], [new Probe()])
    ours.session!.send(1, Uint8Array.of(1, 2, 3))
    expect(near.entries.at(-1)).to.deep.equal({
      type: 'message.sent',
      actor: 'peer/1',
      protocol: 'probe',
      version: 1,
      code: 1,
      size: 3,
    })
  })
})
