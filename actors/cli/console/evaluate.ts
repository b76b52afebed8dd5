import type { RpcClient } from '../../rpc/client.ts'
import { ExpressionError, follow, parseExpression } from './expression.ts'
import { consoleMethods } from './methods.ts'

/** @returns what a line asks for. @throws (rejects) {ExpressionError}, and as {@link RpcClient.request} */
export async function evaluate(client: RpcClient, line: string): Promise<unknown> {
  const { method, params, path } = parseExpression(line)
  if (method.includes('_')) return follow(await client.request(method, params), path)
  const names = consoleMethods(method)
  if (names.length > 0 && path.length === 0) return names.map((name) => `${method}.${name}`)
  throw new ExpressionError(`there is no ${method}: want a call, as admin.peers or eth_blockNumber; help says more`)
}
