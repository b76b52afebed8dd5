import { jsonText } from '../../protocols/lib/json-text.ts'

/** Why a node could not be asked. The message is one line that says what to do about it. */
export abstract class RpcClientError extends Error {}

/** Nothing listens there, or it is not reachable from here. */
export class RpcUnreachable extends RpcClientError {
  override readonly name = 'RpcUnreachable'
  constructor(target: string, cause: unknown) {
    super(`${describe(target, cause)}; ${adviceFor(target)}`, { cause })
  }
}

/** Somebody is there who will not talk to us: an HTTP status that is not 200. */
export class RpcRefused extends RpcClientError {
  override readonly name = 'RpcRefused'
  readonly status: number
  constructor(target: string, status: number, detail: string) {
    const said = detail.trim().split('\n')[0]!.slice(0, 100)
    super(`${target} refuses with status ${status}${said && ` (${said})`}; ${adviceOn(status)}`)
    this.status = status
  }
}

/** Somebody is there who does not speak JSON-RPC. */
export class NotJsonRpc extends RpcClientError {
  override readonly name = 'NotJsonRpc'
  constructor(target: string, said: string) {
    super(`what answers at ${target} is no JSON-RPC server: it says ${JSON.stringify(said.slice(0, 60))}`)
  }
}

/** Somebody speaks JSON-RPC, and answers a call with something else than a node does. */
export class StrangeAnswer extends RpcClientError {
  override readonly name = 'StrangeAnswer'
  constructor(target: string, method: string, answer: unknown) {
    super(`${target} answers ${method} with ${jsonText(answer, 60)}, which no node that has a head does`)
  }
}

/** The connection ended before the answer came. */
export class RpcClosed extends RpcClientError {
  override readonly name = 'RpcClosed'
  constructor(target: string, cause?: unknown) {
    super(`${target} has closed the connection${cause instanceof Error ? `: ${cause.message}` : ''}`, { cause })
  }
}

/** Nothing came in time. */
export class RpcTimeout extends RpcClientError {
  override readonly name = 'RpcTimeout'
  constructor(target: string, what: string, milliseconds: number) {
    super(`no answer to ${what} from ${target} within ${milliseconds / 1_000} s; raise --timeout, or look at the node`)
  }
}

/** What a node was to be asked at is no address. */
export class RpcTargetError extends RpcClientError {
  override readonly name = 'RpcTargetError'
  constructor(target: string) {
    super(`${JSON.stringify(target)} is no address of a node: want http://…, https://…, ws://…, wss://… or a path`)
  }
}

function describe(target: string, cause: unknown): string {
  const reason = rootOf(cause)
  const code = 'code' in reason ? String(reason.code) : ''
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return `nothing listens at ${target}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `there is no host for ${target}`
  if (code === 'EACCES' || code === 'EPERM') return `this user may not use ${target}`
  return `${target} cannot be reached: ${reason.message || code}`
}

/** fetch wraps what happened; a name with several addresses brings an error for each. */
function rootOf(error: unknown): Error {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0])
  if (error instanceof Error && error.cause instanceof Error) return rootOf(error.cause)
  return error instanceof Error ? error : new Error(String(error))
}

function adviceFor(target: string): string {
  if (/^https?:/.test(target)) return 'start the node with --http, or name the address it serves'
  if (/^wss?:/.test(target)) return 'start the node with --ws, or name the address it serves'
  return 'start the node, or name the socket of a running one: peerchart.ipc in its --datadir'
}

function adviceOn(status: number): string {
  if (status === 401)
    return 'it wants a token, as the port of the engine API does: use the one of --http, or the IPC socket; or a user and password, as http://user:password@…'
  if (status === 403) return 'use an address instead of a name, or give the node that name with --http.vhosts'
  if (status === 404) return 'look at the path: it is what the node was given with --http.rpcprefix or --ws.rpcprefix'
  if (status >= 300 && status < 400) return 'name the address that it leads to'
  return 'name the address of a node'
}
