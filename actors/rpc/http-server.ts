import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RpcServerRunning } from '../../machines/rpc-server.ts'
import type { Defer, Runtime } from '../runtime/runtime.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import { reportBug } from '../runtime/supervision.ts'
import { Endpoint } from './endpoint.ts'
import type { HttpHandler } from './http-handler.ts'
import { HttpReader } from './http-reader.ts'
import { listen } from './listen.ts'
import type { RpcLimits } from './options.ts'
import type { WsHandler } from './ws-handler.ts'

export type HttpServerOptions = {
  /** Of its actor: `rpc/http`. */
  readonly id: string
  readonly parent?: string | undefined
  /** Of the command line, to choose another port with. */
  readonly portFlag: string
  readonly limits: RpcLimits
  /** Shares the thread between all who send something. */
  readonly scheduler: FairScheduler
}

/** One port that speaks HTTP, WebSocket or both (geth node/rpcstack.go, httpServer). */
export class HttpServer {
  readonly #options: HttpServerOptions
  readonly #endpoint: Endpoint
  #server: Server | undefined
  /** How many requests of a connection wait. BOUNDED: maxPipelined. */
  readonly #pipelined = new WeakMap<Socket, number>()
  readonly #readers = new WeakMap<Socket, HttpReader>()
  readonly #runtime: Pick<Runtime, 'supervisor'>
  #place: { readonly host: string; readonly port: number } | undefined
  #http: { readonly handler: HttpHandler; readonly prefix: string } | undefined
  #ws: { readonly handler: WsHandler; readonly prefix: string } | undefined

  readonly #defer: Defer

  constructor(runtime: Runtime, options: HttpServerOptions) {
    const { id, parent, limits } = options
    this.#options = options
    this.#runtime = runtime
    this.#defer = runtime.defer
    this.#endpoint = new Endpoint(
      runtime,
      { id, parent, shutdownTimeout: limits.shutdownTimeout },
      { listen: () => this.#listen(), drain: () => this.#drain(), cut: () => this.#cut() },
    )
  }

  /** Where it is to listen. */
  get port(): number | undefined {
    return this.#place?.port
  }

  /** While it serves HTTP: `http://127.0.0.1:8545`. */
  get httpUrl(): string | undefined {
    return this.#url('http', this.#http)
  }

  /** While it serves WebSocket. */
  get wsUrl(): string | undefined {
    return this.#url('ws', this.#ws)
  }

