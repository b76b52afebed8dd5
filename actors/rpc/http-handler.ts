import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Account, FairScheduler } from '../runtime/scheduler.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import { type Client, newAccount, type Steps } from '../runtime/time-slicer.ts'
import { Cors } from './cors.ts'
import { Deadline } from './deadline.ts'
import type { Answer, Dispatcher } from './dispatcher.ts'
import { type BodyFault, type BodyLimits, readBody, readTime } from './http-body.ts'
import { empty, json, type Reply, refusal, send } from './http-reply.ts'
import { tokenFault } from './jwt.ts'
import { failure, isLong, lengthOf, type RequestText } from './request.ts'
import { RpcCode, RpcError } from './rpc-error.ts'
import { isVhostAllowed } from './vhosts.ts'

export type HttpHandlerOptions = {
  /** Of the actor above it: `rpc/http`. */
  readonly id: string
  readonly dispatcher: Dispatcher
  readonly scheduler: FairScheduler
  readonly corsdomain: readonly string[]
  readonly vhosts: readonly string[]
  /** Of the paths it is on; empty is `/` alone. */
  readonly prefix: string
  /** Left out, no token is asked for. */
  readonly secret?: Uint8Array | undefined
  readonly limits: BodyLimits & { readonly writeTimeout: number }
  /** Where bodies have their room until they are whole. */
  readonly input: InputRoom
}

/** JSON-RPC over HTTP: one POST, one request or batch. The checks and their order are geth's. */
export class HttpHandler {
  readonly #clock: Runtime['clock']
  readonly #wallClock: Runtime['wallClock']
  readonly #defer: Runtime['defer']
  readonly #supervised: Pick<Runtime, 'supervisor'>
  readonly #options: HttpHandlerOptions
  readonly #cors: Cors
  readonly #vhosts: ReadonlySet<string>
  readonly #accounts = new WeakMap<Socket, Account>()

  constructor(runtime: Pick<Runtime, 'clock' | 'wallClock' | 'defer' | 'supervisor'>, options: HttpHandlerOptions) {
    this.#clock = runtime.clock
    this.#wallClock = runtime.wallClock
    this.#defer = runtime.defer
    this.#supervised = runtime
    this.#options = options
    this.#cors = new Cors(options.corsdomain)
    this.#vhosts = new Set(options.vhosts.map((name) => name.toLowerCase()))
  }

