import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { type Body, readBody } from '../../../actors/rpc/http-body.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'

describe('the body of a request', () => {
  const part = Buffer.alloc(50_000, 7)
  let req: PassThrough
  let turns: (() => void)[]
  let room: InputRoom
  let body: Promise<Body>
  let read: (headers?: object) => Promise<Body>
  let clock: VirtualClock

  beforeEach(() => {
    req = new PassThrough({ highWaterMark: 1 << 20 })
    turns = []
    room = new InputRoom()
    clock = new VirtualClock()
    const turn = () => new Promise<void>((resolve) => turns.push(resolve))
    const limits = { bodyBytes: 1_000_000, readTimeout: 1_000 }
    const source = { clock, isProven: false, turn }
    read = (headers = {}) =>
      readBody(Object.assign(req, { headers }) as unknown as IncomingMessage, limits, room, source)
    body = read()
  })
  const send = async (bytes: Buffer) => {
    req.write(bytes)
    await setImmediate()
  }

  it('that is short is read at once', async () => {
    await send(part)
    req.end()
    expect(await body).to.deep.equal({ parts: [part] })
    expect(turns).to.have.length(0)
  })
  it('that is long is read a part in a turn of its client, and nothing more before', async () => {
    const state = () => [turns.length, req.isPaused(), room.held / part.length]
    await send(part)
    expect(state()).to.deep.equal([0, false, 1])
    for (let i = 0; i < 3; i++) {
      await send(part)
      expect(state()).to.deep.equal([1, true, 2])
    }
    for (const parts of [3, 4]) {
      turns.shift()!()
      await setImmediate()
      expect(state()).to.deep.equal([1, true, parts])
    }
    turns.shift()!()
    req.end()
    const { parts } = (await body) as { parts: Buffer[] }
    expect(Buffer.concat(parts)).to.deep.equal(Buffer.alloc(4 * part.length, 7))
    expect(room.held).to.equal(0)
  })
  it('that is known to be long keeps nothing of what it was read in', async () => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    const long = read({ 'content-length': '65537' })
    await send(part)
    req.end()
    const { parts } = (await long) as { parts: Buffer[] }
    const { parts: short } = (await body) as { parts: Buffer[] }
    expect([Buffer.concat(parts), Buffer.concat(short)]).to.deep.equal([part, part])
    expect([parts[0]!.buffer, short[0]!.buffer].map((one) => one === chunks[0]!.buffer)).to.deep.equal([false, true])
  })
  it('is not read on once its client has left', async () => {
    await send(part)
    await send(part)
    req.destroy()
    expect((await body).fault).to.equal('gone')
    req.resume = () => expect.fail('read on')
    turns.shift()!()
    await setImmediate()
  })
  it('that does not come in time is given up, also while it waits for a turn', async () => {
    await send(part)
    await send(part)
    clock.advance(1_000)
    expect((await body).fault).to.equal('read timeout')
  })
})
