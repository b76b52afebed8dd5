import type { Logger } from '../log/log.ts'
import { processScheduler } from '../runtime/process-runtime.ts'
import type { FairScheduler } from '../runtime/scheduler.ts'
import { type Client, newAccount, type Steps, TimeSlicer } from '../runtime/time-slicer.ts'
import type { Api, Method } from './api.ts'
import { readArguments, readArgumentsSteps, readSubscription, subscriptionId } from './arguments.ts'
import type { Deadline } from './deadline.ts'
import type { LongText } from './json/long-text.ts'
import { PrintedJson } from './json/print.ts'
import { Registry } from './registry.ts'
import {
  type Asked,
  failure,
  type Ids,
  isLong,
  isRequest,
  isResponse,
  NoRequest,
  type Request,
  type RequestText,
  readRequest,
  readRequestSteps,
  success,
} from './request.ts'
import { RpcCode, RpcError } from './rpc-error.ts'
import type { RequestSubscriptions } from './subscriptions.ts'

// JSON-RPC 2.0 as geth's rpc package answers it: the same errors, with the same messages.

export type DispatcherLimits = {
  readonly batchItems: number
  /** Of all the results of a batch, in bytes of JSON. */
  readonly batchResponseBytes: number
}

export type DispatcherOptions = {
  readonly apis: readonly Api[]
  readonly limits: DispatcherLimits
  /** Gets what a method threw that is no {@link RpcError}: a bug of ours. */
  readonly log: Logger
  /** Shares the thread between all who ask, and with peers. One of its own when left out. */
  readonly scheduler?: FairScheduler
}

/** Who asks. */
export type Caller = {
  /** Over a connection that lasts. */
  readonly subscriptions?: RequestSubscriptions
  /** Whatever has no answer by then gets an error. */
  readonly deadline?: Deadline
  /** The account that long work is charged to. Left out, one of its own. */
  readonly client?: Client
}

/** Answers the requests of one endpoint out of its APIs. */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #registry: Registry
  readonly #slicer: TimeSlicer

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#registry = new Registry(options.apis)
    this.#slicer = new TimeSlicer(options.scheduler ?? processScheduler())
  }

  /**
   * @param request one request or a batch, as it came
   * @returns the answer's text, without a promise where every method gave its result at once; undefined when there is
   * nothing to say: nothing was asked, or every request was a notification
   */
  answer(request: RequestText, caller?: Caller): string | undefined | Promise<string | undefined> {
    return inOne(this.answerInParts(request, caller))
  }

  /** As {@link answer}, in parts where it is long. */
  answerInParts(request: RequestText, caller?: Caller): Answer | Promise<Answer> {
    const refuse = (error: unknown) => {
      if (!(error instanceof NoRequest)) throw error
      return error.isBlank ? undefined : failure('null', error)
    }
    try {
      const asked = this.read(request, caller?.client)
      if (!(asked instanceof Promise)) return this.#answer(asked, caller)
      return asked.then((asked) => asked && this.#answer(asked, caller)).catch(refuse)
    } catch (error) {
      return refuse(error)
    }
  }

  /**
   * @returns what a text asks; later, if it is long: nothing then, when the client has left
   * @throws {NoRequest} or rejects with it
   */
  read(request: RequestText, client?: Client): Asked | Promise<Asked | undefined> {
    if (!isLong(request)) return readRequest(request)
    return this.run(readRequestSteps(request), client)
  }

  /** Does what takes long in the turns of `client`. @returns undefined when it has left before the end */
  run<T>(steps: Steps<T>, client?: Client): Promise<T | undefined> {
    return this.#slicer.runFor(client ?? stranger(), steps)
  }

  /** As {@link answer}, of what was read. */
  answerTo(asked: Asked, caller?: Caller): string | undefined | Promise<string | undefined> {
    return inOne(this.#answer(asked, caller))
  }

  #answer(asked: Asked, caller: Caller = {}): Answer | Promise<Answer> {
    if (!Array.isArray(asked.json)) return this.#answerOne(asked.json, asked, caller)
    return this.run(this.#answerBatch(asked.json, asked, caller), caller.client)
  }

  /** One after the other, as geth does. */
  *#answerBatch(batch: readonly unknown[], asked: Asked, caller: Caller): Steps<string | undefined> {
    const { ids } = asked
    const { batchItems, batchResponseBytes } = this.#options.limits
    if (batch.length === 0) return failure('null', new RpcError('empty batch', RpcCode.invalidRequest))
    if (batch.length > batchItems) return tooMany(batch, ids)
    const answers: string[] = []
    let bytes = 0
    for (const request of batch) {
      const isOver = bytes > batchResponseBytes
      const answer = isOver
        ? refusal(request, ids, tooLarge())
        : textOf((yield this.#answerOne(request, asked, caller)) as Answer)
      if (answer === undefined) continue
      answers.push(answer)
      bytes += answer.length
    }
    return answers.length === 0 ? undefined : `[${answers.join()}]`
  }

  #answerOne(json: unknown, { ids, isLong = false }: Asked, caller: Caller): Answer | Promise<Answer> {
    if (isResponse(json)) return undefined
    const id = ids.of(json)
    if (!isRequest(json)) return failure(id, new RpcError('invalid request', RpcCode.invalidRequest))
    const isNotification = json.id === undefined
    const answer = (result: unknown) => (isNotification ? undefined : success(id, result))
    const fail = (error: unknown) => {
      const shown = error instanceof RpcError ? error : this.#crashed(json.method, error)
      return isNotification ? undefined : failure(id, shown)
    }
    try {
      if (caller.deadline?.isOver) throw timedOut()
      const given = this.#call(json, isLong, caller)
      const result = isSteps(given) ? this.#slicer.runNow(caller.client ?? stranger(), given) : given
      if (!(result instanceof Promise)) return answer(result)
      return (caller.deadline?.within(result, timedOut) ?? result).then(answer).catch(fail)
    } catch (error) {
      return fail(error)
    }
  }

  #call(request: Request, isLong: boolean, { subscriptions }: Caller): unknown {
    const { method: name, params } = request
    checkName(name)
    const method = this.#registry.method(name)
    if (method !== undefined && isLong) return callSteps(method, params)
    if (method !== undefined) return method.run(readArguments(method.params, params) as never[])
    if (name.endsWith('_subscribe')) return this.#subscribe(name.slice(0, name.indexOf('_')), request, subscriptions)
    if (!name.endsWith('_unsubscribe'))
      throw new RpcError(`the method ${name} does not exist/is not available`, RpcCode.methodNotFound)
    const [id] = readArguments([subscriptionId], params) as [string]
    if (!subscriptions?.close(id)) throw new RpcError('subscription not found')
    return true
  }

  #subscribe(namespace: string, { params, id }: Request, subscriptions: RequestSubscriptions | undefined): unknown {
    if (!subscriptions) throw new RpcError('notifications not supported', RpcCode.methodNotFound)
    const { name, args } = readSubscription(params)
    const subscription = this.#registry.subscription(namespace, name)
    if (subscription === undefined)
      throw new RpcError(`no "${name}" subscription in ${namespace} namespace`, RpcCode.methodNotFound)
    const given = args(subscription.params) as never[]
    // A notification has no answer that could carry the id of what it opens.
    return id === undefined ? undefined : subscriptions.open(namespace, subscription, given)
  }

  #crashed(method: Request['method'], error: unknown): RpcError {
    this.#options.log.error('RPC method crashed', { method, err: error instanceof Error ? error.stack : error })
    return new RpcError('method handler crashed', RpcCode.internal)
  }
}

