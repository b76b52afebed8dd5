import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Supervisor } from '../runtime/runtime.ts'
import { guard, reportBug } from '../runtime/supervision.ts'
import { AnswerTime } from './answer-time.ts'
import { BadQuestion, type InspectedSource, PageSession } from './page-session.ts'
import { StatelyClient } from './stately.ts'

/** The pages that are open. */
export class Pages {
  readonly #source: InspectedSource
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 64 << 10, perMessageDeflate: false })
  /** BOUNDED: mostPages, with the tools. */
  readonly #open = new Map<WebSocket, PageSession>()
  readonly #tools = new Map<WebSocket, StatelyClient>()
  readonly #supervisor: Supervisor
  readonly #time: AnswerTime
  #timer: NodeJS.Timeout | undefined

  /** @param now milliseconds, monotonic */
  constructor(source: InspectedSource, supervisor: Supervisor, now = () => performance.now()) {
    this.#source = source
    this.#supervisor = supervisor
    this.#time = new AnswerTime(now)
  }

  /** @param path `/feed` for a page, `/stately` for a tool that reads the events of @statelyai/inspect */
  welcome(path: string, request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const add = { '/feed': this.#add, '/stately': this.#addTool }[path]
    if (!add) refuse(stream, 404)
    else if (this.#open.size + this.#tools.size >= mostPages) refuse(stream, 503)
    else this.#sockets.handleUpgrade(request, stream, head, (socket) => add.call(this, socket))
  }

  /** Pushes what happened last, and closes the pages: one that does not read it in time is cut off. */
  close(): void {
    clearInterval(this.#timer)
    if (this.#open.size > 0) this.#push()
    const sockets = [...this.#open.keys(), ...this.#tools.keys()]
    for (const socket of sockets) socket.close(goingAway)
    setTimeout(() => {
      for (const socket of sockets) socket.terminate()
    }, farewell).unref()
  }

  #addTool(socket: WebSocket): void {
    const tool = new StatelyClient(this.#source.feeds ?? [], socket)
    this.#tools.set(socket, tool)
    socket.on('error', () => {})
    socket.on('close', () => {
      tool.close()
      this.#tools.delete(socket)
    })
  }

  #add(socket: WebSocket): void {
    if (this.#open.size === 0) this.#source.history.takeChanges() // a picture has them all
    socket.on('error', () => {})
    const crashed = (error: unknown) => this.#crashed(socket, error)
    this.#attempt(socket, () => this.#attend(socket, new PageSession(this.#source, socket, this.#time, crashed)))
  }

  #attend(socket: WebSocket, session: PageSession): void {
    this.#open.set(socket, session)
    this.#timer ??= setInterval(() => guard(() => this.#push(), this.#closeAll), pushInterval)
    socket.on('message', (data) => this.#attempt(socket, () => session.take(String(data))))
    socket.on('close', () => {
      this.#open.delete(socket)
      if (this.#open.size > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    })
  }

  /** What all pages get is gathered once. The first page is the last next time, as they share the time for answers. */
  #push(): void {
    const common = { push: 'changes', ...this.#source.history.takeChanges() } as const
    this.#time.renew()
    for (const [socket, session] of this.#open) this.#attempt(socket, () => session.push(common))
    const [first] = this.#open
    if (!first) return
    const [socket, session] = first
    this.#open.delete(socket)
    this.#open.set(socket, session)
  }

  /** A page's fault, or one of ours in what it gets, ends that page alone. */
  #attempt(socket: WebSocket, work: () => void): void {
    if (socket.readyState !== socket.OPEN) return
    try {
      work()
    } catch (error) {
      if (error instanceof BadQuestion) {
        socket.close(policyViolation, error.message)
        return
      }
      this.#crashed(socket, error)
    }
  }

  #crashed(socket: WebSocket, error: unknown): void {
    this.#report(error)
    socket.close(internalError)
  }

  /** The push that all pages get cannot be made. */
  readonly #closeAll = (error: unknown): void => {
    this.#report(error)
    for (const socket of this.#open.keys()) socket.close(internalError)
  }

  #report(error: unknown): void {
    reportBug({ supervisor: this.#supervisor }, { actor: 'inspector', error, ends: 'connection' })
  }
}

/** Ends a request that wanted a WebSocket. Nothing else listens to its stream: the client may be gone, or may never close. */
export function refuse(stream: Duplex, status: number): void {
  stream.on('error', () => {})
  const allow = status === 405 ? 'Allow: GET, HEAD\r\n' : ''
  stream.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${allow}Connection: close\r\n\r\n`, () => stream.destroy())
}

/** Of a WebSocket (RFC 6455, 7.4.1). */
const goingAway = 1001
const policyViolation = 1008
const internalError = 1011
/** Milliseconds that a page has to take its leave. */
const farewell = 500
/** Milliseconds from one push to the next. */
const pushInterval = 100
const mostPages = 16
