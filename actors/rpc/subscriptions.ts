import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { Entropy } from '../runtime/runtime.ts'
import type { Subscription } from './api.ts'
import { printJson } from './json/print.ts'
import { RpcError } from './rpc-error.ts'

export type SubscriptionsOptions = {
  readonly entropy: Entropy
  readonly maxSubscriptions: number
  /** Writes a notification: one JSON text. */
  send(text: string): void
  /** A subscription emits more than can be kept until its id is known. */
  overflow(): void
}

/** What one connection is subscribed to (geth rpc.Notifier). */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  /** By id. BOUNDED: maxSubscriptions. */
  readonly #open = new Map<string, Opened>()
  #isEnded = false

  constructor(options: SubscriptionsOptions) {
    this.#options = options
  }

  /** What one request may open: its subscriptions are silent until it was answered. */
  forRequest(): RequestSubscriptions {
    const opened: Opened[] = []
    return {
      open: (namespace, subscription, args) => {
        const [id, one] = this.#subscribe(namespace, subscription, args)
        opened.push(one)
        return id
      },
      close: (id) => this.#close(id),
      answered: () => {
        for (const one of opened) one.activate()
      },
    }
  }

  /** The connection has closed. */
  end(): void {
    this.#isEnded = true
    for (const id of [...this.#open.keys()]) this.#close(id)
  }

  #subscribe(namespace: string, subscription: Subscription, args: readonly never[]): [id: string, Opened] {
    const { entropy, maxSubscriptions, send, overflow } = this.#options
    // A call may outlive its connection.
    if (this.#isEnded) throw new RpcError('connection closed')
    if (this.#open.size >= maxSubscriptions)
      throw new RpcError(`too many subscriptions: ${maxSubscriptions} are open; unsubscribe from some`)
    const id = idOf(entropy(16))
    const one = new Opened(
      `{"jsonrpc":"2.0","method":"${namespace}_subscription","params":{"subscription":"${id}"`,
      send,
    )
    one.opened(subscription.open((result) => one.notify(result) || overflow(), args))
    if (this.#isEnded)
      one.end() // by what it emitted at once
    else this.#open.set(id, one)
    return [id, one]
  }

  #close(id: string): boolean {
    this.#open.get(id)?.end()
    return this.#open.delete(id)
  }
}

export type RequestSubscriptions = {
  /** @returns its id @throws {RpcError} */
  open(namespace: string, subscription: Subscription, args: readonly never[]): string
  /** @returns whether there was such a subscription */
  close(id: string): boolean
  answered(): void
}

class Opened {
  readonly #prefix: string
  readonly #send: (text: string) => void
  /** Until the id was sent. BOUNDED: maxWaiting. */
  #waiting: string[] | undefined = []
  #end: (() => void) | undefined
  #isEnded = false

  constructor(prefix: string, send: (text: string) => void) {
    this.#prefix = prefix
    this.#send = send
  }

  opened(end: () => void): void {
    this.#end = end
  }

  /** @returns false when it can keep no more */
  notify(result: unknown): boolean {
    if (this.#isEnded) return true
    const text = `${this.#prefix},"result":${printJson(result) ?? 'null'}}}`
    if (!this.#waiting) this.#send(text)
    else if (this.#waiting.length === maxWaiting) return false
    else this.#waiting.push(text)
    return true
  }

  activate(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const text of waiting) this.#send(text)
  }

  end(): void {
    this.#isEnded = true
    this.#end?.()
  }
}

const maxWaiting = 1_024

/** As geth makes them: a number in hex. */
function idOf(random: Uint8Array): string {
  return `0x${bytesToHex(random).replace(/^0+(?=.)/, '')}`
}
