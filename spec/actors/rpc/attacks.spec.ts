import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { expect } from 'chai'
import { token } from '../../support/jwt.ts'
import { exchange, httpRequest, sendRaw } from './raw-http.ts'
import { ipcClient, type TextClient, wsClient } from './rpc-client.ts'
import { callText, TestStack, testSecret } from './test-stack.ts'

describe('a hostile client of RPC ends only itself', () => {
  let test: TestStack
  let good: TextClient
  let sockets: Socket[]
  before(async () => {
    test = await TestStack.start({ limits: { readHeaderTimeout: 300, shutdownTimeout: 200 } })
  })
  after(() => test.stop())
  beforeEach(async () => {
    good = await wsClient(test.stack.ws!)
    sockets = []
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    good.send(callText('test_echo', ['still here']))
    expect(await good.next()).to.include('still here')
    expect(await test.post(callText('test_echo', ['still here']))).to.include('still here')
    good.close()
  })

  const post = (body: string) => httpRequest({ body })
  const answerTo = async (body: string) => (await exchange(test.httpPort, post(body))).body.toString()
  const parseError = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}'
  const open = (): Socket => {
    const socket = connect(test.httpPort, '127.0.0.1')
    socket.on('error', () => {})
    sockets.push(socket)
    return socket
  }

  describe('over HTTP', () => {
    it('with half a request', async () => {
      expect((await sendRaw(test.httpPort, post('{}').slice(0, 40))).toString()).to.equal('')
    })
    it('with a request that drips, byte by byte', async () => {
      const socket = open()
      const bytes = post(callText('test_echo', ['x']))
      let at = 0
      const drip = setInterval(() => socket.write(bytes[at++]!), 20)
      await closing(socket)
      clearInterval(drip)
      expect(at).to.be.lessThan(bytes.length)
    })
    it('with a flood of headers', async () => {
      const head = async (headers: Record<string, string>) =>
        (await sendRaw(test.httpPort, httpRequest({ headers, body: '{}' }), ({ length }) => length > 0)).toString()
      const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x${i}`, '']))
      for (const [headers, status] of [
        [{ x: 'x'.repeat(15_000) }, /^HTTP\/1\.1 (?!431)/],
        [{ x: 'x'.repeat(17_000) }, /^HTTP\/1\.1 431 /],
        [fields(90), /^HTTP\/1\.1 (?!431)/],
        [fields(110), /^HTTP\/1\.1 431 /],
        [fields(1_500), /^HTTP\/1\.1 431 /],
      ] as const)
        expect(await head(headers)).to.match(status)
      const one = httpRequest({ headers: { x: 'x'.repeat(100_000) }, body: '{}' })
      expect((await sendRaw(test.httpPort, one)).toString()).to.match(/^HTTP\/1\.1 431 /)
      const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`x${i}`, 'x']))
      expect((await sendRaw(test.httpPort, httpRequest({ headers: many, body: '{}' }))).toString()).to.match(
        /^HTTP\/1\.1 431 /,
      )
    })
    for (const garbage of [
      '\0\x01\x02\r\n\r\n',
      'GET\r\n\r\n',
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    ])
      it(`with ${JSON.stringify(garbage.slice(0, 12))}, which is no HTTP/1.1`, async () => {
        expect((await sendRaw(test.httpPort, garbage)).toString()).to.match(/^HTTP\/1\.1 400 Bad Request\r\n/)
      })
    it('with two lengths, or a length and chunks', async () => {
      for (const extra of ['Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n']) {
        const smuggled = post('{}').replace('\r\n', `\r\n${extra}`)
        expect((await sendRaw(test.httpPort, smuggled)).toString()).to.match(/^HTTP\/1\.1 400 /)
      }
    })
    it('with chunks that are none', async () => {
      const head = httpRequest({ headers: { 'transfer-encoding': 'chunked' } })
      expect((await sendRaw(test.httpPort, `${head}xyz\r\n`)).toString()).to.match(/^HTTP\/1\.1 400 |^$/)
    })
    it('with a body without end', async () => {
      const socket = open()
      const head = httpRequest({ headers: { 'transfer-encoding': 'chunked' } })
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
      socket.write(head)
      let received = ''
      let sent = 0
      socket.on('data', (data) => {
        received += data
      })
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length
      }
      socket.on('drain', pour)
      pour()
      await closing(socket)
      expect(sent).to.be.lessThan(32 << 20)
      if (received !== '') expect(received).to.include(parseError) // a reset may overtake it
    })
    it('with arrays that nest without end', async () => {
      for (const text of ['['.repeat(100_000), `${'['.repeat(100_000)}${']'.repeat(100_000)}`, '{"a":'.repeat(100_000)])
        expect(await answerTo(text)).to.equal(parseError)
    })
    it('with an id of a megabyte, which it gets back', async () => {
      const id = 'x'.repeat(1 << 20)
      expect(JSON.parse(await answerTo(callText('test_echo', ['x'], id)))).to.deep.equal({
        jsonrpc: '2.0',
        id,
        result: 'x',
      })
    })
    it('with a number of a megabyte for an id', async () => {
      const digits = '9'.repeat(1 << 20)
      const answer = await answerTo(callText('test_echo', ['x']).replace('"id":1', `"id":${digits}`))
      expect(answer.length).to.be.greaterThan(0)
    })
    it('with a batch of ids that are not where they are looked for', async () => {
      const item = callText('test_echo', ['"id":7 "id":8'], 1).replace('"id"', '"\\u0069d"')
      const answers = JSON.parse(await answerTo(`[${Array.from({ length: 1_000 }, () => item).join()}]`))
      expect(answers.every(({ id }: { id: number }) => id === 1)).to.equal(true)
    })
    it('with names that are in every object', async () => {
      for (const name of [
        '__proto__',
        'constructor',
        'test___proto__',
        'test_constructor',
        'toString',
        'test_toString',
      ])
        expect(JSON.parse(await answerTo(callText(name))).error.code).to.equal(-32601)
      expect(await answerTo('{"__proto__":{"jsonrpc":"2.0","id":1,"method":"test_echo"}}')).to.include(
        'invalid request',
      )
    })
    it('with many requests in one breath, which are answered in order', async () => {
      const requests = Array.from({ length: 200 }, (_, id) => post(callText('test_echo', [`<${id}>`], id))).join('')
      const received = await sendRaw(test.httpPort, requests, (bytes) => bytes.includes('<199>'))
      const ids = [...received.toString().matchAll(/"result":"<(\d+)>"/g)].map(([, id]) => Number(id))
      expect(ids).to.deep.equal(Array.from({ length: 200 }, (_, id) => id))
    })
    it('with more requests in one breath than may wait', async () => {
      const socket = open()
      const requests = post(callText('test_echo', ['x'])).repeat(500)
      const pour = () => {
        while (!socket.destroyed && socket.write(requests));
      }
      socket.on('drain', pour)
      pour()
      await closing(socket.resume())
    })
    it('with more behind its last request, which is answered', async () => {
      const last = httpRequest({ headers: { connection: 'close' }, body: callText('test_echo', ['last']) })
      expect((await sendRaw(test.httpPort, `${last}${last}`)).toString()).to.match(/^HTTP\/1\.1 200 .*"last"\}$/s)
    })
    it('with wishes for another protocol in one breath, of which the first is answered', async () => {
      const headers = { connection: 'Upgrade', upgrade: 'h2c' }
      const requests = [1, 2, 3].map((id) => httpRequest({ headers, body: callText('test_echo', [`<${id}>`], id) }))
      const received = (await sendRaw(test.httpPort, requests.join(''))).toString()
      expect([...received.matchAll(/<\d>/g)].join()).to.equal('<1>')
      expect(received).to.match(/^Connection: close\r$/m)
    })
    it('with a thousand connections that say nothing', async function () {
      this.timeout(20_000)
      const silent = Array.from({ length: 1_000 }, open)
      const closed = silent.map(closing)
      await Promise.all(silent.map((socket) => once(socket, 'connect')))
      expect(await test.post(callText('test_echo', ['x']))).to.include('"x"')
      for (const socket of silent) socket.resume()
      await Promise.all(closed)
    })
    it('that leaves before it is answered', async () => {
      const socket = open()
      socket.write(post(callText('test_wait')))
      while (test.apis.waiting.size === 0) await test.post(callText('test_echo', ['meanwhile']))
      socket.destroy()
      test.apis.finish()
    })
    it('with tokens of every kind, to the engine', async () => {
      for (const token of ['x'.repeat(60_000), '..', 'a.b.c.d', `${'e30.'.repeat(2)}`, '\x7f\xff', `${testSecret}`]) {
        const request = httpRequest({ headers: { authorization: `Bearer ${token}` }, body: '{}' })
        expect((await exchange(test.authPort, request)).status).to.be.oneOf([400, 401])
      }
    })
    it('with a token whose claims nest 5,000 deep, of no secret, over HTTP and WebSocket', async () => {
      for (const claim of ['iat', 'exp', 'nbf', 'other']) {
        const deep = token(new Uint8Array(32), `{"${claim}":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)
        const authorization = `Bearer ${deep}`
        const post = httpRequest({ headers: { authorization, host: 'evil.example' }, body: '{}' })
        expect((await exchange(test.authPort, post)).status).to.equal(401)
        const upgrade = { upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-version': '13' }
        const request = httpRequest({ method: 'GET', type: '', headers: { ...upgrade, authorization } })
        expect((await exchange(test.authPort, request)).status).to.equal(401)
      }
    })
  })

  describe('over WebSocket', () => {
    const upgraded = async (): Promise<Socket> => {
      const socket = open()
      const headers = {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-extensions': 'permessage-deflate',
      }
      socket.write(httpRequest({ method: 'GET', type: '', headers }))
      const [answer] = await once(socket, 'data')
      expect(String(answer)).to.match(/^HTTP\/1\.1 101 /)
      expect(String(answer)).to.not.match(/extensions/i)
      return socket
    }
    /** A frame with a mask of zeros. @param first its bits of FIN and RSV, and its code */
    const frame = (first: number, payload: Uint8Array) => {
      const head =
        payload.length < 126
          ? [first, 0x80 | payload.length]
          : [first, 0xfe, payload.length >> 8, payload.length & 0xff]
      return Buffer.concat([Uint8Array.from([...head, 0, 0, 0, 0]), payload])
    }

    it('with a bomb for a deflater that is not there', async () => {
      const socket = await upgraded()
      socket.write(frame(0xc1, deflateRawSync(Buffer.alloc(1 << 22)).subarray(0, 60_000)))
      await closing(socket.resume())
    })
    it('with frames that break the rules', async () => {
      const text = Buffer.from('{}')
      const unmasked = Buffer.concat([Uint8Array.of(0x81, text.length), text])
      const rules = [frame(0x80, text), frame(0x83, text), frame(0x8b, text), frame(0xf1, text), unmasked]
      for (const bytes of [
        ...rules,
        frame(0x09, text),
        frame(0x89, Buffer.alloc(200)),
        frame(0x88, Uint8Array.of(1)),
      ]) {
        const socket = await upgraded()
        socket.write(bytes)
        await closing(socket.resume())
      }
    })
    it('with a frame that says it is endless', async () => {
      const socket = await upgraded()
      socket.write(Uint8Array.of(0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
      await closing(socket.resume())
    })
    it('with a message in more fragments than ws takes', async () => {
      const fragmented = async (count: number) => {
        const socket = await upgraded()
        socket.write(frame(0x01, Buffer.from('{"jsonrpc":"2.0","id":1,"method":"test_echo","params":["')))
        for (let i = 0; i < count; i++) socket.write(frame(0x00, Buffer.from('x')))
        socket.write(frame(0x80, Buffer.from('"]}')))
        const [answer] = await once(socket, 'data')
        return answer as Buffer
      }
      expect(String(await fragmented(10_000))).to.include('"result":"xxx')
      const tooMany = await fragmented(20_000)
      expect([tooMany[0], tooMany.readUInt16BE(2)]).to.deep.equal([0x88, 1008])
    })
    it('with a flood of pings', async () => {
      const socket = await upgraded()
      for (let i = 0; i < 10_000; i++) socket.write(frame(0x89, Buffer.from('ping')))
      socket.write(frame(0x88, Uint8Array.of(0x03, 0xe8)))
      await closing(socket.resume())
    })
    it('with subscriptions by the thousand', async () => {
      const client = await wsClient(test.stack.ws!)
      const ids = Array.from({ length: 2_000 }, (_, id) => id)
      client.send(
        `[${ids
          .slice(0, 1_000)
          .map((id) => callText('test_subscribe', ['news'], id))
          .join()}]`,
      )
      const first = JSON.parse((await client.next())!) as { result?: string }[]
      client.send(
        `[${ids
          .slice(1_000)
          .map((id) => callText('test_subscribe', ['news'], id))
          .join()}]`,
      )
      const second = JSON.parse((await client.next())!) as { result?: string }[]
      expect([...first, ...second].filter(({ result }) => result !== undefined)).to.have.length(256)
      expect(test.apis.listeners.size).to.equal(256)
      client.close()
      while (test.apis.listeners.size > 0) await test.post(callText('test_echo', ['meanwhile']))
    })
  })

  describe('over IPC', () => {
    it('with arrays that nest without end', async () => {
      const client = await ipcClient(test.stack.ipc!)
      client.send('['.repeat(100_000))
      expect(JSON.parse((await client.next())!).error.message).to.equal("invalid character '[' exceeded max depth")
      await client.closed
    })
    it('with what is no UTF-8', async () => {
      const client = await ipcClient(test.stack.ipc!)
      client.socket.write(Buffer.from(callText('test_echo', ['QQ'])).map((byte) => (byte === 0x51 ? 0xff : byte)))
      expect(JSON.parse((await client.next())!).result).to.equal('\ufffd\ufffd')
      client.close()
    })
    it('that leaves in the middle of a word', async () => {
      const client = await ipcClient(test.stack.ipc!)
      client.send('{"jsonrpc":"2.0","met')
      client.close()
      await client.closed
    })
  })
})

/** However it ends. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}
