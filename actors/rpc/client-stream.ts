import { connect, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import { JsonSyntaxError } from '../../protocols/lib/json-scanner.ts'
import { NotJsonRpc, RpcClosed, RpcRefused, RpcUnreachable } from './client-errors.ts'
import { maxAnswer, parseAnswer, type Reply, type RpcWire } from './client-wire.ts'
import { JsonStream } from './json-stream.ts'
import type { RpcTarget } from './rpc-target.ts'

/** What a subscription brings. */
export type Notify = (subscription: string, result: unknown) => void

/** A connection over which a node also speaks unasked. */
export class StreamWire implements RpcWire {
  readonly closed: Promise<void>
  readonly #target: string
  readonly #channel: Channel
  readonly #notify: Notify
  /** By id. BOUNDED: by the calls that are made, each of which ends in time. */
  readonly #pending = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>()
  #end: Error | undefined
  #reportEnd: () => void = () => {}

  private constructor(target: string, channel: Channel, notify: Notify) {
    this.#target = target
    this.#channel = channel
    this.#notify = notify
    this.closed = new Promise((resolve) => {
      this.#reportEnd = resolve
    })
    channel.onText = (text) => this.#take(text)
    channel.onClose = (error) => this.#fail(new RpcClosed(target, error))
  }

  /** @throws (rejects) {RpcUnreachable} {RpcRefused}, or the signal's reason */
  static async open(target: RpcTarget, notify: Notify, signal: AbortSignal): Promise<StreamWire> {
    const channel = await (target.transport === 'ws' ? openWebSocket(target, signal) : openSocket(target, signal))
    return new StreamWire(target.name, channel, notify)
  }

  request(id: number, text: string, signal: AbortSignal, hear?: (reply: Reply) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end)
      const giveUp = () => settle(() => reject(signal.reason))
      const settle = (report: () => void) => {
        this.#pending.delete(id)
        signal.removeEventListener('abort', giveUp)
        report()
      }
      signal.addEventListener('abort', giveUp)
      this.#pending.set(id, {
        resolve: (reply) => {
          hear?.(reply)
          settle(() => resolve(reply))
        },
        reject: (error) => settle(() => reject(error)),
      })
      this.#channel.send(text)
    })
  }

  close(): void {
    this.#channel.close()
    this.#fail(new RpcClosed(this.#target))
  }

  #take(text: string): void {
    const message = parse(text)
    if (message === undefined) {
      this.#fail(new NotJsonRpc(this.#target, text))
      this.#channel.close()
      return
    }
    const { id, params } = message
    if (params?.subscription !== undefined) this.#notify(params.subscription, params.result)
    else if (typeof id === 'number') this.#pending.get(id)?.resolve(message)
  }

  #fail(error: Error): void {
    this.#end ??= error
    for (const { reject } of [...this.#pending.values()]) reject(this.#end)
    this.#reportEnd()
  }
}

/** A connection in texts. */
type Channel = {
  send(text: string): void
  close(): void
  onText: (text: string) => void
  onClose: (error?: Error) => void
}

type Message = Reply & {
  readonly id?: unknown
  readonly params?: { readonly subscription?: string; readonly result?: unknown }
}

function parse(text: string): Message | undefined {
  const json = parseAnswer(text)
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? json : undefined
}

function openSocket({ address: path }: RpcTarget, signal: AbortSignal): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, signal })
    socket.once('error', (error) => reject(signal.aborted ? signal.reason : new RpcUnreachable(path, error)))
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(overSocket(socket))
    })
  })
}

function overSocket(socket: Socket): Channel {
  const channel = quiet(
    (text) => socket.write(`${text}\n`),
    () => socket.destroy(),
  )
  const stream = new JsonStream()
  let fault: Error | undefined
  socket.on('data', (bytes) => {
    try {
      for (const parts of stream.push(bytes)) channel.onText(parts.join(''))
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error
      channel.onText(bytes.toString()) // the listener finds that this is no JSON
    }
    if (stream.held > maxAnswer) socket.destroy(new Error(`an answer of more than ${maxAnswer} characters`))
  })
  socket.on('error', (error) => {
    fault = error
  })
  socket.on('close', () => channel.onClose(fault))
  return channel
}

function openWebSocket({ address, name, authorization }: RpcTarget, signal: AbortSignal): Promise<Channel> {
  const headers = authorization === undefined ? {} : { authorization }
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, {
      headers,
      maxPayload: maxAnswer,
      perMessageDeflate: false,
      followRedirects: false,
    })
    const giveUp = () => socket.terminate()
    signal.addEventListener('abort', giveUp)
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : error)
    socket.once('unexpected-response', (_, { statusCode = 0, statusMessage = '' }) => {
      fail(new RpcRefused(name, statusCode, statusMessage))
      socket.terminate()
    })
    socket.on('error', (error) => fail(new RpcUnreachable(name, error)))
    socket.once('open', () => {
      signal.removeEventListener('abort', giveUp)
      resolve(overWebSocket(socket))
    })
  })
}

function overWebSocket(socket: WebSocket): Channel {
  const channel = quiet(
    (text) => socket.send(text),
    () => socket.terminate(),
  )
  let fault: Error | undefined
  socket.on('message', (data) => channel.onText(String(data)))
  socket.on('error', (error) => {
    fault = error
  })
  socket.on('close', () => channel.onClose(fault))
  return channel
}

const quiet = (send: (text: string) => void, close: () => void): Channel => ({
  ...{ send, close },
  onText: () => {},
  onClose: () => {},
})
