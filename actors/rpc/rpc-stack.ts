import type { Logger } from '../log/log.ts'
import { InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { FairScheduler } from '../runtime/scheduler.ts'
import type { Api } from './api.ts'
import { Dispatcher } from './dispatcher.ts'
import { HttpHandler } from './http-handler.ts'
import { HttpServer } from './http-server.ts'
import { IpcServer } from './ipc-server.ts'
import { resolveJwtSecret } from './jwt-secret.ts'
import {
  type AuthOptions,
  type HttpOptions,
  limitsOf,
  type RpcLimits,
  type RpcOptions,
  type WsOptions,
} from './options.ts'
import { pickApis } from './registry.ts'
import { WsHandler } from './ws-handler.ts'

export type RpcStackContext = {
  readonly log: Logger
  /** The actor above those of the endpoints. */
  readonly parent?: string
  /** That of the peers: there is one thread for all. One of its own when left out. */
  readonly scheduler?: FairScheduler
  /** That of the peers: there is one memory for all. One of its own when left out. */
  readonly input?: InputRoom
}

/** Every endpoint of a node's RPC (geth node.Node: startRPC, stopRPC, and what admin_startHTTP and its like do). */
export class RpcStack {
  readonly #runtime: Runtime
  readonly #options: RpcOptions
  readonly #context: RpcStackContext
  readonly #limits: RpcLimits
  readonly #scheduler: FairScheduler
  readonly #input: InputRoom
  /** BOUNDED: by the program. */
  readonly #apis: Api[] = []
  readonly #http: HttpServer
  readonly #ws: HttpServer
  readonly #auth: HttpServer
  #ipc: IpcServer | undefined
  /** geth holds one lock over all of them: each waits for the one before. */
  #last: Promise<void> = Promise.resolve()

  constructor(runtime: Runtime, options: RpcOptions, context: RpcStackContext) {
    const { parent } = context
    this.#runtime = runtime
    this.#options = options
    this.#context = context
    this.#limits = limitsOf(options.limits, context.log)
    this.#input = context.input ?? new InputRoom()
    this.#scheduler = context.scheduler ?? new FairScheduler(runtime.clock, runtime.defer)
    const server = (name: string, portFlag: string, limits = this.#limits) =>
      new HttpServer(runtime, { id: `rpc/${name}`, parent, portFlag, limits, scheduler: this.#scheduler })
    this.#http = server('http', '--http.port')
    this.#ws = server('ws', '--ws.port')
    this.#auth = server('auth', '--authrpc.port', this.#engineLimits)
  }

  /** Adds APIs. Before the start. */
  register(apis: readonly Api[]): void {
    for (const api of apis) this.#apis.push(api)
  }

  /** Opens IPC, HTTP, WebSocket and the authenticated endpoint, as the options have them. @throws (rejects) {RpcListenFailed | JwtSecretError} the first that fails; those before it are open */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      const { http, ws, ipc, auth } = this.#options
      if (ipc !== undefined) await this.#startIpc(ipc)
      if (http) this.#enableHttp(http, this.#openApis)
      if (ws) this.#enableWs(ws)
      if (auth && this.#apis.some(({ authenticated }) => authenticated)) await this.#enableAuth(auth)
      for (const server of [this.#http, this.#ws, this.#auth]) await server.start()
      this.#logOpened('ipc', 'http', 'ws', 'auth')
    })
  }

  /** Closes every endpoint, and resolves when the last client has gone. Does nothing for those that are closed. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      for (const server of [this.#http, this.#ws, this.#auth]) await server.stop()
      await this.#ipc?.stop()
    })
  }

  /**
   * geth's admin_startHTTP: serves every API there is, of the namespaces chosen. What is left out is as at the start.
   * @throws (rejects) {RpcListenFailed | RpcServerRunning | RpcEnabled}
   */
  startHttp(options: HttpOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      const { rpcprefix: _, ...asAtStart } = this.#options.http ?? {}
      this.#enableHttp({ ...asAtStart, ...options }, this.#apis)
      await this.#http.start()
      this.#logOpened('http')
    })
  }

  /** Also what is served over WebSocket on that port. */
  stopHttp(): Promise<void> {
    return this.#inTurn(() => this.#http.stop())
  }

  /** geth's admin_startWS. @throws (rejects) {RpcListenFailed | RpcServerRunning | RpcEnabled} */
  startWs(options: WsOptions = {}): Promise<void> {
    return this.#inTurn(async () => {
      const server = this.#enableWs({ ...this.#options.ws, ...options })
      await server.start()
      this.#logOpened('ws')
    })
  }

  stopWs(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#http.stopWs()
      await this.#ws.stop()
    })
  }

  /** URL, while it is served, like what follows. */
  get http(): string | undefined {
    return this.#http.httpUrl
  }

  get ws(): string | undefined {
    return this.#http.wsUrl ?? this.#ws.wsUrl
  }

  /** Over HTTP; on the same port there is WebSocket. */
  get auth(): string | undefined {
    return this.#auth.httpUrl
  }

  /** The path. */
  get ipc(): string | undefined {
    return this.#ipc?.path
  }

  #enableHttp(options: HttpOptions, apis: readonly Api[]): void {
    const { host = localhost, port = 8545, api = openModules, rpcprefix: prefix = '' } = options
    const { corsdomain = [], vhosts = ['localhost'] } = options
    const dispatcher = this.#dispatcher(pickApis(apis, api, this.#context.log))
    this.#http.setAddress(host, port)
    const limits = this.#limits
    this.#http.enableHttp(
      new HttpHandler(this.#runtime, {
        id: 'rpc/http',
        dispatcher,
        scheduler: this.#scheduler,
        corsdomain,
        vhosts,
        prefix,
        limits,
        input: this.#input,
      }),
      prefix,
    )
  }

  /** @returns the server that it is on: that of HTTP, when there is no other or it is of the same port */
  #enableWs({ host = localhost, port = 8546, api = openModules, rpcprefix: prefix = '', origins = [] }: WsOptions) {
    const isShared = !this.#options.http || this.#http.port === port
    const server = isShared ? this.#http : this.#ws
    const dispatcher = this.#dispatcher(pickApis(this.#openApis, api, this.#context.log))
    server.setAddress(host, port)
    const { log } = this.#context
    const id = isShared ? 'rpc/http' : 'rpc/ws'
    const limits = this.#limits
    const [input, scheduler] = [this.#input, this.#scheduler]
    const handler = new WsHandler(this.#runtime, { id, dispatcher, origins, prefix, limits, log, input, scheduler })
    server.enableWs(handler, prefix)
    return server
  }

  async #enableAuth({
    host = localhost,
    port = 8551,
    vhosts = ['localhost'],
    secret: given,
  }: AuthOptions): Promise<void> {
    const { log } = this.#context
    const { entropy } = this.#runtime
    const secret = typeof given === 'string' ? await resolveJwtSecret({ path: given, entropy, log }) : given
    const limits = this.#engineLimits
    const dispatcher = this.#dispatcher(pickApis(this.#apis, authModules, log), limits)
    const common = { dispatcher, scheduler: this.#scheduler, secret, limits, prefix: '', input: this.#input }
    const [corsdomain, origins] = [['localhost'], ['localhost']]
    this.#auth.setAddress(host, port)
    this.#auth.enableHttp(new HttpHandler(this.#runtime, { ...common, id: 'rpc/auth', corsdomain, vhosts }), '')
    const ws = { ...common, id: 'rpc/auth', origins, log }
    this.#auth.enableWs(new WsHandler(this.#runtime, ws), '')
  }

  async #startIpc(path: string): Promise<void> {
    const { log, parent } = this.#context
    const dispatcher = this.#dispatcher(this.#apis)
    this.#ipc ??= new IpcServer(this.#runtime, {
      id: 'rpc/ipc',
      parent,
      path,
      dispatcher,
      limits: this.#limits,
      log,
      input: this.#input,
    })
    await this.#ipc.start()
  }

  #dispatcher(apis: readonly Api[], limits = this.#limits): Dispatcher {
    return new Dispatcher({ apis, limits, log: this.#context.log, scheduler: this.#scheduler })
  }

  get #openApis(): readonly Api[] {
    return this.#apis.filter(({ authenticated }) => !authenticated)
  }

  /** A consensus client sends more, and is trusted with it. */
  get #engineLimits(): RpcLimits {
    const limits = this.#limits
    return {
      ...limits,
      bodyBytes: limits.engineBodyBytes,
      headerBytes: limits.engineHeaderBytes,
      batchItems: limits.engineBatchItems,
      batchResponseBytes: limits.engineBatchResponseBytes,
    }
  }

  #logOpened(...which: readonly ('ipc' | 'http' | 'ws' | 'auth')[]): void {
    for (const name of which) {
      const url = this[name]
      if (url === undefined) continue
      const { message, fields } = openedLines[name](url)
      this.#context.log.info(message, fields)
    }
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(run)
    this.#last = turn.catch(() => {})
    return turn
  }
}

/** geth's: a program that reads geth's log for its addresses finds ours. */
const openedLines = {
  ipc: (url: string) => ({ message: 'IPC endpoint opened', fields: { url } }),
  http: (endpoint: string) => ({ message: 'HTTP server started', fields: { endpoint, auth: false } }),
  ws: (url: string) => ({ message: 'WebSocket enabled', fields: { url } }),
  auth: (endpoint: string) => ({ message: 'HTTP server started', fields: { endpoint, auth: true } }),
}

const localhost = '127.0.0.1'
const openModules = ['net', 'web3', 'eth']
const authModules = ['eth', 'engine']
