// How the RPC of a node is served. Names and defaults are those of geth's flags; nothing is served that is not named.

export type RpcOptions = {
  readonly http?: HttpOptions | undefined
  readonly ws?: WsOptions | undefined
  /** The path of a unix socket, or of a named pipe. */
  readonly ipc?: string | undefined
  /** The engine API, for a consensus client: behind a token. */
  readonly auth?: AuthOptions | undefined
  readonly limits?: Partial<RpcLimits>
}

type Endpoint = {
  /** @default '127.0.0.1' */
  readonly host?: string
  readonly port?: number
}

export type HttpOptions = Endpoint & {
  /** Namespaces served; an empty list means all of them. @default ['net', 'web3'] */
  readonly api?: readonly string[]
  /** Origins that a browser's page may come from; `*` is any. @default none */
  readonly corsdomain?: readonly string[]
  /** Names that the Host header may have, beside addresses; `*` is any. @default ['localhost'] */
  readonly vhosts?: readonly string[]
  /** Of the path served; empty is `/` alone. @default '' */
  readonly rpcprefix?: string
}

export type WsOptions = Endpoint & {
  readonly api?: readonly string[]
  /** Origins that a browser's page may come from; `*` is any. A client without one is let in. @default none */
  readonly origins?: readonly string[]
  readonly rpcprefix?: string
}

export type AuthOptions = Endpoint & {
  readonly vhosts?: readonly string[]
  /** 32 bytes. */
  readonly secret: Uint8Array
}

/** Bytes, items and milliseconds; geth's when left out. */
export type RpcLimits = {
  /** Of a request over HTTP; the engine API has its own. */
  readonly bodyBytes: number
  readonly engineBodyBytes: number
  readonly batchItems: number
  readonly engineBatchItems: number
  readonly batchResponseBytes: number
  readonly engineBatchResponseBytes: number
  readonly wsMessageBytes: number
  readonly wsPingInterval: number
  readonly wsPongTimeout: number
  readonly readTimeout: number
  readonly readHeaderTimeout: number
  readonly writeTimeout: number
  readonly idleTimeout: number
  /** From the stop of a server to the end of the connections that are still busy. */
  readonly shutdownTimeout: number
}

export const rpcLimits: RpcLimits = {
  bodyBytes: 5 << 20,
  engineBodyBytes: 128 << 20,
  batchItems: 1_000,
  engineBatchItems: 2_000,
  batchResponseBytes: 25_000_000,
  engineBatchResponseBytes: 250_000_000,
  wsMessageBytes: 32 << 20,
  wsPingInterval: 30_000,
  wsPongTimeout: 30_000,
  readTimeout: 30_000,
  readHeaderTimeout: 30_000,
  writeTimeout: 30_000,
  idleTimeout: 120_000,
  shutdownTimeout: 5_000,
}
