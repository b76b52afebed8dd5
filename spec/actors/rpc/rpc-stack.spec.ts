import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { createLogger, silent } from '../../../actors/log/log.ts'
import { RpcListenFailed } from '../../../actors/rpc/listen.ts'
import { RpcStack } from '../../../actors/rpc/rpc-stack.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { ipcClient, wsClient } from './rpc-client.ts'
import { callText, TestStack, testSecret } from './test-stack.ts'

const echo = callText('test_echo', ['hi'])
const hi = '{"jsonrpc":"2.0","id":1,"result":"hi"}'

import { failureOf } from '../../failure.ts'

describe('the RPC stack', () => {
  let test: TestStack
  afterEach(() => test?.stop())

  it('answers over HTTP, WebSocket and IPC', async () => {
    test = await TestStack.start()
    expect(await test.post(echo)).to.equal(hi)
    const [ws, ipc] = [await wsClient(test.stack.ws!), await ipcClient(test.stack.ipc!)]
    for (const client of [ws, ipc]) {
      client.send(echo)
      expect(await client.next()).to.equal(hi)
    }
  })
  it('serves nothing that was not asked for', async () => {
    test = await TestStack.start({ http: undefined, ws: undefined, ipc: undefined, auth: undefined })
    const { http, ws, auth, ipc } = test.stack
    expect({ http, ws, auth, ipc }).to.deep.equal({ http: undefined, ws: undefined, auth: undefined, ipc: undefined })
  })
  it('serves WebSocket on the port of HTTP when it is the same, and on its own when not', async () => {
    test = await TestStack.start()
    expect(test.stack.ws!.replace('ws', 'http')).to.equal(test.stack.http)
    await test.stop()
    test = await TestStack.start({ ws: { host: '127.0.0.2', port: 18_546, api: [] }, http: { port: 0, api: [] } })
    expect(test.stack.ws).to.equal('ws://127.0.0.2:18546')
    const [ws] = [await wsClient(test.stack.ws!)]
    ws.send(echo)
    expect(await ws.next()).to.equal(hi)
  })
  it('serves the modules that were chosen, those of geth when none were, and says which do not exist', async () => {
    const lines: string[] = []
    const log = createLogger({ json: true, stream: { write: (line) => lines.push(line) } })
    test = await TestStack.start({ http: { port: 0 }, ws: { port: 0, api: ['test', 'foo'] } }, { log })
    const modules = callText('rpc_modules')
    expect(JSON.parse(await test.post(modules)).result).to.deep.equal({ eth: '1.0', net: '1.0', rpc: '1.0' })
    const [ws, ipc] = [await wsClient(test.stack.ws!), await ipcClient(test.stack.ipc!)]
    ws.send(modules)
    expect(JSON.parse((await ws.next())!).result).to.deep.equal({ rpc: '1.0', test: '1.0' })
    ipc.send(modules)
    const all = { engine: '1.0', eth: '1.0', net: '1.0', rpc: '1.0', test: '1.0' }
    expect(JSON.parse((await ipc.next())!).result).to.deep.equal(all)
    const [error] = lines.map((line) => JSON.parse(line)).filter(({ unavailable }) => unavailable?.includes('foo'))
    expect(error).to.include({ level: 'error', message: 'Unavailable modules in HTTP API list' })
  })
  it('opens the authenticated endpoint only for an API that wants it', async () => {
    test = await TestStack.start()
    expect(test.stack.auth).to.match(/^http:/)
    const stack = new RpcStack(processRuntime(), { auth: { port: 0, secret: testSecret } }, { log: silent })
    stack.register(test.apis.all.filter(({ authenticated }) => !authenticated))
    await stack.start()
    expect(stack.auth).to.equal(undefined)
    await stack.stop()
  })
  it('makes the secret of the authenticated endpoint as it opens, once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-rpc-'))
    const secret = join(directory, 'jwtsecret')
    test = await TestStack.start({ auth: { port: 0, secret } })
    const made = await readFile(secret, 'utf8')
    expect(made).to.match(/^0x[0-9a-f]{64}$/)
    await test.stop()
    test = await TestStack.start({ auth: { port: 0, secret } })
    expect(await readFile(secret, 'utf8')).to.equal(made)
    await rm(directory, { recursive: true })
  })
  it('says which address is taken and what to do, and closes what had opened before', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-rpc-'))
    const options = { ipc: join(directory, 'test.ipc'), http: { port }, ws: { port: 0 } }
    const stack = new RpcStack(processRuntime(), options, { log: silent })
    const error = await failureOf(stack.start())
    expect(error.name).to.equal('RpcListenFailed')
    expect(error.message).to.equal(
      `RPC: listen tcp 127.0.0.1:${port}: bind: address already in use; end the process that has it, or choose another with --http.port`,
    )
    expect(stack.ipc).to.equal(options.ipc)
    expect(stack.ws).to.equal(undefined)
    await stack.stop()
    expect(stack.ipc).to.equal(undefined)
    expect(await failureOf(stat(options.ipc))).to.have.property('code', 'ENOENT')
    taken.close()
    await rm(directory, { recursive: true })
  })
  it('says which flag chooses another address, when it is not of this machine', () => {
    const cause = Object.assign(new Error('listen EADDRNOTAVAIL'), { code: 'EADDRNOTAVAIL' })
    expect(new RpcListenFailed({ host: '127.0.0.1', port: 0 }, '--http.port', cause).message).to.match(
      /: bind: cannot assign requested address; choose an address of this machine with --http\.addr$/,
    )
  })
  it("logs where it listens, with geth's messages", async () => {
    const lines: string[] = []
    const log = createLogger({ json: true, stream: { write: (line: string) => lines.push(line) } })
    test = await TestStack.start({}, { log })
    const reported = lines
      .map((line) => JSON.parse(line))
      .map(({ message, url, endpoint, auth }) => ({ message, at: url ?? endpoint, auth }))
    expect(reported).to.deep.equal([
      { message: 'IPC endpoint opened', at: test.stack.ipc, auth: undefined },
      { message: 'HTTP server started', at: test.stack.http, auth: false },
      { message: 'WebSocket enabled', at: test.stack.ws, auth: undefined },
      { message: 'HTTP server started', at: test.stack.auth, auth: true },
    ])
  })
  it('opens and closes HTTP and WebSocket at run time, every API being there to choose from', async () => {
    test = await TestStack.start({ http: undefined, ws: undefined })
    await test.stack.startHttp({ port: 0, api: ['test', 'engine'] })
    expect(await test.post(echo)).to.equal(hi)
    expect(await test.post(callText('engine_exchangeCapabilities'))).to.include('"result":[]')
    expect((await failureOf(test.stack.startHttp({ port: 0 }))).message).to.equal(
      'JSON-RPC over HTTP is already enabled',
    )
    expect((await failureOf(test.stack.startHttp({ port: 9 }))).message).to.match(/^RPC server already running on 127/)
    await test.stack.startWs({ port: 0, api: ['test'] })
    const ws = await wsClient(test.stack.ws!)
    await test.stack.stopWs()
    await ws.closed
    expect(test.stack.ws).to.equal(undefined)
    expect(await test.post(echo)).to.equal(hi)
    await test.stack.stopHttp()
    expect(test.stack.http).to.equal(undefined)
    await test.stack.startHttp({ port: 0, api: ['test'] })
    expect(await test.post(echo)).to.equal(hi)
  })
  it('can listen elsewhere after an address that was taken', async () => {
    test = await TestStack.start({ http: undefined, ws: undefined })
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    expect((await failureOf(test.stack.startHttp({ port }))).name).to.equal('RpcListenFailed')
    await test.stack.startHttp({ port: 0, api: ['test'] })
    expect(await test.post(echo)).to.equal(hi)
    taken.close()
  })
  it('takes no timeout of nothing: geth’s hold then, and the log says so', async () => {
    const lines: string[] = []
    const log = createLogger({ json: true, stream: { write: (line) => lines.push(line) } })
    test = await TestStack.start({ limits: { readTimeout: 0, readHeaderTimeout: -1 } }, { log })
    expect(await test.post(echo)).to.equal(hi)
    const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn')
    expect(warnings.map(({ message, updated }) => [message, updated])).to.deep.equal([
      ['Sanitizing invalid HTTP readTimeout', 30_000],
      ['Sanitizing invalid HTTP readHeaderTimeout', 30_000],
    ])
  })
  it('ends every connection when it stops', async () => {
    test = await TestStack.start()
    const clients = [await wsClient(test.stack.ws!), await ipcClient(test.stack.ipc!)]
    await test.stack.stop()
    await Promise.all(clients.map(({ closed }) => closed))
    expect(test.runtime.feed.actors.map(({ id, state }) => `${id} ${state}`)).to.deep.equal([
      ...['rpc/http off', 'rpc/ws off', 'rpc/auth off', 'rpc/ipc off'],
    ])
  })
})

