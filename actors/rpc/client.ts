import { jsonText } from '../../protocols/lib/json-text.ts'
import { NotJsonRpc, RpcTimeout } from './client-errors.ts'
import { HttpWire } from './client-http.ts'
import { type Notify, StreamWire } from './client-stream.ts'
import type { Reply, RpcWire } from './client-wire.ts'
import { RpcError } from './rpc-error.ts'
import { parseTarget } from './rpc-target.ts'

export type RpcClientOptions = {
  /** Milliseconds for a connection, and for each answer. @default 30000 */
  readonly timeout?: number
}

/** Asks a node by JSON-RPC, ours or any other: over HTTP, WebSocket or a unix socket. */
export class RpcClient {
  /** As it was named, but for a user and password. */
  readonly target: string
  readonly #timeout: number
  readonly #wire: RpcWire
  readonly #listeners: Listeners
  #lastId = 0

  private constructor(target: string, wire: RpcWire, listeners: Listeners, timeout: number) {
    this.target = target
    this.#wire = wire
    this.#listeners = listeners
    this.#timeout = timeout
  }

  /**
   * @param target `http://…`, `https://…`, `ws://…`, `wss://…`, or the path of a socket. Over HTTP nothing is sent yet.
   *   A URL's user and password are sent as basic authentication, and never shown.
   * @throws (rejects) {RpcTargetError} {RpcUnreachable} {RpcRefused} {RpcTimeout}
   */
  static async connect(target: string, { timeout = 30_000 }: RpcClientOptions = {}): Promise<RpcClient> {
    const listeners: Listeners = new Map()
    const notify: Notify = (subscription, result) => listeners.get(subscription)?.(result)
    const place = parseTarget(target)
    const wire =
      place.transport === 'http'
        ? new HttpWire(place)
        : await inTime(timeout, place.name, 'a connection', (signal) => StreamWire.open(place, notify, signal))
    return new RpcClient(place.name, wire, listeners, timeout)
  }

  /**
   * @throws (rejects) {RpcError} the node's own answer; {RpcTimeout}, {RpcUnreachable}, {RpcRefused}, {RpcClosed} and
   * {NotJsonRpc} where there was none
   */
  async request(method: string, params: readonly unknown[]): Promise<unknown> {
    return this.#resultOf(await this.#request(method, params))
  }

  /** As {@link request}. */
  call<Result = unknown>(method: string, ...params: readonly unknown[]): Promise<Result> {
    return this.request(method, params) as Promise<Result>
  }

  /**
   * @param params the subscription's name, then what it takes
   * @returns what ends it
   * @throws (rejects) {RpcError} `notifications not supported` over HTTP; and as {@link call}
   */
  async subscribe(
    namespace: string,
    params: readonly unknown[],
    listener: (result: unknown) => void,
  ): Promise<() => Promise<void>> {
    const hear = ({ result }: Reply) => {
      if (typeof result === 'string') this.#listeners.set(result, listener)
    }
    const subscription = this.#resultOf(await this.#request(`${namespace}_subscribe`, params, hear)) as string
    return async () => {
      this.#listeners.delete(subscription)
      await this.call(`${namespace}_unsubscribe`, subscription)
    }
  }

  /** Resolves when the connection is over, from either side; over HTTP there is none, and it never does. */
  get closed(): Promise<void> {
    return this.#wire.closed
  }

  /** Calls that still wait are rejected. */
  close(): void {
    this.#wire.close()
  }

  #request(method: string, params: readonly unknown[], hear?: (reply: Reply) => void): Promise<Reply> {
    this.#lastId += 1
    const id = this.#lastId
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    return inTime(this.#timeout, this.target, method, (signal) => this.#wire.request(id, text, signal, hear))
  }

  #resultOf(reply: Reply): unknown {
    const { error, result } = (reply ?? {}) as { readonly error?: Partial<RpcError>; readonly result?: unknown }
    if (typeof error?.message === 'string') throw new RpcError(error.message, error.code, error.data)
    if (result === undefined) throw new NotJsonRpc(this.target, jsonText(reply))
    return result
  }
}

/** By the id that the node gave it. BOUNDED: by those who subscribe. */
type Listeners = Map<string, (result: unknown) => void>

async function inTime<Result>(
  timeout: number,
  target: string,
  what: string,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(new RpcTimeout(target, what, timeout)), timeout)
  try {
    return await run(abort.signal)
  } finally {
    clearTimeout(timer)
  }
}
