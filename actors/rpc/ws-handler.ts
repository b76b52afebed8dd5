import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../log/log.ts'
import type { InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Account, FairScheduler } from '../runtime/scheduler.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import { type Client, newAccount, type Steps } from '../runtime/time-slicer.ts'
import { RpcConnection, type Wire } from './connection.ts'
import type { Dispatcher } from './dispatcher.ts'
import { isOnPath } from './http-handler.ts'
import { tokenFault } from './jwt.ts'
import type { RpcLimits } from './options.ts'
import { isOriginAllowed } from './ws-origins.ts'
import { WsReader } from './ws-reader.ts'

export type WsHandlerOptions = {
  /** Of its connections' actors: `rpc/ws`; also the actor above them. */
  readonly id: string
  readonly dispatcher: Dispatcher
  readonly origins: readonly string[]
  readonly prefix: string
  /** Left out, no token is asked for. */
  readonly secret?: Uint8Array | undefined
  readonly limits: RpcLimits
  readonly log: Logger
  /** Where messages have their room until they are whole. */
  readonly input: InputRoom
  /** Shares the thread between all who send something. */
  readonly scheduler: FairScheduler
}

/** JSON-RPC over WebSocket: a message, a request or batch. The checks and their order are geth's, and gorilla's. */
export class WsHandler {
  readonly #runtime: Runtime
  readonly #options: WsHandlerOptions
  readonly #sockets: WebSocketServer
  /** BOUNDED: by the connections of the server it is on. */
  readonly #connections = new Map<WebSocket, RpcConnection>()
  #last = 0
  #isClosed = false

  constructor(runtime: Runtime, options: WsHandlerOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false, // as geth: nothing to inflate, no bombs
      skipUTF8Validation: true, // so does Go
      maxPayload: options.limits.wsMessageBytes,
      handleProtocols: () => false,
    })
  }

  /** Takes a request to switch to WebSocket, and its socket with it. */
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {})
    guard(
      () => this.#upgrade(req, socket, head),
      (error) => {
        socket.destroy()
        reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'connection' })
      },
    )
  }

  async #upgrade(req: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    const refused = await this.#refusal(req)
    if (refused) return refuse(socket, refused[0], refused[1])
    const client: Client = {
      account: newAccount(),
      get isGone() {
        return socket.destroyed
      },
    }
    await this.#options.dispatcher.run(this.#accept(req, socket, head, client.account), client)
  }

  /** In the turn of who comes: an actor takes half a millisecond to start, and of a crowd all would come at once. */
  *#accept(req: IncomingMessage, socket: Socket, head: Buffer, account: Account): Steps<void> {
    if (this.#isClosed) socket.destroy()
    else this.#sockets.handleUpgrade(req, socket, head, (ws) => this.#connect(ws, socket, account))
  }

  /** Hangs up on everybody. */
  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections.values()) connection.send({ type: 'server.closed' })
  }

  /** Ends those who do not answer to that. */
  cut(): void {
    for (const ws of this.#connections.keys()) ws.terminate()
  }

  async #refusal(req: IncomingMessage): Promise<readonly [status: number, text?: string] | undefined> {
    const { prefix, secret, origins } = this.#options
    const { origin, 'sec-websocket-version': version, 'sec-websocket-key': key = '' } = req.headers
    if (!isOnPath(req, prefix)) return [404, 'not found']
    const fault = secret && (await tokenFault(req, secret, this.#runtime.wallClock() / 1_000))
    if (fault !== undefined) return [401, fault]
    if (req.method !== 'GET') return [405]
    if (version !== '13') return [400]
    if (!isOriginAllowed(origins, origin)) {
      this.#options.log.warn('Rejected WebSocket connection', { origin })
      return [403]
    }
    return /^[+/0-9A-Za-z]{22}==$/.test(key) ? undefined : [400]
  }

  #connect(ws: WebSocket, socket: Socket, account: Account): void {
    const { id, dispatcher, limits, log, input, secret, scheduler } = this.#options
    const isProven = secret !== undefined
    const holding = input.open(() => connection.send({ type: 'input.overflowed' }), { isProven })
    const reader = new WsReader(socket, {
      ...{ scheduler, account, holding, maxBytes: limits.wsMessageBytes },
      crashed: (error) => connection.crashed(error),
    })
    const options = { id: `${id}/${++this.#last}`, parent: id, dispatcher, limits, log, input, isProven, account }
    const connection = new RpcConnection(this.#runtime, wireOf(ws, reader), options)
    this.#connections.set(ws, connection)
    ws.binaryType = 'fragments'
    ws.on('message', (message: Buffer[]) => {
      reader.messageEnded()
      connection.receive(message)
    })
    ws.on('ping', ({ length }: Buffer) => reader.controlPassed(length))
    ws.on('pong', ({ length }: Buffer) => {
      reader.controlPassed(length)
      connection.send({ type: 'pong.received' })
    })
    ws.on('error', () => reader.discard()) // a broken frame: ws says so to the client, and closes
    ws.on('close', () => {
      holding.close()
      this.#connections.delete(ws)
      connection.send({ type: 'client.closed' })
    })
    socket.on('drain', () => connection.send({ type: 'write.drained' }))
  }
}

function wireOf(ws: WebSocket, reader: WsReader): Wire {
  return {
    send: (text) => ws.send(text),
    get waiting() {
      return ws.bufferedAmount
    },
    ping: () => ws.ping(),
    pause: () => reader.pause(),
    resume: () => reader.resume(),
    close: ({ now }) => {
      reader.resume() // its answer to a close must be read
      if (now) ws.terminate()
      else ws.close(1000)
    },
  }
}

/** Writes an answer as Go does to a socket that will not be a WebSocket. */
function refuse(socket: Socket, status: number, text = STATUS_CODES[status]): void {
  const isUpgraders = text === STATUS_CODES[status]
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: text/plain; charset=utf-8',
    ...(isUpgraders ? ['Sec-Websocket-Version: 13'] : []),
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${text!.length + 1}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}\n`)
  socket.destroySoon()
}