  /** @throws {RpcServerRunning} it listens elsewhere */
  setAddress(host: string, port: number): void {
    const { address } = this.#endpoint
    if (address !== undefined && (host !== this.#place?.host || port !== this.#place.port))
      throw new RpcServerRunning(address)
    this.#place = { host, port }
  }

  /** @throws {RpcEnabled} */
  enableHttp(handler: HttpHandler, prefix: string): void {
    if (this.#http) throw new RpcEnabled('HTTP')
    this.#http = { handler, prefix }
  }

  /** @throws {RpcEnabled} */
  enableWs(handler: WsHandler, prefix: string): void {
    if (this.#ws) throw new RpcEnabled('WebSocket')
    this.#ws = { handler, prefix }
    this.#server?.on('upgrade', this.#upgrade)
  }

  /** Opens the port, if anything is to be served there. @throws (rejects) {RpcListenFailed} nothing is served then */
  async start(): Promise<void> {
    if (this.#place === undefined || this.#endpoint.address !== undefined) return
    try {
      await this.#endpoint.open()
    } catch (error) {
      this.#forget()
      throw error
    }
  }

  /** Hangs up on the WebSockets, and closes the port unless HTTP is served there. */
  async stopWs(): Promise<void> {
    this.#ws?.handler.close()
    this.#ws = undefined
    this.#server?.off('upgrade', this.#upgrade)
    if (!this.#http) await this.stop()
  }

  async stop(): Promise<void> {
    await this.#endpoint.close()
    this.#forget()
  }

  #forget(): void {
    this.#place = undefined
    this.#http = undefined
    this.#ws = undefined
  }

  #url(scheme: string, served: { readonly prefix: string } | undefined): string | undefined {
    const { address } = this.#endpoint
    return served && address !== undefined ? `${scheme}://${address}${served.prefix}` : undefined
  }

  #listen(): Promise<string> {
    const { limits, portFlag } = this.#options
    this.#server = createServer({
      headersTimeout: limits.readHeaderTimeout,
      requestTimeout: 0, // the body has its own, with an answer
      connectionsCheckingInterval: Math.min(30_000, Math.ceil(limits.readHeaderTimeout / 2)),
      keepAliveTimeout: limits.idleTimeout,
      maxHeaderSize: limits.headerBytes,
      noDelay: true,
    })
    this.#server.maxConnections = limits.connections
    this.#server.maxHeadersCount = maxHeaders
    this.#server.on('connection', this.#read)
    this.#server.on('request', this.#serve)
    this.#server.on('clientError', rejectClient)
    if (this.#ws) this.#server.on('upgrade', this.#upgrade)
    return listen(this.#server, this.#place!, portFlag)
  }

  #drain(): Promise<void> {
    this.#ws?.handler.close()
    return new Promise((resolve) => this.#server!.close(() => resolve()))
  }

  #cut(): void {
    this.#ws?.handler.cut()
    this.#server!.closeAllConnections()
  }

  readonly #read = (socket: Socket): void => {
    const crashed = (error: unknown) => {
      socket.destroy()
      reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'connection' })
    }
    this.#readers.set(socket, new HttpReader(socket, this.#options.scheduler, crashed))
  }

  /** Of requests in one breath each waits for the answer to the one before, and for everybody else's turn. */
  readonly #serve = (req: IncomingMessage, res: ServerResponse): void => {
    const { socket } = req
    const reader = this.#readers.get(socket)
    reader?.asked(req)
    res.once('close', () => reader?.answered())
    if (res.socket) return void this.#answer(req, res)
    const waiting = (this.#pipelined.get(socket) ?? 0) + 1
    this.#pipelined.set(socket, waiting)
    if (waiting > maxPipelined) return void socket.destroy()
    res.once('socket', () => {
      this.#pipelined.set(socket, this.#pipelined.get(socket)! - 1)
      this.#defer(() => this.#answer(req, res))
    })
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    // Node leaves out what is beyond the number.
    if (req.rawHeaders.length > 2 * maxHeaders) res.writeHead(431, { 'Content-Length': 0, Connection: 'close' }).end()
    else if (this.#http) this.#http.handler.handle(req, res)
    else res.writeHead(404, { 'Content-Length': 0 }).end()
  }

  readonly #upgrade = (req: IncomingMessage, socket: Socket, head: Buffer): void => {
    this.#readers.get(socket)?.release()
    if (/^websocket$/i.test(req.headers.upgrade ?? '')) {
      this.#ws?.handler.upgrade(req, socket, head)
      return
    }
    // Another protocol is not spoken here: the request is read again, as if it had not been asked for, and as the last.
    socket.unshift(Buffer.concat([Buffer.from(withoutUpgrade(req), 'latin1'), head]))
    this.#server?.emit('connection', socket)
  }
}

function withoutUpgrade({ method, url, rawHeaders }: IncomingMessage): string {
  const names = rawHeaders.filter((_, i) => i % 2 === 0)
  const fields = names.map((name, i) =>
    /^(upgrade|connection)$/i.test(name) ? '' : `${name}: ${rawHeaders[2 * i + 1]}\r\n`,
  )
  return `${method} ${url} HTTP/1.1\r\n${fields.join('')}Connection: close\r\n\r\n`
}

/** Requests of one connection that came in one piece and wait for the one before them: more are heads of a few bytes, a flood. */
const maxPipelined = 32

/** Fields of a head: one of two bytes costs two strings. */
const maxHeaders = 100

/** What is no HTTP gets Go's answer; who merely takes too long gets none. */
function rejectClient(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'HPE_CLOSED_CONNECTION') return // it says more after its last request, which is being answered
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400
  const isMalformed = error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE'
  // After another answer, this one would be taken for a part of it.
  if (!isMalformed || !socket.writable || socket.bytesWritten > 0) return void socket.destroy()
  const line = `${status} ${STATUS_CODES[status]}`
  socket.end(`HTTP/1.1 ${line}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${line}`)
  socket.destroySoon()
}

/** geth: it is served already. */
export class RpcEnabled extends Error {
  override readonly name = 'RpcEnabled'
  constructor(what: 'HTTP' | 'WebSocket') {
    super(`JSON-RPC over ${what} is already enabled`)
  }
}
