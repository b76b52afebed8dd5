import { checkJson, JsonSyntaxError } from '../../protocols/lib/json-scanner.ts'
import { parseSteps } from './json/parse-steps.ts'
import { PrintedJson, printJson } from './json/print.ts'
import { RpcCode, RpcError } from './rpc-error.ts'

// JSON-RPC 2.0 on the wire: what a request is, and how it is answered.

export type Request = {
  readonly jsonrpc: '2.0'
  readonly id?: unknown
  readonly method: string
  readonly params?: unknown
}

/** What a text asks: a request, a batch of them, or whatever else JSON can say. */
export type Asked = { readonly json: unknown; readonly ids: Ids }

/** @throws {NoRequest} the text is not one JSON value, or has anything behind it */
export function readRequest(text: string): Asked {
  const json = isLong(text) ? undefined : parse(text)
  return { json: json === undefined ? scanAndParse(text) : json, ids: new Ids(text) }
}

/** As {@link readRequest}, step by step. */
export function* readRequestSteps(text: string): Generator<void, Asked> {
  try {
    return { json: yield* parseSteps(text), ids: new Ids(text) }
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new NoRequest(error.message)
    throw error
  }
}

/** Nothing shorter nests too deep for Go, or takes long to read. */
export const isLong = (text: string): boolean => text.length > 20_000

/** @throws {NoRequest} */
function scanAndParse(text: string): unknown {
  try {
    checkJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new NoRequest(error.message)
    throw error
  }
  return JSON.parse(text)
}

/** @returns undefined for what is no JSON */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isRequest(json: unknown): json is Request {
  if (typeof json !== 'object' || json === null) return false
  const { jsonrpc, method, id } = json as Partial<Request>
  return jsonrpc === '2.0' && typeof method === 'string' && method !== '' && isPlain(id)
}

/** To nobody here: only a server that calls its clients gets any. */
export function isResponse(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const { jsonrpc, method, id, params } = json as Partial<Request>
  if (jsonrpc !== '2.0' || (typeof method === 'string' && method !== '') || id === undefined) return false
  return isPlain(id) && params === undefined && ('result' in json || 'error' in json)
}

const isPlain = (id: unknown) => id === null || typeof id !== 'object'

/** The ids of a text as they were written there: `1.0` and numbers past 2^53 too. Asked for in the text's order. */
export class Ids {
  readonly #text: string
  #numbers: RegExp | undefined
  #isSpent = false

  constructor(text: string) {
    this.#text = text
  }

  /** @returns the id of `json` as JSON: `null` where it has none that can be told */
  of(json: unknown): string {
    const { id = null } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Request>
    if (typeof id === 'number') return this.#written(id)
    return typeof id === 'object' ? 'null' : JSON.stringify(id)
  }

  #written(id: number): string {
    this.#numbers ??= /"id"\s*:\s*(-?\d[\d.eE+-]*)/g
    while (!this.#isSpent) {
      const match = this.#numbers.exec(this.#text)
      if (match === null) this.#isSpent = true
      else if (Number(match[1]) === id) return match[1]!
    }
    return JSON.stringify(id)
  }
}

/** @param id as JSON @returns in parts what is printed in parts */
export function success(id: string, result: unknown): string | PrintedJson {
  const head = `{"jsonrpc":"2.0","id":${id},"result":`
  return result instanceof PrintedJson ? result.between(head, '}') : `${head}${printJson(result) ?? 'null'}}`
}

/** @param id as JSON */
export function failure(id: string, { code, message, data }: RpcError): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message, data })}}`
}

/** The text is no JSON; `detail` says why, as Go does. */
export class NoRequest extends RpcError {
  readonly detail: string
  constructor(detail: string) {
    super('parse error', RpcCode.parse)
    this.detail = detail
  }
}
