import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { HttpReader } from '../../../actors/rpc/http-reader.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'

describe('what comes over HTTP', () => {
  class TestSocket extends EventEmitter {
    isPaused = false
    pause(): this {
      this.isPaused = true
      return this
    }
    resume(): this {
      this.isPaused = false
      return this
    }
  }

  let socket: TestSocket
  let reader: HttpReader
  let given: string[]
  let crashes: unknown[]
  let due: (() => void)[]
  let now: number
  let listener: (chunk: Buffer) => void
  const turn = () => due.shift()?.()
  const come = (text: string, to = socket) => to.emit('data', Buffer.from(text))

  /** @returns one that is read in the turns of the same scheduler */
  function open(scheduler: FairScheduler): TestSocket {
    const one = new TestSocket()
    one.on('data', listener)
    reader = new HttpReader(one as unknown as Socket, scheduler, (error) => crashes.push(error))
    return one
  }

  beforeEach(() => {
    ;[given, crashes, due, now] = [[], [], [], 0]
    listener = (chunk) => {
      now += 1
      given.push(String(chunk))
    }
    socket = open(new FairScheduler({ now: () => now }, (run) => due.push(run)))
  })

  it('is given in the turn of its client, and no more is read before', () => {
    come('GET')
    expect([given, socket.isPaused]).to.deep.equal([[], true])
    turn()
    expect([given, socket.isPaused]).to.deep.equal([['GET'], false])
  })
  it('of a crowd is looked at for 4 ms before the sockets are', () => {
    const scheduler = new FairScheduler({ now: () => now }, (run) => due.push(run))
    const crowd = Array.from({ length: 100 }, () => open(scheduler))
    for (const one of crowd) come('GET', one)
    expect(due).to.have.length(1)
    turn()
    expect([given.length, due.length]).to.deep.equal([4, 1])
    while (due.length > 0) turn()
    expect(given).to.have.length(100)
  })
  it('waits anew where it was no whole request', () => {
    for (const text of ['G', 'ET']) {
      come(text)
      expect(given).not.to.include(text)
      turn()
      expect(given).to.include(text)
    }
  })
  it('is given at once while a request is answered, and waits when all are', () => {
    listener = (chunk) => {
      if (String(chunk) !== 'GET') return
      reader.asked()
      reader.asked()
    }
    socket = open(new FairScheduler({ now: () => now }, (run) => due.push(run)))
    come('GET')
    turn()
    const late: string[] = []
    socket.on('data', (chunk) => late.push(String(chunk)))
    come('body')
    reader.answered()
    come('more')
    expect([late, due.length, socket.isPaused]).to.deep.equal([['body', 'more'], 0, false])
    reader.answered()
    come('next')
    expect([due.length, socket.isPaused]).to.deep.equal([1, true])
  })
  it('is no longer looked at when another takes the socket over', () => {
    const upgraded = (chunk: Buffer) => {
      given.push(String(chunk))
      socket.off('data', upgraded)
      reader.release()
      socket.on('data', (chunk) => given.push(`frame ${chunk}`))
    }
    listener = upgraded
    socket = open(new FairScheduler({ now: () => now }, (run) => due.push(run)))
    come('GET')
    turn()
    come('x')
    socket.emit('end')
    expect([given, due.length]).to.deep.equal([['GET', 'frame x'], 0])
  })
  it('ends in the turn of its client, once', () => {
    socket = new TestSocket()
    socket.on('end', () => given.push('end'))
    new HttpReader(socket as unknown as Socket, new FairScheduler({ now: () => now }, (run) => due.push(run)), () => {})
    socket.emit('end')
    expect(given).to.deep.equal([])
    turn()
    turn()
    expect([given, due.length]).to.deep.equal([['end'], 0])
  })
  it('is passed over when its client has left', () => {
    come('GET')
    socket.emit('close')
    turn()
    expect(given).to.deep.equal([])
  })
  it('ends its client alone upon a bug of ours', () => {
    const bug = new Error('a bug')
    listener = () => {
      throw bug
    }
    socket = open(new FairScheduler({ now: () => now }, (run) => due.push(run)))
    come('GET')
    turn()
    expect(crashes).to.deep.equal([bug])
  })
})
