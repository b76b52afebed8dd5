import { NotJsonRpc, RpcClosed, RpcRefused, RpcUnreachable } from './client-errors.ts'
import { maxAnswer, parseAnswer, type Reply, type RpcWire } from './client-wire.ts'
import type { RpcTarget } from './rpc-target.ts'

/** JSON-RPC over HTTP: each request is one POST. */
export class HttpWire implements RpcWire {
  readonly closed = new Promise<void>(() => {})
  readonly #address: string
  readonly #name: string
  readonly #headers: Readonly<Record<string, string>>

  constructor({ address, name, authorization }: RpcTarget) {
    this.#address = address
    this.#name = name
    this.#headers = {
      ...{ 'content-type': 'application/json', accept: 'application/json' },
      ...(authorization !== undefined && { authorization }),
    }
  }

  async request(_id: number, text: string, signal: AbortSignal): Promise<Reply> {
    const response = await this.#post(text, signal)
    const body = await this.#read(response, signal)
    if (response.status !== 200)
      throw new RpcRefused(this.#name, response.status, response.headers.get('location') ?? body)
    const reply = parseAnswer(body)
    if (reply === undefined) throw new NotJsonRpc(this.#name, body)
    return reply as Reply
  }

  close(): void {}

  async #post(body: string, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(this.#address, { method: 'POST', headers: this.#headers, body, signal, redirect: 'manual' })
    } catch (error) {
      signal.throwIfAborted()
      throw new RpcUnreachable(this.#name, error)
    }
  }

  async #read({ body }: Response, signal: AbortSignal): Promise<string> {
    const decoder = new TextDecoder()
    let [text, bytes] = ['', 0]
    try {
      for await (const chunk of body ?? []) {
        bytes += chunk.length
        if (bytes > maxAnswer) throw new Error(`an answer of more than ${maxAnswer} bytes`)
        text += decoder.decode(chunk, { stream: true })
      }
    } catch (error) {
      signal.throwIfAborted()
      throw new RpcClosed(this.#name, error)
    }
    return text + decoder.decode()
  }
}