  handle(req: IncomingMessage, res: ServerResponse): void {
    guard(
      async () => {
        const reply = await this.#replyTo(req)
        if (reply) await this.#send(req, res, reply)
      },
      (error) => {
        reportBug(this.#supervised, { actor: this.#options.id, error, ends: 'connection' })
        if (res.headersSent) req.socket.destroy()
        else apologize(req, res)
      },
    )
  }

  /** @returns undefined when the client has left */
  async #replyTo(req: IncomingMessage): Promise<Reply | undefined> {
    const { prefix, secret, limits, input } = this.#options
    if (!isOnPath(req, prefix)) return empty(404)
    const tokenRefused = secret && (await tokenFault(req, secret, this.#wallClock() / 1_000))
    if (tokenRefused !== undefined) return refusal(401, tokenRefused)
    if (!isVhostAllowed(this.#vhosts, req.headers.host)) return refusal(403, 'invalid host specified')
    if (this.#cors.isPreflight(req)) return empty(200, this.#cors.preflightHeaders(req))
    const headers = this.#cors.headers(req)
    const early = earlyReply(req, limits.bodyBytes, headers)
    if (early) return early
    const body = await readBody(req, limits, input, {
      ...{ clock: this.#clock, isProven: secret !== undefined },
      turn: () => this.#options.dispatcher.run(this.#read(this.#client(req)), this.#client(req)),
    })
    if (body.fault !== undefined) return faultReply(body.fault, headers)
    return json((await this.#answer(req, body.parts)) ?? '', headers)
  }

  async #answer(req: IncomingMessage, request: RequestText): Promise<Answer> {
    const { secret, limits, dispatcher, input } = this.#options
    const deadline = new Deadline(this.#clock, limits.writeTimeout - margin)
    const holding = input.open(() => req.socket.destroy(), { isProven: secret !== undefined })
    holding.hold(lengthOf(request)) // until it was read and answered
    try {
      if (isLong(request)) await this.#nextRead()
      return await dispatcher.answerInParts(request, { deadline, client: this.#client(req) })
    } finally {
      deadline.end()
      holding.close()
    }
  }

  /** A connection is a client: what it asks for is on one account, request after request. */
  #client({ socket }: IncomingMessage): Client {
    const account = this.#accounts.get(socket) ?? newAccount()
    this.#accounts.set(socket, account)
    return {
      account,
      get isGone() {
        return socket.destroyed || socket.readableEnded
      },
    }
  }

  /** A turn of which nothing is done but that a read of the client's body may follow. */
  *#read({ account }: Client): Steps<void> {
    yield this.#options.scheduler.follows(account, readTime)
  }

  /** Node learns with its next read of a socket that it has no more than the request: crowds send one and leave. */
  #nextRead(): Promise<void> {
    return new Promise((resolve) => this.#defer(() => this.#defer(resolve)))
  }

  /** A client that leaves part of its request with us, or does not read its answer, is hung up on. */
  async #send(req: IncomingMessage, res: ServerResponse, reply: Reply): Promise<void> {
    const { socket } = req
    if (!req.complete) res.shouldKeepAlive = false
    await send(req, res, reply, !this.#options.secret, (steps) =>
      this.#options.dispatcher.run(steps, this.#client(req)),
    )
    if (socket.writableLength === 0) return
    const timer = this.#clock.setTimeout(() => socket.destroy(), this.#options.limits.writeTimeout)
    res.once('close', () => this.#clock.clearTimeout(timer))
  }
}

/**
 * Upon a bug of ours. Go's net/http hangs up without a word; that looks like a fault of the network, and clients and proxies
 * send such a request again. RFC 9110, 15.6.1 has a status for it.
 */
function apologize({ socket }: IncomingMessage, res: ServerResponse): void {
  const { status, headers, body } = refusal(500, 'internal server error')
  res.writeHead(status, ['Connection', 'close', ...headers]).end(body)
  socket.destroySoon()
}

/** Milliseconds: an answer that says that the time is over must still get through (geth ContextRequestTimeout). */
const margin = 100

/** @param prefix as of HttpHandlerOptions */
export function isOnPath({ url = '/' }: IncomingMessage, prefix: string): boolean {
  const end = url.indexOf('?')
  const path = end === -1 ? url : url.slice(0, end)
  return prefix === '' ? path === '/' : path.startsWith(prefix)
}

/** What is answered without a look at the body. */
function earlyReply(req: IncomingMessage, maxBytes: number, headers: readonly string[]): Reply | undefined {
  const { method, url = '/' } = req
  const length = Number(req.headers['content-length'] ?? 0)
  const hasBody = length > 0 || req.headers['transfer-encoding'] !== undefined
  // A load balancer may ask whether we are there.
  if (method === 'GET' && !hasBody && !url.includes('?')) return empty(200, headers)
  if (method === 'PUT' || method === 'DELETE') return refusal(405, 'method not allowed', headers)
  if (length > maxBytes) return refusal(413, `content length too large (${length}>${maxBytes})`, headers)
  if (method === 'OPTIONS' || mediaType.test(req.headers['content-type'] ?? '')) return undefined
  return refusal(415, 'invalid content type, only application/json is supported', headers)
}

/** With its parameters, as Go's mime.ParseMediaType reads them. */
const mediaType = /^\s*application\/json(?:-rpc|request)?\s*(;\s*[\w!#$&^.+-]+=("[^"]*"|[\w!#$&^.+-]+)\s*)*;?\s*$/i

/** Go reads up to its limit, and finds that what it has is no JSON. */
function faultReply(fault: BodyFault, headers: readonly string[]): Reply | undefined {
  if (fault === 'gone') return undefined
  if (fault === 'no room') return refusal(503, 'too many requests are being received', headers)
  const message = fault === 'read timeout' ? 'read timeout' : 'parse error'
  return json(failure('null', new RpcError(message, RpcCode.parse)), headers)
}