describe('the IPC socket', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'peerchart-rpc-'))
  })
  afterEach(() => rm(directory, { recursive: true }))
  const stackAt = (ipc: string) => new RpcStack(processRuntime(), { ipc }, { log: silent })

  it('is for its owner alone', async () => {
    const path = join(directory, 'a', 'b.ipc')
    const stack = stackAt(path)
    await stack.start()
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    await stack.stop()
  })
  it('takes the place of one that nothing listens on, and of no other', async () => {
    const path = join(directory, 'a.ipc')
    const [one, other] = [stackAt(path), stackAt(path)]
    await one.start()
    const error = await failureOf(other.start())
    expect(error.message).to.equal(
      `RPC: listen unix ${path}: bind: address already in use; end the process that has it, or choose another with --ipcpath`,
    )
    await one.stop()
    await leaveSocket(path)
    await other.start()
    expect(other.ipc).to.equal(path)
    await other.stop()
  })
  it('leaves alone a file that is no socket', async () => {
    const path = join(directory, 'a.ipc')
    await writeFile(path, 'mine')
    expect((await failureOf(stackAt(path).start())).message).to.include('address already in use')
    expect((await stat(path)).size).to.equal(4)
  })
  it('says when its path is too long', async () => {
    const path = join(directory, 'a'.repeat(120))
    expect((await failureOf(stackAt(path).start())).message).to.match(
      /: the path is longer than \d+ bytes; choose another with --ipcpath$/,
    )
  })
})

/** As a process leaves it that was killed. */
async function leaveSocket(path: string): Promise<void> {
  const { spawn } = await import('node:child_process')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script]), 'exit')
}
