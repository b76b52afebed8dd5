import type { FeedEntry } from './feed.ts'

/**
 * Knows which peer an actor belongs to. A connection's actor is numbered (`peer/7`) before anybody knows who is there;
 * the server announces the node id a moment after the chart was admitted, in the same order.
 */
export class PeerNames {
  /** Admitted and not announced yet, oldest first. BOUNDED: by the peers being set up. */
  readonly #admitted: string[] = []
  /** Node ids by actor. BOUNDED: by the peers alive. */
  readonly #ids = new Map<string, string>()

  /** To be told every entry of the node's feed. */
  note(entry: FeedEntry): void {
    if (entry.type === 'actor.stopped') this.#ids.delete(entry.actor)
    else if (entry.type === 'transition' && entry.chart === 'peer' && entry.to === 'admitted')
      this.#admitted.push(entry.actor)
  }

  /**
   * To be told of every peer that was added.
   * @returns its actor
   */
  announce(id: string): string | undefined {
    const actor = this.#admitted.shift()
    if (actor !== undefined) this.#ids.set(actor, id)
    return actor
  }

  /** @returns the node id; undefined for an actor that is no peer's, or a peer that is not known yet */
  idOf(actor: string): string | undefined {
    return this.#ids.get(/^peer\/\d+/.exec(actor)?.[0] ?? '')
  }
}

/** @returns how people call a node: the first 8 digits of its id */
export const shortId = (id: string): string => id.slice(0, 8)
