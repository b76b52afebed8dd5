import { expect } from 'chai'
import type { Datagrams, Receive } from '../../../actors/discovery/datagrams.ts'
import { inTurns } from '../../../actors/discovery/turns.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { Account, FairScheduler, type Task } from '../../../actors/runtime/scheduler.ts'

describe('the turns of datagrams', () => {
  const from = { ip: '127.0.0.1', port: 1 }
  const datagram = (i: number) => Uint8Array.of(i >> 8, i)
  /** A millisecond for each datagram that is read. */
  const bound = async (read: (i: number) => void = () => {}, maxHeld = 1_000_000) => {
    const deferred: (() => void)[] = []
    const log: (number | string)[] = []
    let [now, give]: [number, Receive] = [0, () => {}]
    const datagrams: Datagrams = {
      bind: async (ip, port, receive) => {
        give = receive
        return { ip, port, send() {}, close: async () => {} }
      },
    }
    const scheduler = new FairScheduler({ now: () => now }, (run) => deferred.push(run))
    const input = new InputRoom(maxHeld)
    const crashed = (error: unknown) => log.push((error as Error).message)
    const socket = await inTurns(datagrams, { scheduler, input }, crashed).bind('127.0.0.1', 1, (bytes) => {
      const i = bytes[0]! * 256 + bytes[1]!
      read(i)
      log.push(i)
      now++
    })
    return {
      ...{ scheduler, socket, log, input },
      give: (bytes: Uint8Array) => give(bytes, from),
      /** One look at the sockets. */
      slice: () => deferred.shift()?.(),
      isDue: () => deferred.length > 0,
      tick: () => now++,
    }
  }

  it('read what came at once a few at a time, in order, and none in the socket’s own event', async () => {
    const { give, slice, isDue, log } = await bound()
    for (let i = 0; i < 10; i++) give(datagram(i))
    expect(log).to.deep.equal([])
    slice()
    expect(log).to.deep.equal([0, 1, 2, 3])
    while (isDue()) slice()
    expect(log).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
  it('leave a peer its own', async () => {
    const { give, slice, scheduler, log, tick } = await bound()
    for (let i = 0; i < 100; i++) give(datagram(i))
    slice()
    const task: Task = {
      account: new Account(),
      step: () => {
        log.push('peer')
        tick()
        return false
      },
      crashed() {},
    }
    scheduler.ready(task)
    slice()
    expect(log.slice(4, 6)).to.deep.equal(['peer', 4])
  })
  it('keep 1,024 and lose what comes beyond, and what is longer than a packet may be', async () => {
    const { give, slice, isDue, log } = await bound()
    give(new Uint8Array(1_281))
    for (let i = 0; i < 2_000; i++) give(datagram(i))
    while (isDue()) slice()
    expect(log).to.deep.equal(Array.from({ length: 1_024 }, (_, i) => i))
  })
  it('have their room in that of all input until they are read, and lose all when they hold most and there is none', async () => {
    const { give, slice, isDue, input, socket, log } = await bound(() => {}, 100)
    for (let i = 0; i < 10; i++) give(datagram(i))
    expect(input.held).to.equal(20)
    slice()
    expect(input.held).to.equal(12)
    give(new Uint8Array(101))
    expect(input.held).to.equal(0)
    while (isDue()) slice()
    expect(log).to.deep.equal([0, 1, 2, 3])
    give(datagram(4))
    await socket.close()
    expect(input.held).to.equal(0)
  })
  it('go on after one that could not be read for a bug', async () => {
    const { give, slice, isDue, log } = await bound((i) => {
      if (i === 1) throw new Error('a bug')
    })
    for (let i = 0; i < 3; i++) give(datagram(i))
    while (isDue()) slice()
    expect(log).to.deep.equal([0, 'a bug', 2])
  })
  it('end with the socket', async () => {
    const { give, slice, socket, log } = await bound()
    for (let i = 0; i < 10; i++) give(datagram(i))
    slice()
    await socket.close()
    slice()
    expect(log).to.deep.equal([0, 1, 2, 3])
  })
})
