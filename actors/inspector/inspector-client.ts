import { WebSocket } from 'ws'
import {
  firstInvalid,
  isFlag,
  isObject,
  isString,
  listOf,
  maybe,
  type Shape,
  shaped,
  type Validator,
} from '../../protocols/lib/shapes.ts'
import { parseAnswer } from '../rpc/client-wire.ts'
import { InspectorUnreachable } from './inspector-errors.ts'
import type { PageMessage, PageRequest } from './wire.ts'

type Question = PageRequest extends infer One ? (One extends { readonly id: number } ? Omit<One, 'id'> : never) : never
type Answer<Of> = Extract<PageMessage, { readonly push: Of }>

/** Asks the inspector of a running node, as its page does. */
export class InspectorClient {
  readonly #socket: WebSocket
  readonly #address: string
  /** BOUNDED: by the questions of one command. */
  readonly #waiting = new Map<number, { ask: string; resolve(push: PageMessage): void; reject(error: Error): void }>()
  #lastId = 0
  #end: InspectorUnreachable | undefined

  private constructor(socket: WebSocket, address: string) {
    this.#socket = socket
    this.#address = address
    socket.on('message', (data) => this.#take(parseAnswer(String(data))))
    socket.on('error', ({ message }) => this.#fail(message))
    socket.on('close', () => this.#fail('it is gone'))
  }

  /**
   * @param address as the node printed it
   * @throws (rejects) {InspectorUnreachable}
   */
  static async open(address: string): Promise<InspectorClient> {
    const feed = `${address.replace(/\/*$/, '')}/feed`
    const url = URL.canParse(feed) ? new URL(feed) : undefined
    if (url?.protocol !== 'http:') throw new InspectorUnreachable(address, 'that is no http:// address')
    const socket = new WebSocket(url.href.replace('http', 'ws'), { handshakeTimeout: 5_000 })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('unexpected-response', (_, { statusCode }) =>
        reject(new InspectorUnreachable(address, refusals(statusCode))),
      )
      socket.once('error', ({ message, ...error }) =>
        reject(new InspectorUnreachable(address, message || String((error as { code?: string }).code))),
      )
    }).catch((error) => {
      socket.on('error', () => {}).terminate()
      throw error
    })
    return new InspectorClient(socket, address)
  }

  /** @throws (rejects) {InspectorUnreachable} it has no answer, or none that an inspector gives, or ended */
  async ask<Q extends Question>(question: Q): Promise<Answer<Q['ask']>> {
    if (this.#end) throw this.#end
    const id = ++this.#lastId
    const timer = setTimeout(() => this.#fail('it does not answer'), answerTimeout)
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { ask: question.ask, resolve: (push) => resolve(push as Answer<Q['ask']>), reject })
        this.#socket.send(JSON.stringify({ ...question, id }))
      })
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket.removeAllListeners('close').close()
  }

  #take(push: unknown): void {
    if (!isObject(push)) {
      this.#fail('it is no inspector')
      return
    }
    const { id, push: name } = push
    const waiting = this.#waiting.get(id as number)
    if (!waiting) return
    this.#waiting.delete(id as number)
    const shape = name === waiting.ask || name === 'error' ? answers[name] : undefined
    if (!shape || firstInvalid(push, shape) !== undefined)
      waiting.reject(new InspectorUnreachable(this.#address, 'it answers what no inspector of this version does'))
    else if (name === 'error') waiting.reject(new InspectorUnreachable(this.#address, push.error as string))
    else waiting.resolve(push as PageMessage)
  }

  #fail(why: string): void {
    this.#end ??= new InspectorUnreachable(this.#address, why)
    for (const { reject } of this.#waiting.values()) reject(this.#end)
    this.#waiting.clear()
  }
}

/** Milliseconds. */
const answerTimeout = 30_000

const isTime: Validator = (value) => Number.isFinite(value)
const isText: Validator = maybe(isString)
const peer = shaped({
  ...{ actor: isString, id: isText, client: isText, address: isText },
  caps: maybe(listOf(isString)),
})
/** What is read of each answer that is asked for here. */
const answers: Readonly<Record<string, Shape>> = {
  error: { error: isString },
  picture: { picture: shaped({ peers: listOf(peer) }) },
  departures: { departures: listOf(shaped({ actor: isString, summary: isString, id: isText, client: isText })) },
  why: {
    why: shaped({
      ...{ actor: isString, summary: isString, peer: maybe(peer), theirsFrom: isText },
      path: listOf(shaped({ at: isTime, actor: isString, state: isString, event: isString })),
      messages: listOf(shaped({ at: isTime, isSent: isFlag, name: isString, text: isString })),
      status: maybe(
        listOf(shaped({ field: isString, ours: isString, theirs: isString, differs: isFlag, note: isText })),
      ),
    }),
  },
}

const refusals = (status = 0) =>
  status === 403 ? 'it wants its whole address, with the token' : `it answers ${status}`
