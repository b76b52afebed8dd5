import { type Param, ParamError, required, unfit } from './params.ts'
import { RpcCode, RpcError } from './rpc-error.ts'

// The arguments of a call by position, refused in geth's words (rpc/json.go, parsePositionalArguments).

/** @throws {RpcError} */
export function readArguments(params: readonly Param<unknown>[], given: unknown = []): unknown[] {
  if (given === null) return readArguments(params, [])
  if (!Array.isArray(given)) throw invalid('non-array args')
  return readAll(params, given, 0)
}

/**
 * What a `_subscribe` is for: its first argument is the name of the subscription.
 * @returns also what reads the other arguments @throws {RpcError} both
 */
export function readSubscription(given: unknown): {
  name: string
  args: (params: readonly Param<unknown>[]) => unknown[]
} {
  if (!Array.isArray(given)) throw invalid('non-array args')
  const [name] = given
  if (typeof name !== 'string') throw invalid('expected subscription name as first argument')
  return { name, args: (params) => readAll(params, given, 1) }
}

/** What an `_unsubscribe` takes. */
export const subscriptionId: Param<string> = required((json) => {
  if (typeof json !== 'string') throw unfit(json, 'rpc.ID')
  return json
})

/** In their order: the first that is wrong is the one that is refused. @param skip how many of the given are not among `params` */
function readAll(params: readonly Param<unknown>[], given: readonly unknown[], skip: number): unknown[] {
  const args = params.map((param, i) => readOne(param, i + skip, given[i + skip]))
  const most = params.length + skip
  if (given.length > most) throw invalid(`too many arguments, want at most ${most}`)
  return args
}

/** Null is as nothing: a required argument is missing, and an optional one is left out. */
function readOne(param: Param<unknown>, index: number, json: unknown = null): unknown {
  if (json === null && !param.isOptional) throw invalid(`missing value for required argument ${index}`)
  try {
    return json === null ? undefined : param.read(json)
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw invalid(`invalid argument ${index}: ${error.message}`)
  }
}

const invalid = (message: string) => new RpcError(message, RpcCode.invalidParams)
