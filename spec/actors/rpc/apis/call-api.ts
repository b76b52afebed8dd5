import type { Api } from '../../../../actors/rpc/api.ts'
import { ParamError } from '../../../../actors/rpc/params.ts'

/** Calls a method as a dispatcher does. @returns what a client reads of the result, or the message of the error */
export async function callApi(apis: readonly Api[], name: string, ...args: unknown[]): Promise<unknown> {
  const [namespace, rest] = [name.slice(0, name.indexOf('_')), name.slice(name.indexOf('_') + 1)]
  const method = apis.find((api) => api.namespace === namespace && rest in api.methods)?.methods[rest]
  if (method === undefined) throw new Error(`no method ${name}`)
  const values = method.params.map((param, i) => {
    if (args[i] === undefined && !param.isOptional) throw new Error(`missing value for required argument ${i}`)
    return readParam(() => param.read(args[i]), i)
  })
  return JSON.parse(JSON.stringify(await method.run(values as never[])))
}

function readParam(read: () => unknown, index: number): unknown {
  try {
    return read()
  } catch (error) {
    throw error instanceof ParamError ? new Error(`invalid argument ${index}: ${error.message}`) : error
  }
}
