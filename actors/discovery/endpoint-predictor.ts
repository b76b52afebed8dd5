import type { Clock } from '../runtime/runtime.ts'
import type { UdpEndpoint } from './datagrams.ts'

/** geth `iptrackMinStatements`, `iptrackWindow`. */
const minStatements = 10
const window = 5 * 60_000
/** BOUNDED: hosts whose statements are kept, the latest. geth has no such limit. */
const maxStatements = 512

/** Which endpoint others see us at, from what they say of it: one statement a host (geth netutil.IPTracker). */
export class EndpointPredictor {
  readonly #clock: Pick<Clock, 'now'>
  /** By host, the latest last. BOUNDED: maxStatements. */
  readonly #statements = new Map<string, { readonly endpoint: UdpEndpoint; readonly at: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  add(host: string, endpoint: UdpEndpoint): void {
    this.#statements.delete(host)
    this.#statements.set(host, { endpoint, at: this.#clock.now() })
    for (const [oldest] of this.#statements) {
      if (this.#statements.size <= maxStatements) break
      this.#statements.delete(oldest)
    }
  }

  /** @returns what most hosts say, if ten of them or more say it; undefined when they do not */
  predict(): UdpEndpoint | undefined {
    const cutoff = this.#clock.now() - window
    const counts = new Map<string, number>()
    let best: { endpoint: UdpEndpoint; count: number } | undefined
    for (const [host, { endpoint, at }] of this.#statements) {
      if (at < cutoff) {
        this.#statements.delete(host)
        continue
      }
      const key = `${endpoint.ip} ${endpoint.port}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count >= minStatements && count > (best?.count ?? 0)) best = { endpoint, count }
    }
    return best?.endpoint
  }
}
