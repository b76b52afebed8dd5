import type { FeedEntry } from '../trace/entries.ts'

export type NamedPeer = { readonly actor: string; readonly id: string }

/**
 * Knows which peer an actor belongs to. A connection's actor is numbered (`peer/7`) before anybody knows who is there;
 * its chart is admitted and the server announces the node id within one step, in either order.
 */
export class PeerNames {
  /** Admitted and not announced, or announced and not admitted. BOUNDED: by the peers being set up. */
  readonly #admitted: string[] = []
  readonly #announced: string[] = []
  /** Node ids by actor. BOUNDED: by the peers alive. */
  readonly #ids = new Map<string, string>()

  /**
   * To be told every entry of the node's feed, after its own name was asked for: the last one takes the name away.
   * @returns the peer that has got its name by it
   */
  note(entry: FeedEntry): NamedPeer | undefined {
    if (entry.type !== 'transition' || entry.chart !== 'peer') return undefined
    if (entry.to === 'admitted') this.#admitted.push(entry.actor)
    if (entry.to === 'closed') this.#ids.delete(entry.actor)
    return this.#name()
  }

  /**
   * To be told of every peer that was added.
   * @returns as {@link note}
   */
  announce(id: string): NamedPeer | undefined {
    this.#announced.push(id)
    return this.#name()
  }

  /** @returns the node id; undefined for an actor that is no peer's, or a peer that is not known yet */
  idOf(actor: string): string | undefined {
    return this.#ids.get(/^peer\/\d+/.exec(actor)?.[0] ?? '')
  }

  #name(): NamedPeer | undefined {
    const [actor, id] = [this.#admitted[0], this.#announced[0]]
    if (actor === undefined || id === undefined) return undefined
    this.#admitted.shift()
    this.#announced.shift()
    this.#ids.set(actor, id)
    return { actor, id }
  }
}

/** @returns how people call a node: the first 8 digits of its id */
export const shortId = (id: string): string => id.slice(0, 8)
