import { downloadLimits } from '../../machines/download-limits.ts'
import type { Clock } from '../runtime/runtime.ts'

type PacerParts = {
  readonly clock: Clock
  /** The peer was asked as much as a peer is. */
  spent(peer: number): void
  /** It may be asked again. */
  ready(peer: number): void
}

/** Counts what each peer is asked in any minute: it rests once that is `maxRequests`, until a quarter of them is over. */
export class Pacer {
  readonly #parts: PacerParts
  /** BOUNDED: the peers that were asked and have not left. */
  readonly #paces = new Map<number, Pace>()

  constructor(parts: PacerParts) {
    this.#parts = parts
  }

  /** The peer is asked something now. @param client its name, as its Hello has it */
  asked(peer: number, client: string): void {
    if (takesAnyNumber.test(client)) return
    const { clock, spent, ready } = this.#parts
    const { maxRequests, paceWindow } = downloadLimits
    const pace = this.#paces.get(peer) ?? { times: [] }
    this.#paces.set(peer, pace)
    const now = clock.now()
    const { times } = pace
    while (times[0]! <= now - paceWindow) times.shift()
    times.push(now)
    if (times.length < maxRequests || pace.rest !== undefined) return
    spent(peer)
    const delay = times[times.length - Math.floor((maxRequests * 3) / 4) - 1]! + paceWindow - now
    pace.rest = clock.setTimeout(() => {
      delete pace.rest
      ready(peer)
    }, delay)
  }

  forget(peer: number): void {
    const rest = this.#paces.get(peer)?.rest
    if (rest !== undefined) this.#parts.clock.clearTimeout(rest)
    this.#paces.delete(peer)
  }
}

/** geth serves whatever it is asked, and so do we: to pace them would only make a long sync slow. */
const takesAnyNumber = /^(Geth|Peerchart)\//

type Pace = {
  /** When it was asked in the last minute. BOUNDED: maxRequests, and the few questions of a sync that it leads. */
  readonly times: number[]
  /** The timer of its rest. */
  rest?: unknown
}
