import type { Logger } from '../log/log.ts'

// How the RPC of a node is served. Names and defaults are those of geth's flags; nothing is served that is not named.

export type RpcOptions = {
  readonly http?: HttpOptions | undefined
  readonly ws?: WsOptions | undefined
  /** The path of a unix socket, or of a named pipe. */
  readonly ipc?: string | undefined
  /** The engine API, for a consensus client: behind a token. Served if an API is registered that wants one. */
  readonly auth?: AuthOptions | undefined
  readonly limits?: Partial<RpcLimits>
}

type Address = {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 for any free one. @default 8545; 8546 of ws; 8551 of auth */
  readonly port?: number
}

export type HttpOptions = Address & {
  /** Namespaces served; an empty list means all of them. @default ['net', 'web3', 'eth'] */
  readonly api?: readonly string[]
  /** Origins that a browser's page may come from; `*` is any. @default none */
  readonly corsdomain?: readonly string[]
  /** Names that the Host header may have, beside addresses; `*` is any. @default ['localhost'] */
  readonly vhosts?: readonly string[]
  /** Of the paths served; empty is `/` alone. @default '' */
  readonly rpcprefix?: string
}

/** On the port of http it is served there. */
export type WsOptions = Address & {
  /** As of http. */
  readonly api?: readonly string[]
  /** Origins that a browser's page may come from; `*` is any. A client without one is let in. @default this machine's */
  readonly origins?: readonly string[]
  readonly rpcprefix?: string
}

export type AuthOptions = Address & {
  /** As of http. @default ['localhost'] */
  readonly vhosts?: readonly string[]
  /** 32 bytes, or the path of the file that has it: made, when it is not there, as the endpoint opens. */
  readonly secret: Uint8Array | string
}

/** Bytes, items and milliseconds; geth's when left out, or ours where geth has none. */
export type RpcLimits = {
  /** Of a request over HTTP; the engine API has its own. */
  readonly bodyBytes: number
  readonly engineBodyBytes: number
  readonly batchItems: number
  readonly engineBatchItems: number
  readonly batchResponseBytes: number
  readonly engineBatchResponseBytes: number
  /** Of a message over WebSocket or, which geth does not bound, IPC. */
  /**
   * Ours: of the head of a request over HTTP; geth's is 1 MiB. Nothing else bounds heads that have not ended: those of an
   * endpoint's 4,096 connections are 64 MiB. A token of a consensus client may be long.
   */
  readonly headerBytes: number
  readonly engineHeaderBytes: number
  readonly wsMessageBytes: number
  readonly wsPingInterval: number
  readonly wsPongTimeout: number
  readonly readTimeout: number
  readonly readHeaderTimeout: number
  /** From a request over HTTP to the end of its answer. */
  readonly writeTimeout: number
  /** Of a connection over HTTP between requests. */
  readonly idleTimeout: number
  /** From the stop of a server to the end of the connections that are still busy. */
  readonly shutdownTimeout: number
  /** That a client over WebSocket or IPC may take to read what waits for it. */
  readonly wsWriteTimeout: number
  /** Ours: of one endpoint; those who come after are hung up on. */
  readonly connections: number
  /** Ours: of one connection; then nothing more is read of it until one is answered. */
  readonly concurrentCalls: number
  /** Ours: of one connection. */
  readonly subscriptions: number
  /** Ours: what waits for a client to read it; with more it is hung up on. */
  readonly waitingBytes: number
}

export const rpcLimits: RpcLimits = {
  bodyBytes: 5 << 20,
  engineBodyBytes: 128 << 20,
  batchItems: 1_000,
  engineBatchItems: 2_000,
  batchResponseBytes: 25_000_000,
  engineBatchResponseBytes: 250_000_000,
  headerBytes: 16 << 10,
  engineHeaderBytes: 64 << 10,
  wsMessageBytes: 32 << 20,
  wsPingInterval: 30_000,
  wsPongTimeout: 30_000,
  readTimeout: 30_000,
  readHeaderTimeout: 30_000,
  writeTimeout: 30_000,
  idleTimeout: 120_000,
  shutdownTimeout: 5_000,
  wsWriteTimeout: 10_000,
  connections: 4_096,
  concurrentCalls: 64,
  subscriptions: 256,
  waitingBytes: 64 << 20,
}

/** @returns what was given where it is sensible, geth's elsewhere: nothing may take no time at all, nor for ever */
export function limitsOf(given: Partial<RpcLimits> = {}, log: Logger): RpcLimits {
  const limits: { -readonly [Name in keyof RpcLimits]: number } = { ...rpcLimits, ...given }
  for (const name of ['readTimeout', 'readHeaderTimeout', 'writeTimeout', 'idleTimeout'] as const) {
    if (limits[name] > 0) continue
    log.warn(`Sanitizing invalid HTTP ${name}`, { provided: limits[name], updated: rpcLimits[name] })
    limits[name] = rpcLimits[name]
  }
  return limits
}
