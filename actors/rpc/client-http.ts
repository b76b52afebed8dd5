import { NotJsonRpc, RpcClosed, RpcRefused, RpcUnreachable } from './client-errors.ts'
import { maxAnswer, parseAnswer, type Reply, type RpcWire } from './client-wire.ts'

/** JSON-RPC over HTTP: each request is one POST. */
export class HttpWire implements RpcWire {
  readonly closed = new Promise<void>(() => {})
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async request(_id: number, text: string, signal: AbortSignal): Promise<Reply> {
    const response = await this.#post(text, signal)
    const body = await this.#read(response, signal)
    if (response.status !== 200)
      throw new RpcRefused(this.#url, response.status, response.headers.get('location') ?? body)
    const reply = parseAnswer(body)
    if (reply === undefined) throw new NotJsonRpc(this.#url, body)
    return reply as Reply
  }

  close(): void {}

  async #post(body: string, signal: AbortSignal): Promise<Response> {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    try {
      return await fetch(this.#url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    } catch (error) {
      signal.throwIfAborted()
      throw new RpcUnreachable(this.#url, error)
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
      throw new RpcClosed(this.#url, error)
    }
    return text + decoder.decode()
  }
}
