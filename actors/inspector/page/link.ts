import type { PageMessage, PageRequest } from '../wire.ts'

/** `lost`: it was there, or never was; it is tried again by itself. */
export type LinkState = 'connecting' | 'open' | 'lost'

type Numbered = Extract<PageRequest, { readonly id: number }>
type Name = Numbered['ask']
/** A question without its number. */
export type Question<Of extends Name> = Omit<Extract<Numbered, { readonly ask: Of }>, 'id' | 'ask'>
export type Answer<Of extends Name> = Extract<PageMessage, { readonly push: Of }>

export type LinkListener = {
  changed(state: LinkState): void
  pushed(push: PageMessage): void
}

/** The WebSocket to the node: questions get their answers, all else goes to the listener. Comes back when it is lost. */
export class Link {
  readonly #url: URL
  readonly #listener: LinkListener
  /** BOUNDED: by the questions of one page; all are refused when the socket closes. */
  readonly #pending = new Map<number, { resolve(push: PageMessage): void; reject(error: Error): void }>()
  #socket: WebSocket | undefined
  #id = 0
  #delay = shortestDelay

  constructor(url: URL, listener: LinkListener) {
    this.#url = url
    this.#listener = listener
    this.#open()
  }

  /** Something that has no answer. Nothing happens while the link is not open. */
  say(ask: Exclude<PageRequest, Numbered>): void {
    this.#send(ask)
  }

  /** @throws (rejects) {Unanswered} the node cannot answer, or the link is lost */
  ask<Of extends Name>(name: Of, question: Question<Of>): Promise<Answer<Of>> {
    return new Promise((resolve, reject) => {
      this.#id += 1
      const ask = { ask: name, id: this.#id, ...question } as unknown as PageRequest
      if (!this.#send(ask)) return reject(new Unanswered('not connected'))
      this.#pending.set(this.#id, { resolve: (push) => resolve(push as Answer<Of>), reject })
    })
  }

  #send(ask: PageRequest): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false
    this.#socket.send(JSON.stringify(ask))
    return true
  }

  #open(): void {
    this.#listener.changed('connecting')
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    socket.onopen = () => {
      this.#delay = shortestDelay
      this.#listener.changed('open')
    }
    socket.onmessage = ({ data }) =>
      this.#take(JSON.parse((data as string).replaceAll(unseen, '\ufffd')) as PageMessage)
    socket.onclose = () => this.#lost()
  }

  #take(push: PageMessage): void {
    if (!('id' in push)) {
      this.#listener.pushed(push)
      return
    }
    const pending = this.#pending.get(push.id)
    this.#pending.delete(push.id)
    if (push.push === 'error') pending?.reject(new Unanswered(push.error))
    else pending?.resolve(push)
  }

  #lost(): void {
    for (const { reject } of this.#pending.values()) reject(new Unanswered('the connection was lost'))
    this.#pending.clear()
    this.#listener.changed('lost')
    setTimeout(() => this.#open(), this.#delay)
    this.#delay = Math.min(this.#delay * 2, longestDelay)
  }
}

/** What a remote may write into its name to make it read otherwise: direction marks, and what has no width. */
const unseen = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu
const shortestDelay = 500
const longestDelay = 8_000

export class Unanswered extends Error {
  override readonly name = 'Unanswered'
}
