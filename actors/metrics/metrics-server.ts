import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ListenFailed } from '../p2p/server.ts'
import { isVhostAllowed } from '../rpc/vhosts.ts'
import type { Supervisor } from '../runtime/runtime.ts'
import { guard, reportBug } from '../runtime/supervision.ts'

export type MetricsServerOptions = {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly contentType: string
  metrics(): Promise<string>
  /** Gets bugs of ours. */
  readonly supervisor: Supervisor | undefined
}

/** Ours, and the one at which geth has them. */
const paths: ReadonlySet<string> = new Set(['/metrics', '/debug/metrics/prometheus'])

/** Serves the metrics of one node over HTTP, to be read and no more. */
export class MetricsServer {
  readonly #options: MetricsServerOptions
  readonly #server: Server
  readonly #vhosts: ReadonlySet<string>

  constructor(options: MetricsServerOptions) {
    this.#options = options
    this.#vhosts = new Set(['localhost', options.host.toLowerCase()])
    this.#server = createServer((request, response) =>
      guard(
        () => this.#answer(request, response),
        (error) => this.#crashed(error, response),
      ),
    )
    this.#server.maxConnections = maxConnections
    this.#server.requestTimeout = requestTimeout
    this.#server.headersTimeout = requestTimeout
  }

  /** @throws (rejects) {MetricsListenFailed} */
  async start(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(new MetricsListenFailed(new ListenFailed(host, port, cause))))
      this.#server.listen({ host, port }, resolve)
    })
    this.#server.removeAllListeners('error')
    this.#server.on('error', () => {}) // accept() failing for want of file descriptors must not end the node
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** Where it listens; undefined while it does not. */
  get url(): string | undefined {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') return undefined
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
    return `http://${host}:${address.port}/metrics`
  }

  async #answer({ method, url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const isRead = method === 'GET' || method === 'HEAD'
    if (!isVhostAllowed(this.#vhosts, headers.host)) return refuse(response, 403, 'invalid host specified')
    if (!paths.has(url.split('?', 1)[0]!)) return refuse(response, 404, 'not found: the metrics are at /metrics')
    if (!isRead) return refuse(response.setHeader('allow', 'GET, HEAD'), 405, 'method not allowed')
    const { contentType, metrics } = this.#options
    const text = method === 'HEAD' ? '' : await metrics()
    response.setHeader('content-type', contentType).end(text)
  }

  /** The scrape fails with it: a program may add a metric of its own, and its fault ends this request alone. */
  #crashed(error: unknown, response: ServerResponse): void {
    reportBug(this.#options, { actor: 'metrics', error, ends: 'connection' })
    if (response.headersSent) response.destroy()
    else refuse(response, 500, error instanceof Error ? error.message : String(error))
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${why}\n`)
}

/** BOUNDED: scrapers at a time. */
const maxConnections = 32
/** Milliseconds. */
const requestTimeout = 10_000

/** The address is taken, not ours or not allowed. */
export class MetricsListenFailed extends Error {
  override readonly name = 'MetricsListenFailed'
  constructor(cause: ListenFailed) {
    super(`metrics: ${cause.message}; choose another with --metrics.addr or --metrics.port`, { cause })
  }
}
