import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { jwt } from './jwt.ts'

export type GethOptions = {
  /** The executable: see findGeth. */
  readonly path: string
  /** A genesis.json. */
  readonly genesis: string
  readonly networkId: bigint
  /** A chain.rlp to import. */
  readonly chain?: string
  /** Runs discovery, one version alone, on loopback alone. @default no discovery; v4 */
  readonly discovery?: { readonly bootnodes: readonly string[]; readonly by?: 'v4' | 'v5' }
  /** Further flags. */
  readonly args?: readonly string[]
}

/** A JSON-RPC request as its files have it. */
export type RpcRequest = { readonly method: string; readonly params: readonly unknown[] }

/** One of both. */
export type RpcAnswer = {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown }
}

/** A geth on 127.0.0.1 with a fresh datadir. */
export class Geth {
  /** 32 bytes. */
  readonly nodeKey: Uint8Array
  readonly enode: string
  /** Of its RPC over HTTP; over WebSocket too, given `--ws --ws.port 0`. */
  readonly url: string
  /** Of the engine API. */
  readonly engineUrl: string
  /** Of its socket, given `--ipcdisable=false`. */
  readonly ipc: string
  /** 32 bytes, of the engine API's tokens. */
  readonly secret: Uint8Array
  readonly #process: ChildProcess
  readonly #datadir: string
  readonly #endpoints: { readonly rpc: string; readonly engine: string }

  private constructor(
    process: ChildProcess,
    started: { datadir: string; nodeKey: Uint8Array; secret: Uint8Array; enode: string; rpc: string; engine: string },
  ) {
    this.#process = process
    this.#datadir = started.datadir
    this.secret = started.secret
    this.#endpoints = started
    this.nodeKey = started.nodeKey
    this.enode = started.enode
    this.url = started.rpc
    this.engineUrl = started.engine
    this.ipc = join(started.datadir, 'geth.ipc')
  }

  /** @throws geth did not start: the message has the end of its log */
  static async start({ path, genesis, networkId, chain, discovery, args = [] }: GethOptions): Promise<Geth> {
    const datadir = await mkdtemp(join(tmpdir(), 'peerchart-geth-'))
    const run = (...args: string[]) => promisify(execFile)(path, ['--datadir', datadir, ...args])
    try {
      await run('init', genesis)
      if (chain !== undefined) await run('import', chain)
      return await launch(path, datadir, ['--networkid', `${networkId}`, ...discoveryFlags(discovery), ...args])
    } catch (error) {
      await rm(datadir, { recursive: true, force: true })
      throw error
    }

    async function launch(path: string, datadir: string, args: readonly string[]): Promise<Geth> {
      const [nodeKey, secret] = [randomBytes(32), randomBytes(32)]
      await writeFile(join(datadir, 'jwt.hex'), bytesToHex(secret))
      const flags = [
        '--datadir',
        datadir,
        '--nodekeyhex',
        bytesToHex(nodeKey),
        '--authrpc.jwtsecret',
        join(datadir, 'jwt.hex'),
      ]
      const process = spawn(path, [...flags, ...onLoopback, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
      return new Geth(process, { datadir, nodeKey, secret, ...(await addressesOf(process)) })
    }
  }

  /** @throws {Error} geth's answer is an error: its message */
  rpc<Result>(method: string, ...params: unknown[]): Promise<Result> {
    return post(this.#endpoints.rpc, { method, params })
  }

  /** Sends `body` as it is. @returns the answer as it is */
  async post(body: string): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(this.#endpoints.rpc, { method: 'POST', headers, body })).text()
  }

  /** Calls the engine API with a fresh token. @throws {Error} geth's answer is an error: its message */
  engine<Result>({ method, params }: RpcRequest): Promise<Result> {
    return post(this.#endpoints.engine, { method, params }, { authorization: `Bearer ${jwt(this.secret)}` })
  }

  /** Stops the process where it is, its sockets open, or lets it go on. */
  freeze(isFrozen = true): void {
    this.#process.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT')
  }

  /** As {@link engine}. @returns the answer as it is, result or error */
  engineAnswer(request: RpcRequest): Promise<RpcAnswer> {
    return askEngine(this.#endpoints.engine, this.secret, request)
  }

  /** Resident memory, in bytes. */
  async memory(): Promise<number> {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', `${this.#process.pid}`])
    return Number(stdout) * 1024
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) {
      this.#process.kill('SIGINT')
      await once(this.#process, 'exit')
    }
    await rm(this.#datadir, { recursive: true, force: true })
  }
}

const loopback = '127.0.0.1'
const discoveryFlags = (discovery: GethOptions['discovery']): readonly string[] =>
  discovery
    ? [
        ...['--netrestrict', '127.0.0.0/8', '--bootnodes', discovery.bootnodes.join()],
        ...['v4', 'v5'].map((version) => `--discovery.${version}=${version === (discovery.by ?? 'v4')}`),
      ]
    : ['--nodiscover']
const onLoopback = [
  ...['--nat', 'none', '--port', '0', '--maxpeers', '500', '--ipcdisable', '--log.format', 'json'],
  ...['--http', '--http.addr', loopback, '--http.port', '0', '--http.api', 'admin,debug,eth,net,txpool,web3'],
  ...['--authrpc.addr', loopback, '--authrpc.port', '0'],
]

/** Reads geth's log until it has said where it listens; from then on the log is thrown away. */
async function addressesOf(process: ChildProcess): Promise<{ enode: string; rpc: string; engine: string }> {
  const found: { enode?: string; rpc?: string; engine?: string } = {}
  const tail: string[] = []
  const lines = createInterface({ input: process.stderr! })
  for await (const line of lines) {
    tail.push(line)
    if (tail.length > 20) tail.shift()
    const { msg, self, endpoint, auth } = line.startsWith('{') ? JSON.parse(line) : {}
    if (msg === 'Started P2P networking') found.enode = self
    if (msg === 'HTTP server started') found[String(auth) === 'true' ? 'engine' : 'rpc'] = `http://${endpoint}`
    const { enode, rpc, engine } = found
    if (!enode || !rpc || !engine) continue
    process.stderr!.resume()
    return { enode: enode.replace(/\[::\]|0\.0\.0\.0/, loopback), rpc, engine }
  }
  throw new Error(`geth ended before it listened:\n${tail.join('\n')}`)
}

/** @throws {Error} the answer is an error: its message */
export async function post<Result>(
  url: string,
  request: RpcRequest,
  headers: Record<string, string> = {},
): Promise<Result> {
  const { result, error } = await ask(url, request, headers)
  if (error) throw new Error(`${request.method}: ${error.message}`)
  return result as Result
}

/** Calls any engine API with a fresh token. @param secret 32 bytes @returns the answer as it is, result or error */
export const askEngine = (url: string, secret: Uint8Array, request: RpcRequest): Promise<RpcAnswer> =>
  ask(url, request, { authorization: `Bearer ${jwt(secret)}` })

async function ask(url: string, request: RpcRequest, headers: Record<string, string>): Promise<RpcAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...request }),
  })
  return (await response.json()) as RpcAnswer
}