/** Undefined when there is nothing to say. */
export type Answer = string | PrintedJson | undefined

function inOne(answer: Answer | Promise<Answer>): string | undefined | Promise<string | undefined> {
  return answer instanceof Promise ? answer.then(textOf) : textOf(answer)
}

const textOf = (answer: Answer) => (answer instanceof PrintedJson ? answer.text : answer)

/** @throws geth's error; one that is far too long is not looked into, and counted in characters */
function checkName(method: string | LongText): asserts method is string {
  const length =
    typeof method !== 'string' || method.length > maxMethodLength ? method.length : Buffer.byteLength(method)
  if (length > maxMethodLength)
    throw new RpcError(`method name too long: ${length} > ${maxMethodLength}`, RpcCode.invalidRequest)
}

/** Bytes (geth rpc/json.go, maxMethodNameLength). */
const maxMethodLength = 2_048

function* callSteps(method: Method, given: unknown): Steps<unknown> {
  const result = method.run((yield* readArgumentsSteps(method.params, given)) as never[])
  return isSteps(result) ? yield* result : yield result
}

/** A method that takes long gives steps for its result. */
const isSteps = (result: unknown): result is Steps<unknown> =>
  typeof result === 'object' && result !== null && Symbol.iterator in result && 'next' in result

const stranger = (): Client => ({ account: newAccount(), isGone: false })

const timedOut = () => new RpcError('request timed out', RpcCode.timeout)
const tooLarge = () => new RpcError('response too large', RpcCode.responseTooLarge)

/** geth answers a batch that is too long once, for the first of its calls. */
function tooMany(batch: readonly unknown[], ids: Ids): string {
  const first = batch.find((request) => isRequest(request) && request.id !== undefined)
  return `[${failure(ids.of(first), new RpcError('batch too large', RpcCode.invalidRequest))}]`
}

/** What is left of a batch when its answers are too large. */
function refusal(request: unknown, ids: Ids, error: RpcError): string | undefined {
  if (isRequest(request) && request.id === undefined) return undefined
  return failure(ids.of(request), error)
}
