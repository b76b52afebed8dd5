import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { WsReader } from '../../../actors/rpc/ws-reader.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { newAccount } from '../../../actors/runtime/time-slicer.ts'

describe('what comes over a WebSocket', () => {
  class TestSocket extends EventEmitter {
    isPaused = false
    /** What it read of the system and did not give. */
    rest: Buffer | null = null
    pause(): void {
      this.isPaused = true
    }
    resume(): void {
      this.isPaused = false
    }
    read(): Buffer | null {
      const { rest } = this
      this.rest = null
      return rest
    }
  }

  let socket: TestSocket
  let reader: WsReader
  let room: InputRoom
  let given: Buffer[]
  let crashes: unknown[]
  /** Milliseconds; one passes with each part that is given. */
  let now: number
  let due: (() => void)[]
  const turn = () => due.shift()?.()
  let take: (part: Buffer) => void

  /** A whole message of one short frame, masked with zeros. */
  const frame = (text: string) => Buffer.from([0x82, 0x80 | text.length, 0, 0, 0, 0, ...Buffer.from(text)])
  /** So much of a message of 1,000,000 bytes as comes in one read. */
  const beginning = () => Buffer.concat([Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 0, 0, 0, 0), rest()])
  const rest = () => Buffer.alloc(65_536)
  const textsGiven = () => given.map((part) => String(part.subarray(6)))

  beforeEach(() => {
    ;[given, crashes, now, due] = [[], [], 0, []]
    socket = new TestSocket()
    room = new InputRoom()
    take = (part) => given.push(part)
    socket.on('data', (part: Buffer) => {
      now += 1
      take(part)
    })
    reader = new WsReader(socket as unknown as Socket, {
      scheduler: new FairScheduler({ now: () => now }, (run) => due.push(run)),
      account: newAccount(),
      holding: room.open(() => {}),
      maxBytes: 1 << 20,
      crashed: (error) => crashes.push(error),
    })
  })

  it('is given in the turn of its client, and nothing more is read before', () => {
    socket.emit('data', frame('one'))
    expect([given.length, socket.isPaused, room.held]).to.deep.equal([0, true, 9])
    turn()
    expect([textsGiven(), socket.isPaused]).to.deep.equal([['one'], false])
  })
  it('is left for the next turn after a millisecond', () => {
    socket.emit('data', Buffer.concat(Array(10).fill(frame('one of ten'))))
    turn()
    expect([given.length, socket.isPaused, due.length]).to.deep.equal([4, true, 1])
    while (due.length > 0) turn()
    expect([given.length, socket.isPaused]).to.deep.equal([10, false])
  })
  it('is a read in a turn, of a message without end', () => {
    socket.emit('data', beginning())
    for (let i = 1; i < 10; i++) {
      while (due.length > 0) turn()
      expect([socket.isPaused, room.held]).to.deep.equal([false, i * 65_536 + 8 * 2 * i])
      socket.emit('data', rest())
      expect(socket.isPaused).to.equal(true)
    }
  })
  it('waits while its client may not ask for more', () => {
    take = (part) => {
      given.push(part)
      reader.pause()
    }
    socket.emit('data', Buffer.concat([frame('one'), frame('two')]))
    while (due.length > 0) turn()
    expect([textsGiven(), socket.isPaused]).to.deep.equal([['one'], true])
    socket.emit('data', frame('three'))
    expect(due).to.have.length(0)
    take = (part) => given.push(part)
    reader.resume()
    while (due.length > 0) turn()
    expect([textsGiven(), socket.isPaused]).to.deep.equal([['one', 'two', 'three'], false])
  })
  it('is passed over once its client has left, also what the socket still has of it', () => {
    socket.emit('data', frame('one'))
    socket.rest = frame('two')
    socket.emit('close')
    while (due.length > 0) turn()
    expect([given.length, socket.rest, socket.listenerCount('data')]).to.deep.equal([0, null, 0])
  })
  it('has its room until the message is whole, and none for a control frame', () => {
    const fragment = frame('fragment')
    fragment[0] = 0x02
    socket.emit('data', fragment)
    while (due.length > 0) turn()
    const held = room.held
    expect(held).to.be.within(8, 16)
    take = () => reader.controlPassed(3)
    const ping = frame('abc')
    ping[0] = 0x89
    socket.emit('data', ping)
    while (due.length > 0) turn()
    expect(room.held).to.equal(held)
    take = () => reader.messageEnded()
    const last = frame('end')
    last[0] = 0x80
    socket.emit('data', last)
    while (due.length > 0) turn()
    expect(room.held).to.equal(0)
  })
  it('ends the connection alone when what is done with it has a bug', () => {
    const bug = new Error('planted')
    take = () => {
      throw bug
    }
    socket.emit('data', frame('one'))
    turn()
    expect(crashes).to.deep.equal([bug])
  })
})
