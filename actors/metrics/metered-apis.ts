import type { Api, Method } from '../rpc/api.ts'

/** What clients of RPC have called. */
export class Calls {
  success = 0
  failure = 0
  /** By method and outcome. BOUNDED: by the methods there are. */
  readonly byMethod = new Map<string, { readonly method: string; success: number; failure: number }>()
  /** Gets the nanoseconds of each call, to its result. */
  readonly took: (nanoseconds: number) => void

  constructor(took: (nanoseconds: number) => void) {
    this.took = took
  }
}

/**
 * @returns `apis`, each of whose methods adds to `calls` when it has given its result. As in geth, a name that nothing
 *   has and arguments that cannot be read are no calls.
 */
export function meterApis(apis: readonly Api[], calls: Calls): Api[] {
  return apis.map((api) => {
    const methods = Object.entries(api.methods).map(([name, method]) => [
      name,
      metered(`${api.namespace}_${name}`, method, calls),
    ])
    return { ...api, methods: Object.fromEntries(methods) }
  })
}

function metered(name: string, { params, run }: Method, calls: Calls): Method {
  const count = { method: name, success: 0, failure: 0 }
  calls.byMethod.set(name, count)
  const note = (outcome: 'success' | 'failure', since: number) => {
    calls[outcome]++
    count[outcome]++
    calls.took((performance.now() - since) * 1e6)
  }
  return {
    params,
    run: (args) => {
      const since = performance.now()
      try {
        const result = run(args)
        if (result instanceof Promise)
          result.then(
            () => note('success', since),
            () => note('failure', since),
          )
        else note('success', since)
        return result
      } catch (error) {
        note('failure', since)
        throw error
      }
    },
  }
}
