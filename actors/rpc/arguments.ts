import { atOnce } from '../../protocols/chain/at-once.ts'
import { type Param, ParamError, readSteps, required, unfit } from './params.ts'
import { RpcCode, RpcError } from './rpc-error.ts'

// The arguments of a call by position, refused with geth's messages (rpc/json.go, parsePositionalArguments).

/** @throws {RpcError} */
export function readArguments(params: readonly Param<unknown>[], given?: unknown): unknown[] {
  return atOnce(readArgumentsSteps(params, given))
}

/** As {@link readArguments}, step by step. */
export function* readArgumentsSteps(
  params: readonly Param<unknown>[],
  given: unknown = [],
): Generator<void, unknown[]> {
  if (given === null) return yield* readAll(params, [], 0)
  if (!Array.isArray(given)) throw invalid('non-array args')
  return yield* readAll(params, given, 0)
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
  return { name, args: (params) => atOnce(readAll(params, given, 1)) }
}

/** What an `_unsubscribe` takes. */
export const subscriptionId: Param<string> = required((json) => {
  if (typeof json !== 'string') throw unfit(json, 'rpc.ID')
  return json
})

/** In their order: the first that is wrong is the one that is refused. @param skip how many of the given are not among `params` */
function* readAll(
  params: readonly Param<unknown>[],
  given: readonly unknown[],
  skip: number,
): Generator<void, unknown[]> {
  const args: unknown[] = []
  for (const [i, param] of params.entries()) args.push(yield* readOne(param, i + skip, given[i + skip]))
  const most = params.length + skip
  if (given.length > most) throw invalid(`too many arguments, want at most ${most}`)
  return args
}

/** Null is as nothing: a required argument is missing, and an optional one is left out. */
function* readOne(param: Param<unknown>, index: number, json: unknown = null): Generator<void, unknown> {
  if (json === null && !param.isOptional) throw invalid(`missing value for required argument ${index}`)
  try {
    return json === null ? undefined : yield* readSteps(param, json)
  } catch (error) {
    if (!(error instanceof ParamError)) throw error
    throw invalid(`invalid argument ${index}: ${error.message}`)
  }
}

const invalid = (message: string) => new RpcError(message, RpcCode.invalidParams)
