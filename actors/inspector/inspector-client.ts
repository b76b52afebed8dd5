import { WebSocket } from 'ws'
import { InspectorUnreachable } from './inspector-errors.ts'
import type { Ask, Tell } from './wire.ts'

type Question = Ask extends infer One ? (One extends { readonly id: number } ? Omit<One, 'id'> : never) : never
type Answer<Of> = Extract<Tell, { readonly tell: Of }>

/** Asks the inspector of a running node, as its page does. */
export class InspectorClient {
  readonly #socket: WebSocket
  readonly #address: string
  /** BOUNDED: by the questions of one command. */
  readonly #waiting = new Map<number, { resolve(tell: Tell): void; reject(error: Error): void }>()
  #lastId = 0

  private constructor(socket: WebSocket, address: string) {
    this.#socket = socket
    this.#address = address
    socket.on('message', (data) => this.#take(JSON.parse(String(data)) as Tell))
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

  /** @throws (rejects) {InspectorUnreachable} it has no answer, or ended */
  ask<Q extends Question>(question: Q): Promise<Answer<Q['ask']>> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#waiting.set(id, { resolve: (tell) => resolve(tell as Answer<Q['ask']>), reject })
      this.#socket.send(JSON.stringify({ ...question, id }))
    })
  }

  close(): void {
    this.#socket.removeAllListeners('close').close()
  }

  #take(tell: Tell): void {
    if (!('id' in tell)) return
    const waiting = this.#waiting.get(tell.id)
    this.#waiting.delete(tell.id)
    if (tell.tell === 'error') waiting?.reject(new InspectorUnreachable(this.#address, tell.error))
    else waiting?.resolve(tell)
  }

  #fail(why: string): void {
    for (const { reject } of this.#waiting.values()) reject(new InspectorUnreachable(this.#address, why))
    this.#waiting.clear()
  }
}

const refusals = (status = 0) =>
  status === 403 ? 'it wants its whole address, with the token' : `it answers ${status}`
