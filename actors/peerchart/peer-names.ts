import type { PeerEvent } from '../../machines/admission.ts'

/** Which peer an actor belongs to: a connection's actor is numbered (`peer/7`) before it is known who is there. */
export class PeerNames {
  /** Node ids by actor. BOUNDED: by the peers alive. */
  readonly #ids = new Map<string, string>()

  /** To be given every peer that comes and goes: the step of its chart that leads to it is in the feed before. */
  note({ type, conn, peer }: PeerEvent): void {
    if (type === 'add') this.#ids.set(actorOf(conn), peer)
    else this.#ids.delete(actorOf(conn))
  }

  /** @returns the node id; undefined for an actor that is no peer's, or a peer that is not known yet */
  idOf(actor: string): string | undefined {
    return this.#ids.get(/^peer\/\d+/.exec(actor)?.[0] ?? '')
  }
}

/** @returns the actor of a connection, as the feed has it */
export const actorOf = (conn: number): string => `peer/${conn}`

/** @returns how people call a node: the first 8 digits of its id */
export const shortId = (id: string): string => id.slice(0, 8)
