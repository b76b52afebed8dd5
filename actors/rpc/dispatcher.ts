import type { Logger } from '../log.ts'
import type { Api, Method } from './api.ts'
import { printJson } from './json/print.ts'
import { type Param, ParamError } from './params.ts'
import { RpcCode, RpcError } from './rpc-error.ts'

// JSON-RPC 2.0 as geth's rpc package answers it: the same errors, in the same words.

export type DispatcherLimits = {
  readonly batchItems: number
  /** Of all the results of a batch, in bytes of JSON. */
  readonly batchResponseBytes: number
}

export type DispatcherOptions = {
  readonly apis: readonly Api[]
  readonly limits: DispatcherLimits
  /** Told of a method that threw anything but an {@link RpcError}: a bug of ours. */
  readonly log: Logger
}

/** Answers the requests of one endpoint out of its APIs. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  /** By full name: `eth_blockNumber`. BOUNDED: by the APIs. */
  readonly #methods: ReadonlyMap<string, Method>

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#methods = new Map([['rpc_modules', modulesMethod(options.apis)], ...options.apis.flatMap(methodsOf)])
  }

  /**
   * @param request one request or a batch, as it came
   * @returns the answer's text, without a promise where every method gave its result at once; undefined when there is
   * nothing to say: every request was a notification
   */
  answer(request: string): string | undefined | Promise<string | undefined> {
    const json = parse(request)
    if (json === undefined) return failure(null, new RpcError('parse error', RpcCode.parse))
    return Array.isArray(json) ? this.#answerBatch(json) : this.#answerOne(json)
  }

  /** One after the other, as geth does. */
  async #answerBatch(batch: readonly unknown[]): Promise<string | undefined> {
    const { batchItems, batchResponseBytes } = this.#options.limits
    if (batch.length === 0) return failure(null, new RpcError('empty batch', RpcCode.invalidRequest))
    if (batch.length > batchItems) return tooLarge(batch)
    const answers: string[] = []
    let bytes = 0
    for (const request of batch) {
      const isOver = bytes > batchResponseBytes
      const answer = isOver ? refusal(request) : await this.#answerOne(request)
      if (answer === undefined) continue
      answers.push(answer)
      bytes += answer.length
    }
    return answers.length === 0 ? undefined : `[${answers.join()}]`
  }

  #answerOne(json: unknown): string | undefined | Promise<string | undefined> {
    if (isResponse(json)) return undefined // to nobody here: only a server that calls its clients gets any
    if (!isRequest(json)) return failure(idOf(json), new RpcError('invalid request', RpcCode.invalidRequest))
    const id = json.id === undefined ? undefined : JSON.stringify(json.id)
    const tell = (result: unknown) => (id === undefined ? undefined : success(id, result))
    const fail = (error: unknown) => {
      const told = error instanceof RpcError ? error : this.#crashed(json.method, error)
      return id === undefined ? undefined : failure(json.id, told)
    }
    try {
      const result = this.#run(json)
      return result instanceof Promise ? result.then(tell).catch(fail) : tell(result)
    } catch (error) {
      return fail(error)
    }
  }

  #run({ method: name, params }: Request): unknown {
    const method = this.#methods.get(name)
    if (method === undefined) throw unavailable(name)
    return method.run(readArguments(method.params, params) as never[])
  }

  #crashed(method: string, error: unknown): RpcError {
    this.#options.log.error('RPC method crashed', { method, err: error instanceof Error ? error.stack : error })
    return new RpcError('method handler crashed', RpcCode.internal)
  }
}

type Request = { readonly jsonrpc: '2.0'; readonly id?: unknown; readonly method: string; readonly params?: unknown }

function isRequest(json: unknown): json is Request {
  if (typeof json !== 'object' || json === null) return false
  const { jsonrpc, method, id } = json as Partial<Request>
  return jsonrpc === '2.0' && typeof method === 'string' && (id === null || typeof id !== 'object')
}

function isResponse(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || Array.isArray(json) || 'method' in json || !('id' in json))
    return false
  return 'result' in json || 'error' in json
}

/** Subscriptions are for connections that last: this is what a caller without one is told. */
function unavailable(method: string): RpcError {
  if (method.endsWith('_unsubscribe')) return new RpcError('subscription not found')
  const isSubscribing = method.endsWith('_subscribe')
  const message = isSubscribing ? 'notifications not supported' : `the method ${method} does not exist/is not available`
  return new RpcError(message, RpcCode.methodNotFound)
}

/** What an answer to something that is no request can bear of it. */
function idOf(json: unknown): unknown {
  const { id = null } = (typeof json === 'object' && json !== null ? json : {}) as Partial<Request>
  return typeof id === 'object' ? null : id
}

function readArguments(params: readonly Param<unknown>[], given: unknown = []): unknown[] {
  if (given === null) return readArguments(params, [])
  if (!Array.isArray(given)) throw new RpcError('non-array args', RpcCode.invalidParams)
  if (given.length > params.length)
    throw new RpcError(`too many arguments, want at most ${params.length}`, RpcCode.invalidParams)
  return params.map((param, i) => readArgument(param, i, given[i], i < given.length))
}

function readArgument(param: Param<unknown>, index: number, json: unknown, isGiven: boolean): unknown {
  if (!isGiven && !param.isOptional)
    throw new RpcError(`missing value for required argument ${index}`, RpcCode.invalidParams)
  try {
    return isGiven ? param.read(json) : undefined
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw new RpcError(`invalid argument ${index}: ${error.message}`, RpcCode.invalidParams)
  }
}

function methodsOf({ namespace, methods }: Api): [string, Method][] {
  return Object.entries(methods).map(([name, method]) => [`${namespace}_${name}`, method])
}

function modulesMethod(apis: readonly Api[]): Method {
  const names = [...new Set(['rpc', ...apis.map(({ namespace }) => namespace)])].sort()
  const modules = Object.fromEntries(names.map((name) => [name, '1.0']))
  return { params: [], run: () => modules }
}

/** geth answers a batch that is too long once, for the first of its calls. */
function tooLarge(batch: readonly unknown[]): string {
  const first = batch.find((request) => isRequest(request) && request.id !== undefined)
  return `[${failure(idOf(first), new RpcError('batch too large', RpcCode.invalidRequest))}]`
}

/** What is left of a batch when its answers are too large. */
function refusal(request: unknown): string | undefined {
  if (isRequest(request) && request.id === undefined) return undefined
  return failure(idOf(request), new RpcError('response too large', RpcCode.responseTooLarge))
}

function success(id: string, result: unknown): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${printJson(result) ?? 'null'}}`
}

function failure(id: unknown, { code, message, data }: RpcError): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id: id ?? null,
    error: { code, message, ...(data !== undefined && { data }) },
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
