/**
 * Room for what has begun to come and has not ended: half a frame, a message that is being inflated, the body of a request,
 * some fragments of a WebSocket's message. Each is bounded by itself; this bounds all of a node's together, as anybody may
 * open many connections. When there is no room, who holds most is ended: left unread it would go on holding it, and who
 * holds little would have to go.
 */
export class InputRoom {
  readonly #bytes: number
  readonly #passed: (bytes: number) => void
  /** BOUNDED: one for each connection. */
  readonly #holdings = new Set<Holding>()
  #held = 0

  /** @param bytes that all may hold together @param passed gets what is not held any more */
  constructor(bytes = defaultInputBytes, passed: (bytes: number) => void = () => {}) {
    this.#bytes = bytes
    this.#passed = passed
  }

  get held(): number {
    return this.#held
  }

  /**
   * @param end ends the connection, or lets go of what it holds: called once, from any holding's `hold`
   * @param isProven whether it has shown a secret: it is ended only when no other holds anything
   */
  open(end: () => void, { isProven = false }: { readonly isProven?: boolean } = {}): Holding {
    const change = (bytes: number) => {
      this.#held += bytes
      if (bytes < 0) this.#passed(-bytes)
      while (this.#held > this.#bytes) this.#most().evict()
    }
    const holding = new Holding(change, { end, isProven, left: () => this.#holdings.delete(holding) })
    this.#holdings.add(holding)
    return holding
  }

  #most(): Holding {
    let most: Holding | undefined
    for (const one of this.#holdings) if (one.bytes > 0 && (!most || one.goesBefore(most))) most = one
    return most as Holding // somebody holds what is held
  }
}

/** What one connection holds of an {@link InputRoom}. */
export class Holding {
  #bytes = 0
  #isClosed = false
  readonly #change: (bytes: number) => void
  readonly #owner: { end(): void; left(): void; readonly isProven: boolean }

  constructor(change: (bytes: number) => void, owner: { end(): void; left(): void; readonly isProven: boolean }) {
    this.#change = change
    this.#owner = owner
  }

  get bytes(): number {
    return this.#bytes
  }

  /** It holds so many from now on. May end it, or another. */
  hold(bytes: number): void {
    if (this.#isClosed || bytes === this.#bytes) return
    const more = bytes - this.#bytes
    this.#bytes = bytes
    this.#change(more)
  }

  /** Its connection is gone. */
  close(): void {
    this.hold(0)
    this.#isClosed = true
    this.#owner.left()
  }

  goesBefore(other: Holding): boolean {
    if (this.#owner.isProven !== other.#owner.isProven) return other.#owner.isProven
    return this.#bytes > other.#bytes
  }

  evict(): void {
    this.close()
    this.#owner.end()
  }
}

/** 256 MiB. */
export const defaultInputBytes: number = 256 << 20

/** Why a connection ended that held most of what had come and not ended. */
export class InputOverflow extends Error {
  override readonly name = 'InputOverflow'
  constructor() {
    super('no room for more unfinished input')
  }
}
