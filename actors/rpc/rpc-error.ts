/** JSON-RPC 2.0, section 5.1, and geth's own in rpc/errors.go. */
export const RpcCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** What geth gives every error that has no code of its own. */
  server: -32000,
  timeout: -32002,
  responseTooLarge: -32003,
} as const
export type RpcCode = number

/** What a caller gets: the only error that a method may throw. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: RpcCode
  readonly data: unknown

  constructor(message: string, code: RpcCode = RpcCode.server, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}
