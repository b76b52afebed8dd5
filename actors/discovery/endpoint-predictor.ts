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
  readonly #statements = new Map<string, { readonly key: string; readonly at: number }>()
  /** How many hosts say which endpoint: it is asked for with every packet. BOUNDED: by the statements. */
  readonly #counts = new Map<string, { readonly endpoint: UdpEndpoint; readonly count: number }>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  add(host: string, endpoint: UdpEndpoint): void {
    this.#remove(host)
    const key = `${endpoint.ip} ${endpoint.port}`
    this.#statements.set(host, { key, at: this.#clock.now() })
    this.#counts.set(key, { endpoint, count: (this.#counts.get(key)?.count ?? 0) + 1 })
    for (const [oldest] of this.#statements) {
      if (this.#statements.size <= maxStatements) break
      this.#remove(oldest)
    }
  }

  /** @returns what most hosts say, if ten of them or more say it; undefined when they do not */
  predict(): UdpEndpoint | undefined {
    const cutoff = this.#clock.now() - window
    for (const [host, { at }] of this.#statements) {
      if (at >= cutoff) break
      this.#remove(host)
    }
    let best: { readonly endpoint: UdpEndpoint | undefined; readonly count: number } = {
      endpoint: undefined,
      count: minStatements - 1,
    }
    for (const said of this.#counts.values()) if (said.count > best.count) best = said
    return best.endpoint
  }

  #remove(host: string): void {
    const statement = this.#statements.get(host)
    if (!statement) return
    this.#statements.delete(host)
    const { endpoint, count } = this.#counts.get(statement.key)!
    if (count > 1) this.#counts.set(statement.key, { endpoint, count: count - 1 })
    else this.#counts.delete(statement.key)
  }
}
