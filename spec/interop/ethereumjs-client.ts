import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { TemporaryDirectory } from '../../actors/runtime/temporary-directory.ts'
import { freePort } from '../support/free-port.ts'
import { post, type RpcRequest } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

type EthereumjsClientOptions = {
  /** Its `bin/cli.js`. */
  readonly path: string
  /** A genesis.json, in geth's form. */
  readonly genesis: string
  /** A chain.rlp to import: it executes about 20 blocks a second. */
  readonly chain?: string
}

/** An @ethereumjs/client on 127.0.0.1 with a fresh data directory, without discovery. */
export class EthereumjsClient {
  readonly enode: string
  readonly #process: ChildProcess
  readonly #url: string
  readonly #engineUrl: string
  readonly #directory: TemporaryDirectory

  private constructor(
    process: ChildProcess,
    started: { url: string; engineUrl: string; enode: string; directory: TemporaryDirectory },
  ) {
    this.#process = process
    this.#url = started.url
    this.#engineUrl = started.engineUrl
    this.enode = started.enode
    this.#directory = started.directory
  }

  /** @throws it did not start: the message has the end of its log */
  static async start({ path, genesis, chain }: EthereumjsClientOptions): Promise<EthereumjsClient> {
    const directory = await TemporaryDirectory.make('peerchart-ethereumjs')
    const [port, rpcPort, enginePort] = [await freePort(), await freePort(), await freePort()]
    const flags = [
      ...['--gethGenesis', genesis, '--dataDir', directory.path, ...(chain ? ['--loadBlocksFromRlp', chain] : [])],
      ...['--port', `${port}`, '--extIP', loopback, '--discV4', 'false', '--discDns', 'false'],
      ...['--rpc', '--rpcAddr', loopback, '--rpcPort', `${rpcPort}`],
      ...['--rpcEngine', '--rpcEngineAuth', 'false', '--rpcEngineAddr', loopback, '--rpcEnginePort', `${enginePort}`],
    ]
    const child = spawn(process.execPath, ['--import', onLoopback, path, ...flags], {
      cwd: directory.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      await hasStarted(child)
      const url = `http://${loopback}:${rpcPort}`
      // It says that it has started before it listens.
      const { enode } = await eventually('its RPC', () =>
        post<{ enode: string }>(url, { method: 'admin_nodeInfo', params: [] }).catch(() => undefined),
      )
      const engineUrl = `http://${loopback}:${enginePort}`
      return new EthereumjsClient(child, { url, engineUrl, enode, directory })
    } catch (error) {
      child.kill('SIGKILL')
      directory.remove()
      throw error
    }
  }

  /** @throws {Error} the answer is an error: its message */
  rpc<Result>(method: string, ...params: unknown[]): Promise<Result> {
    return post(this.#url, { method, params })
  }

  /** @throws {Error} the answer is an error: its message */
  engine<Result>(request: RpcRequest): Promise<Result> {
    return post(this.#engineUrl, request)
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) {
      this.#process.kill('SIGKILL') // what it keeps is thrown away
      await once(this.#process, 'exit')
    }
    this.#directory.remove()
  }
}

const loopback = '127.0.0.1'

/** It listens on every address and has no option for another. */
const onLoopback = `data:text/javascript,${encodeURIComponent(`
  import { Socket } from 'node:dgram'
  import { Server } from 'node:net'
  const { bind } = Socket.prototype
  Socket.prototype.bind = function (port, _, ...rest) { return bind.call(this, port, '${loopback}', ...rest) }
  const { listen } = Server.prototype
  Server.prototype.listen = function (port, ...rest) {
    if (typeof port !== 'number') return listen.call(this, port, ...rest)
    return listen.call(this, port, '${loopback}', ...rest.filter((value) => typeof value !== 'string'))
  }
`)}`

async function hasStarted(child: ChildProcess): Promise<void> {
  const tail: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    tail.push(line)
    if (tail.length > 20) tail.shift()
    if (!line.includes('Client started successfully')) continue
    child.stdout!.resume()
    return
  }
  throw new Error(`@ethereumjs/client ended before it had started:\n${tail.join('\n')}`)
}
