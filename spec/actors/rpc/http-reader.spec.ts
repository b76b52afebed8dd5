import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'chai'
import { HttpReader } from '../../../actors/rpc/http-reader.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'

describe('what comes over HTTP', () => {
  class TestSocket extends EventEmitter {
    isPaused = false
    readonly readableLength = 0
    readonly unshifted: string[] = []
    unshift(chunk: Buffer): void {
      this.unshifted.unshift(String(chunk))
    }
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
  it('of a request is given a little at a time, and of the next nothing before all are answered', () => {
    const request = { complete: false, headers: {} }
    listener = (chunk) => {
      given.push(String(chunk))
      if (!String(chunk).startsWith('GET')) return
      request.complete = String(chunk).endsWith('.')
      reader.asked(request)
    }
    socket = open(new FairScheduler({ now: () => now++ }, (run) => due.push(run)))
    const all = () => {
      while (due.length > 0) turn()
    }
    come(`GET${'x'.repeat(2_500)}`)
    all()
    expect([given.map(({ length }) => length), socket.isPaused]).to.deep.equal([[1_024, 1_024, 455], false])
    request.complete = true
    come('GET.')
    come('GET.')
    all()
    expect([given.length, socket.isPaused]).to.deep.equal([3, true])
    reader.answered()
    all()
    expect([given.length, socket.isPaused]).to.deep.equal([4, true])
    reader.answered()
    all()
    expect([given.length, socket.isPaused]).to.deep.equal([5, false])
  })
  it('is given at once as far as it is the body of a request, whose length is known', () => {
    const request = { complete: false, headers: { 'content-length': '50000' } }
    listener = (chunk) => {
      given.push(String(chunk))
      if (given.length === 1) reader.asked(request)
      request.complete = given.join('').length >= 50_200
    }
    socket = open(new FairScheduler({ now: () => now++ }, (run) => due.push(run)))
    // 200 bytes of a head, and the next request at the end.
    come('x'.repeat(60_000))
    while (due.length > 0) turn()
    expect(given.map(({ length }) => length)).to.deep.equal([1_024, 48_976, 1_024])
    reader.answered()
    while (due.length > 0) turn()
    expect(given.slice(3).every(({ length }) => length <= 1_024)).to.equal(true)
    expect(given.join('')).to.have.length(60_000)
  })
  it('ends its client whatever is not answered', () => {
    const ended: string[] = []
    socket = new TestSocket()
    socket.on('data', () => reader.asked({ complete: true, headers: {} }))
    socket.on('end', () => ended.push('end'))
    const scheduler = new FairScheduler({ now: () => now }, (run) => due.push(run))
    reader = new HttpReader(socket as unknown as Socket, scheduler, (error) => crashes.push(error))
    come('GET')
    turn()
    come('GET')
    socket.emit('end')
    turn()
    expect(ended).to.deep.equal(['end'])
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
    const head = 'GET'.padEnd(1_024)
    come(`${head}${'rest'.padEnd(1_500)}`)
    turn()
    expect(socket.unshifted.map((text) => text.trim())).to.deep.equal(['rest'])
    come('x')
    socket.emit('end')
    expect([given, due.length]).to.deep.equal([[head, 'frame x'], 0])
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
