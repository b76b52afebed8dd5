import { checkJson, JsonSyntaxError } from '../../protocols/lib/json-scanner.ts'
import { LongText } from './json/long-text.ts'
import { parseSteps, windows } from './json/parse-steps.ts'
import { PrintedJson, printJson } from './json/print.ts'
import { RpcCode, RpcError } from './rpc-error.ts'

// JSON-RPC 2.0 on the wire: what a request is, and how it is answered.

export type Request = {
  readonly jsonrpc: '2.0'
  readonly id?: unknown
  readonly method: string | LongText
  readonly params?: unknown
}

/** What a text asks: a request, a batch of them, or whatever else JSON can say. */
export type Asked = { readonly json: unknown; readonly ids: Ids; readonly isLong?: boolean }

/** What came, whole or in parts; bytes are UTF-8. To make one text of 32 MiB takes 25 ms. */
export type RequestText = string | readonly (string | Uint8Array)[]

export const lengthOf = (request: RequestText): number =>
  typeof request === 'string' ? request.length : request.reduce((sum, { length }) => sum + length, 0)

/** @throws {NoRequest} the text is not one JSON value, or has anything behind it */
export function readRequest(request: RequestText): Asked {
  const text = typeof request === 'string' ? request : [...windows(request)].join('')
  const json = parse(text)
  return { json: json === undefined ? scanAndParse(text) : json, ids: new Ids(text) }
}

/** As {@link readRequest}, step by step. */
export function* readRequestSteps(request: RequestText): Generator<void, Asked> {
  const parts = typeof request === 'string' ? [request] : request
  try {
    const { json, ids } = yield* parseSteps(parts)
    return { json, ids: new Ids(ids), isLong: true }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
    let isAllBlank = true
    for (const text of windows(parts)) {
      isAllBlank = isBlank.test(text)
      if (!isAllBlank) break
      yield
    }
    throw new NoRequest(error.message, isAllBlank)
  }
}

/** Nothing shorter nests too deep for Go, or takes long to read. */
export const isLong = (request: RequestText): boolean => lengthOf(request) > 20_000

/** What Go's bytes.TrimSpace leaves nothing of. */
const isBlank = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$/

/** @throws {NoRequest} */
function scanAndParse(text: string): unknown {
  try {
    checkJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new NoRequest(error.message, isBlank.test(text))
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
  return jsonrpc === '2.0' && isName(method) && isPlain(id)
}

/** Ignored: only a server that calls its clients gets responses. */
export function isResponse(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false
  const { jsonrpc, method, id, params } = json as Partial<Request>
  if (jsonrpc !== '2.0' || isName(method) || id === undefined) return false
  return isPlain(id) && params === undefined && ('result' in json || 'error' in json)
}

const isName = (method: unknown) => (typeof method === 'string' && method !== '') || method instanceof LongText
/** Ours: nor is a string of more than 1,048,576 characters, or a number of more than 1,024. */
const isPlain = (id: unknown) => (id === null || typeof id !== 'object') && !Number.isNaN(id)

/** The ids of a text as they were written there: `1.0` and numbers past 2^53 too. Asked for in the text's order. */
export class Ids {
  readonly #text: string
  readonly #written: WeakMap<object, string> | undefined
  #numbers: RegExp | undefined
  #isSpent = false

  /** @param source the text, or what was noted of it by its reader */
  constructor(source: string | WeakMap<object, string>) {
    this.#text = typeof source === 'string' ? source : ''
    this.#written = typeof source === 'string' ? undefined : source
  }

  /** @returns the id of `json` as JSON: `null` where it has none that can be printed */
  of(json: unknown): string {
    const { id = null } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Request>
    if (typeof id === 'number') return this.#written?.get(json as object) ?? this.#find(id)
    return typeof id === 'object' ? 'null' : JSON.stringify(id)
  }

  #find(id: number): string {
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
  /** There is nothing but space. */
  readonly isBlank: boolean
  constructor(detail: string, isBlank = false) {
    super('parse error', RpcCode.parse)
    this.detail = detail
    this.isBlank = isBlank
  }
}
