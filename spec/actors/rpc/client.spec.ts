import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { WebSocketServer } from 'ws'
import { RpcClient } from '../../../actors/rpc/client.ts'
import {
  NotJsonRpc,
  RpcClosed,
  RpcRefused,
  RpcTargetError,
  RpcTimeout,
  RpcUnreachable,
} from '../../../actors/rpc/client-errors.ts'
import { RpcError } from '../../../actors/rpc/rpc-error.ts'
import { failureOf } from '../../failure.ts'
import {
  type Answer,
  always,
  type Endpoint,
  hangUp,
  httpEndpoint,
  httpServer,
  ipcEndpoint,
  wsEndpoint,
} from './scripted-endpoints.ts'

describe('a JSON-RPC client', () => {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })
  const at = async (endpoint: Promise<Endpoint>) => {
    open.push(await endpoint)
    return (await endpoint).target
  }
  const client = async (target: string, options = {}) => {
    const client = await RpcClient.connect(target, options)
    open.push(client)
    return client
  }

  for (const [name, endpoint] of Object.entries({
    HTTP: httpEndpoint,
    WebSocket: wsEndpoint,
    'a socket': ipcEndpoint,
  })) {
    const connect = async (answer: Answer, options = {}) => client(await at(endpoint(answer)), options)

    describe(`over ${name}`, () => {
      it('asks by method and params, and gives the result', async () => {
        const asked: unknown[] = []
        const rpc = await connect((request) => {
          asked.push(request)
          return always({ ok: [1, null] })(request)
        })
        expect(await rpc.call('eth_getBlockByNumber', 'latest', true)).to.deep.equal({ ok: [1, null] })
        expect(asked).to.deep.equal([
          { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params: ['latest', true] },
        ])
      })
      it('gives null where the node does', async () => {
        expect(await (await connect(always(null))).call('eth_getBlockByHash')).to.equal(null)
      })
      it('throws what the node answers, with code and data', async () => {
        const error = { code: -32_601, message: 'the method x does not exist/is not available', data: 7 }
        const rpc = await connect(({ id }) => [JSON.stringify({ jsonrpc: '2.0', id, error })])
        const thrown = await failureOf(rpc.call('x'))
        expect(thrown).to.be.instanceOf(RpcError)
        expect(thrown).to.include(error)
      })
      it('matches answers that come out of order to their calls', async () => {
        const held: string[] = []
        const rpc = await connect((request) => {
          const [said] = always(request.method)(request)
          if (name === 'HTTP') return [said!] // each has a connection to itself
          held.unshift(said!)
          return held.length === 3 ? held : []
        })
        const methods = ['a', 'b', 'c']
        expect(await Promise.all(methods.map((method) => rpc.call(method)))).to.deep.equal(methods)
      })
      it('waits no longer than it was asked to', async () => {
        // The connection has to be there within the same time, on a machine that is busy, too.
        const rpc = await connect(() => [], { timeout: 2_000 })
        const thrown = await failureOf(rpc.call('eth_syncing'))
        expect(thrown).to.be.instanceOf(RpcTimeout)
        expect(thrown.message).to.match(/^no answer to eth_syncing from \S+ within 2 s; /)
      })
      it('knows what is no JSON-RPC', async () => {
        for (const said of ['<html>\nhello', '{"result"}', '{"ok":true}']) {
          const rpc = await connect(({ id }) => [said === '{"ok":true}' ? `{"id":${id}}` : said], { timeout: 1_000 })
          const thrown = await failureOf(rpc.call('x'))
          expect(thrown).to.be.instanceOf(NotJsonRpc)
          expect(thrown.message).not.to.contain('\n')
        }
      })
    })
  }

  for (const [name, endpoint] of Object.entries({ WebSocket: wsEndpoint, 'a socket': ipcEndpoint }))
    describe(`over ${name}`, () => {
      it('hears what it subscribed to, until it does no more', async () => {
        const reported = (result: unknown, subscription = '0xa') =>
          JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result } })
        const rpc = await client(
          await at(
            endpoint((request) => {
              const [said] = always(request.method === 'eth_subscribe' ? '0xa' : true)(request)
              if (request.method === 'eth_subscribe') return [said!, reported(1), reported(9, '0xb'), reported(2)]
              return [reported(request.method === 'eth_unsubscribe' ? 4 : 3), said!]
            }),
          ),
        )
        const heard: unknown[] = []
        const end = await rpc.subscribe('eth', ['newHeads'], (result) => heard.push(result))
        await rpc.call('eth_blockNumber')
        await end()
        expect(heard).to.deep.equal([1, 2, 3])
      })
      it('ends its calls when the connection ends, and takes no more', async () => {
        const rpc = await client(await at(endpoint(() => [hangUp])))
        expect(await failureOf(rpc.call('x'))).to.be.instanceOf(RpcClosed)
        await rpc.closed
        expect(await failureOf(rpc.call('x'))).to.be.instanceOf(RpcClosed)
      })
      it('ends its calls when it is closed itself', async () => {
        const rpc = await client(await at(endpoint(() => [])))
        const call = failureOf(rpc.call('x'))
        rpc.close()
        expect(await call).to.be.instanceOf(RpcClosed)
      })
    })

  it('takes what a socket brings apart into answers, however it is cut', async () => {
    const server = await ipcEndpoint(({ id }) => [`{"id":${id},"result":"${'}{é'.repeat(100_000)}"}`])
    const rpc = await client(await at(Promise.resolve(server)))
    expect(await rpc.call('x')).to.equal('}{é'.repeat(100_000))
    const both = await Promise.all([rpc.call('x'), rpc.call('y')])
    expect(new Set(both).size).to.equal(1)
  })

  for (const [status, body, complaint] of [
    [401, 'missing token\n', /refuses with status 401 \(missing token\); it wants a token/],
    [403, 'invalid host specified', /status 403 \(invalid host specified\); use an address .* --http\.vhosts/],
    [404, '', /status 404; look at the path: .* --http\.rpcprefix/],
    [413, 'content length too large', /status 413 \(content length too large\)/],
    [301, '', /status 301 \(http:\/\/elsewhere\/\); name the address that it leads to/],
  ] as const)
    it(`says what to do about status ${status}`, async () => {
      const headers = status === 301 ? { location: 'http://elsewhere/' } : {}
      const endpoint = httpServer((_, response) => response.writeHead(status, headers).end(body))
      const target = await at(endpoint)
      const thrown = await failureOf((await client(target)).call('x'))
      expect(thrown).to.be.instanceOf(RpcRefused).with.property('status', status)
      expect(thrown.message).to.match(complaint)
      if (status === 301) return
      expect(await failureOf(RpcClient.connect(target.replace('http', 'ws')))).to.be.instanceOf(RpcRefused)
    })

  it('says what to do when nothing listens', async () => {
    const gone = async (endpoint: Promise<Endpoint>) => {
      const { target, close } = await endpoint
      await close()
      return target
    }
    const http = await failureOf((await client(await gone(httpEndpoint(always(1))))).call('x'))
    const ws = await failureOf(RpcClient.connect(await gone(wsEndpoint(always(1)))))
    const ipc = await failureOf(RpcClient.connect(await gone(ipcEndpoint(always(1)))))
    for (const thrown of [http, ws, ipc]) expect(thrown).to.be.instanceOf(RpcUnreachable)
    expect(http.message).to.match(/^nothing listens at http:\/\/127\.0\.0\.1:\d+; start the node with --http/)
    expect(ws.message).to.match(/^nothing listens at ws:\/\/127\.0\.0\.1:\d+; start the node with --ws/)
    expect(ipc.message).to.match(/^nothing listens at \S+node\.ipc; start the node, or name the socket/)
  })
  it('knows a file that is no socket', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'peerchart-client-'))
    open.push({ close: () => rm(dir, { recursive: true }) })
    await writeFile(join(dir, 'file'), '')
    expect(await failureOf(RpcClient.connect(join(dir, 'file')))).to.be.instanceOf(RpcUnreachable)
  })
  it('waits no longer for the rest of an answer than its timeout', async () => {
    const half = await at(httpServer((_, response) => response.write('{"result":')))
    expect(await failureOf((await client(half, { timeout: 50 })).call('x'))).to.be.instanceOf(RpcTimeout)
  })
  it('knows an answer that is cut off', async () => {
    const cut = await at(httpServer((_, response) => response.write('{"result":', () => response.destroy())))
    expect(await failureOf((await client(cut)).call('x'))).to.be.instanceOf(RpcClosed)
  })
  it('waits no longer for a connection than its timeout', async () => {
    const silent = await at(httpServer(() => {}))
    expect(await failureOf(RpcClient.connect(silent.replace('http', 'ws'), { timeout: 30 }))).to.be.instanceOf(
      RpcTimeout,
    )
  })
  describe('with a user and a password', () => {
    const named = (target: string) => target.replace('//', '//zeb%20ra:p%40ss@')

    it('shows them to the node, over HTTP and over WebSocket', async () => {
      const shown: (string | undefined)[] = []
      const http = await at(
        httpServer(({ headers }, response) => {
          shown.push(headers.authorization)
          response.end('{"jsonrpc":"2.0","id":1,"result":7}')
        }),
      )
      const ws = new WebSocketServer({ port: 0, host: '127.0.0.1' })
      open.push(ws)
      ws.on('connection', (_, { headers }) => shown.push(headers.authorization))
      await once(ws, 'listening')
      const { port } = ws.address() as AddressInfo
      expect(await (await client(named(http))).call('x')).to.equal(7)
      await client(named(`ws://127.0.0.1:${port}`))
      const basic = `Basic ${Buffer.from('zeb ra:p@ss').toString('base64')}`
      expect(shown).to.deep.equal([basic, basic])
    })

    it('shows them to no one else', async () => {
      const closed = await at(httpServer((_, response) => response.writeHead(401).end('no')))
      const silent = await at(httpServer(() => {}))
      const asked = async (target: string, options = {}) => (await client(target, options)).call('x')
      const attempts = [
        asked(named(closed)),
        asked(named(silent), { timeout: 30 }),
        asked(named('http://127.0.0.1:9')),
        asked(named('ws://127.0.0.1:9')),
        ...['HTTP://zeb:hunter@127.0.0.1:9', 'http://zeb:12#p@ss@127.0.0.1:9', 'http://zeb:p/a@ss@127.0.0.1:9'].map(
          asked,
        ),
        ...['http://zeb:p#ss@127.0.0.1', 'zeb:hunter@127.0.0.1:9', 'zeb:hunter@localhost'].map((target) =>
          asked(target),
        ),
      ]
      const messages = await Promise.all(attempts.map(async (attempt) => (await failureOf(attempt)).message))
      expect(messages[0]).to.contain(closed).and.to.contain('http://user:password@')
      for (const message of messages) expect(message).not.to.match(/zeb|ss@|hunter/)
    })
  })

  for (const target of ['', '127.0.0.1:8545', 'localhost:8545/x', 'tcp://127.0.0.1:8545', 'http://', 'http://[::1'])
    it(`refuses \`${target}\` for a target`, async () => {
      expect(await failureOf(RpcClient.connect(target))).to.be.instanceOf(RpcTargetError)
    })
})
