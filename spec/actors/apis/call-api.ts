import { silent } from '../../../actors/log/log.ts'
import type { Api } from '../../../actors/rpc/api.ts'
import { Dispatcher } from '../../../actors/rpc/dispatcher.ts'
import { RpcError } from '../../../actors/rpc/rpc-error.ts'

/** Calls a method as a client does. @returns what it reads of the result @throws (rejects) {RpcError} the error that it reads */
export async function callApi(apis: readonly Api[], name: string, ...params: unknown[]): Promise<unknown> {
  const limits = { batchItems: 1, batchResponseBytes: 1 }
  const given = params.slice(0, params.findLastIndex((param) => param !== undefined) + 1)
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: name, params: given })
  const { result, error } = JSON.parse((await new Dispatcher({ apis, limits, log: silent }).answer(request))!)
  if (error) throw new RpcError(error.message, error.code, error.data)
  return result
}
