import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import type { RpcLimits } from '../../../actors/rpc/options.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { token } from '../../support/jwt.ts'
import { exchange, httpRequest, sendRaw } from './raw-http.ts'
import { ipcClient, wsClient } from './rpc-client.ts'
import { callText, TestStack, testSecret } from './test-stack.ts'

describe('the limits of RPC', () => {
  let test: TestStack
  afterEach(() => test.stop())
  const start = async (limits: Partial<RpcLimits>) => {
    test = await TestStack.start({ limits })
    return test
  }
  const echo = (word: string, id = 1) => callText('test_echo', [word], id)
  const post = (body: string) => httpRequest({ body })
  const error = (json: string) => JSON.parse(json).error
  /** Both transports whose connections last. */
  const clients = [
    ['WebSocket', () => wsClient(test.stack.ws!)],
    ['IPC', () => ipcClient(test.stack.ipc!)],
  ] as const

  it('hold the body of a request', async () => {
    await start({ bodyBytes: 100 })
    const { status, body } = await exchange(test.httpPort, post('x'.repeat(101)))
    expect([status, body.toString()]).to.deep.equal([413, 'content length too large (101>100)\n'])
    expect((await exchange(test.httpPort, post(echo('x')))).status).to.equal(200)
  })
  it('are wider for a consensus client', async () => {
    await start({ bodyBytes: 10, engineBodyBytes: 100 })
    const authorization = `Bearer ${token(testSecret, { iat: Math.floor(Date.now() / 1000) })}`
    const status = async (size: number) =>
      (await exchange(test.authPort, httpRequest({ headers: { authorization }, body: 'x'.repeat(size) }))).status
    expect([await status(100), await status(101)]).to.deep.equal([200, 413])
  })
  it('hold the items of a batch', async () => {
    await start({ batchItems: 2 })
    const batch = (count: number) => `[${Array.from({ length: count }, (_, id) => echo('x', id)).join()}]`
    expect(JSON.parse(await test.post(batch(2)))).to.have.length(2)
    expect(JSON.parse(await test.post(batch(3)))).to.deep.equal([
      { jsonrpc: '2.0', id: 0, error: { code: -32600, message: 'batch too large' } },
    ])
  })
  it('hold the answers of a batch', async () => {
    await start({ batchResponseBytes: 100 })
    const batch = `[${[1, 2, 3].map((id) => echo('x'.repeat(60), id)).join()}]`
    const answers = JSON.parse(await test.post(batch)) as { error?: unknown }[]
    const tooLarge = { code: -32003, message: 'response too large' }
    expect(answers.map(({ error }) => error)).to.deep.equal([undefined, undefined, tooLarge])
  })
  it('let no one in over WebSocket who waits for a turn when the server stops', async () => {
    const due: (() => void)[] = []
    test = await TestStack.start({}, { scheduler: new FairScheduler({ now: () => 0 }, (run) => due.push(run)) })
    const ws = new WebSocket(test.stack.ws!)
    const heard: string[] = []
    for (const event of ['open', 'error', 'close']) ws.on(event, () => heard.push(event))
    const isDue = async () => {
      while (due.length === 0) await setImmediate()
    }
    await isDue()
    due.shift()!() // its request is read
    await isDue()
    const stopped = test.stack.stop()
    await setImmediate()
    expect(heard).to.deep.equal([])
    while (due.length > 0) due.shift()!()
    await stopped
    while (!heard.includes('close')) await setImmediate()
    expect(heard).to.deep.equal(['error', 'close'])
  })
  it('hold a message over WebSocket', async () => {
    await start({ wsMessageBytes: 100 })
    const client = await wsClient(test.stack.ws!)
    client.send(echo('x'.repeat(100)))
    const [code] = (await client.closed) as [number]
    expect(code).to.equal(1009)
  })
  it('let through as long a message as they say, in one frame and in many, over WebSocket', async () => {
    const call = echo('x'.repeat(200_000), 7)
    await start({ wsMessageBytes: call.length })
    const client = await wsClient(test.stack.ws!)
    const expected = await test.post(call)
    client.send(call)
    expect(await client.next()).to.equal(expected)
    for (let at = 0; at < call.length; at += 30_000)
      client.ws.send(call.slice(at, at + 30_000), { fin: at + 30_000 >= call.length })
    expect(await client.next()).to.equal(expected)
    client.send(`${call} `)
    expect(((await client.closed) as [number])[0]).to.equal(1009)
  })
  it('hold a message over IPC, and say so', async () => {
    await start({ wsMessageBytes: 100 })
    const client = await ipcClient(test.stack.ipc!)
    client.send(`"${'x'.repeat(200)}`)
    expect(error((await client.next())!)).to.deep.equal({
      code: -32700,
      message: 'message is longer than 100 bytes',
    })
    await client.closed
  })
  it('end who does not finish the head of a request, without a word', async () => {
    await start({ readHeaderTimeout: 50 })
    expect((await sendRaw(test.httpPort, 'POST / HTTP/1.1\r\nHost: x')).toString()).to.equal('')
    expect((await sendRaw(test.httpPort, '')).toString()).to.equal('')
  })
  it('end who does not finish the body of a request, and say so', async () => {
    await start({ readTimeout: 50 })
    const half = httpRequest({ headers: { 'content-length': '10' } })
    const { status, headers, body } = await exchange(test.httpPort, half)
    expect([status, headers.connection]).to.deep.equal([200, 'close'])
    expect(error(body.toString())).to.deep.equal({ code: -32700, message: 'read timeout' })
  })
  it('end a connection that is idle', async () => {
    await start({ idleTimeout: 50 })
    const received = await sendRaw(test.httpPort, post(echo('x')))
    expect(received.toString()).to.include('"result":"x"')
  })
  it('answer a call that takes too long, and what is left of its batch', async () => {
    await start({ writeTimeout: 500 })
    const late = { code: -32002, message: 'request timed out' }
    expect(error(await test.post(callText('test_wait')))).to.deep.equal(late)
    const batch = `[${echo('x', 1)},${callText('test_wait', [], 2)},${echo('y', 3)}]`
    const answers = JSON.parse(await test.post(batch)) as { id: number; result?: unknown; error?: unknown }[]
    expect(answers.map(({ id, result, error }) => [id, result ?? error])).to.deep.equal([
      ...[
        [1, 'x'],
        [2, late],
        [3, late],
      ],
    ])
  })
  it('hang up on who does not read an answer over HTTP', async () => {
    await start({ writeTimeout: 300, connections: 1 })
    const slow = connect(test.httpPort, '127.0.0.1')
    slow.on('error', () => {})
    slow.pause().write(post(callText('test_repeat', ['x'.repeat(100_000), '0x100'])))
    await once(slow, 'readable')
    // Its place is free again.
    while ((await sendRaw(test.httpPort, post(echo('x')), ({ length }) => length > 0)).length === 0);
    slow.destroy()
  })
  describe('on what has begun and not ended', () => {
    const startWith = async (bytes: number) => {
      test = await TestStack.start({}, { input: new InputRoom(bytes) })
    }
    const whole = (size: number) => exchange(test.httpPort, post(' '.repeat(size)))

    it('answer a request over HTTP that has most of it, when another needs the room', async () => {
      await startWith(250)
      const half = httpRequest({ headers: { 'content-length': '300' } })
      const first = exchange(test.httpPort, `${half}${'x'.repeat(200)}`)
      while ((await whole(100)).status !== 200);
      const { status, headers } = await first
      expect([status, headers.connection]).to.deep.equal([503, 'close'])
    })
    it('hang up on a client over WebSocket that has most of it, and on no one else', async () => {
      await startWith(60_000)
      const [good, bad] = [await wsClient(test.stack.ws!), await wsClient(test.stack.ws!)]
      bad.ws.send('x'.repeat(50_000), { fin: false })
      // A ping is no part of a message: thousands of them hold nothing.
      for (let i = 0; i < 1_000; i++) {
        good.ws.ping(Buffer.alloc(100))
        await once(good.ws, 'pong')
      }
      good.send(echo('y'.repeat(30_000)))
      expect(await good.next()).to.include('yyy')
      good.send(echo('z'.repeat(30_000)))
      expect(await good.next()).to.include('zzz')
      await bad.closed
    })
    it('hang up on a client over IPC that has most of it', async () => {
      await startWith(60_000)
      const [good, bad] = [await wsClient(test.stack.ws!), await ipcClient(test.stack.ipc!)]
      bad.send(`"${'x'.repeat(50_000)}`)
      while (test.input.held < 50_000) await test.post(echo('meanwhile'))
      good.send(echo('y'.repeat(30_000)))
      expect(await good.next()).to.include('yyy')
      await bad.closed
    })
    it('are held until a request was answered, however that ends', async () => {
      await startWith(1_000_000)
      const held = () => test.input.held
      const left = connect(test.httpPort, '127.0.0.1')
      left.write(post(callText('test_wait')))
      while (test.apis.waiting.size === 0) await test.post(echo('meanwhile'))
      expect(held()).to.equal(callText('test_wait').length)
      left.destroy()
      test.apis.finish()
      while (held() > 0) await test.post(echo('meanwhile'))
      expect(await test.post(echo('x'.repeat(50_000)))).to.include('xxx')
      expect(held()).to.equal(0)
    })
    it('leave the consensus client alone as long as there are others', async () => {
      await startWith(250)
      const authorization = `Bearer ${token(testSecret, { iat: Math.floor(Date.now() / 1000) })}`
      const socket = connect(test.authPort, '127.0.0.1')
      socket.write(`${httpRequest({ headers: { authorization, 'content-length': '201' } })}${' '.repeat(200)}`)
      while (test.input.held < 200) await whole(1)
      expect((await whole(100)).status).to.equal(503)
      const answered = once(socket, 'data')
      socket.write(' ')
      expect(String((await answered)[0])).to.match(/^HTTP\/1.1 200 /)
      socket.destroy()
    })
  })
  it('hold the connections of an endpoint', async () => {
    await start({ connections: 2 })
    const [one, other] = [await wsClient(test.stack.ws!), await wsClient(test.stack.ws!)]
    expect((await sendRaw(test.httpPort, post(echo('x')))).toString()).to.equal('')
    other.close()
    await other.closed
    while ((await sendRaw(test.httpPort, post(echo('x')), ({ length }) => length > 0)).length === 0);
    one.send(echo('still here'))
    expect(await one.next()).to.include('still here')
  })

  for (const [name, open] of clients) {
    it(`let what came behind a long text wait for it over ${name}, and read nothing more meanwhile`, async () => {
      await start({})
      const client = await open()
      for (const [id, size] of [50_000, 1, 60_000, 1, 1].entries()) client.send(echo('x'.repeat(size), id))
      for (let id = 0; id < 5; id++) expect(JSON.parse((await client.next())!).id).to.equal(id)
      expect(test.input.held).to.equal(0)
      client.close()
    })
    it(`hang up on who does not read over ${name}, and on no one else`, async () => {
      await start({ wsWriteTimeout: 50 })
      const [slow, good] = [await open(), await open()]
      for (const client of [slow]) 'ws' in client ? client.ws.pause() : client.socket.pause()
      const actor = () => test.runtime.feed.actors.filter(({ chart }) => chart === 'rpc-connection')
      for (let i = 0; i < 40; i++) slow.send(callText('test_repeat', ['x'.repeat(100_000), '0x5']))
      while (actor().length > 1) {
        good.send(echo('still here'))
        expect(await good.next()).to.include('still here')
      }
      expect(actor().map(({ state }) => state)).to.deep.equal(['open.(keepalive.quiet writing.flowing calling.free)'])
    })
    it(`hold what waits for a client over ${name}`, async () => {
      await start({ waitingBytes: 2 << 20 })
      const client = await open()
      'ws' in client ? client.ws.pause() : client.socket.pause()
      client.send(callText('test_subscribe', ['news']))
      while (test.apis.listeners.size === 0) await test.post(echo('meanwhile'))
      while (test.apis.listeners.size > 0) {
        test.apis.report('x'.repeat(1 << 20))
        await test.post(echo('meanwhile'))
      }
    })
    it(`hold the calls of one connection that run at a time over ${name}`, async () => {
      await start({ concurrentCalls: 2 })
      const client = await open()
      for (const id of [1, 2]) client.send(callText('test_wait', [], id))
      while (test.apis.waiting.size < 2) await test.post(echo('meanwhile'))
      client.send(echo('later', 3))
      const { feed } = test.runtime
      expect(feed.actors.at(-1)!.state).to.equal('open.(keepalive.quiet writing.flowing calling.full)')
      test.apis.finish()
      const ids = [await client.next(), await client.next(), await client.next()].map((text) => JSON.parse(text!).id)
      expect(ids).to.deep.equal([1, 2, 3])
    })
    it(`hold the subscriptions of one connection over ${name}`, async () => {
      await start({ subscriptions: 2 })
      const client = await open()
      const subscribe = async (id: number) => {
        client.send(callText('test_subscribe', ['news'], id))
        return JSON.parse((await client.next())!)
      }
      const { result: first } = await subscribe(1)
      await subscribe(2)
      expect((await subscribe(3)).error).to.deep.equal({
        code: -32000,
        message: 'too many subscriptions: 2 are open; unsubscribe from some',
      })
      client.send(callText('test_unsubscribe', [first], 4))
      expect(JSON.parse((await client.next())!).result).to.equal(true)
      expect((await subscribe(5)).result).to.match(/^0x/)
    })
  }
  for (const [name, open] of clients)
    it(`hold how long a stop waits for a client over ${name} that does not take leave`, async () => {
      await start({ shutdownTimeout: 50 })
      const client = await open()
      'ws' in client ? client.ws.pause() : client.socket.pause()
      await test.stack.stop()
      expect(test.stack.http).to.equal(undefined)
    })
  it('hang up on who does not answer a ping', async () => {
    await start({ wsPingInterval: 20, wsPongTimeout: 300 })
    const [deaf, good] = [await wsClient(test.stack.ws!), await wsClient(test.stack.ws!)]
    deaf.ws.pause()
    let pings = 0
    good.ws.on('ping', () => pings++)
    const alive = () => test.runtime.feed.actors.filter(({ chart }) => chart === 'rpc-connection').length
    while (alive() > 1 || pings < 3) {
      good.send(echo('still here'))
      await good.next()
    }
    deaf.ws.terminate()
  })
})
