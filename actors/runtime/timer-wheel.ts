import type { Clock } from './runtime.ts'

export type Deadline = { readonly slot: number; readonly expired: () => void }

/** Deadlines by the thousand on one timer of the clock. They come in their turn, up to 100 ms late, never early. */
export class TimerWheel {
  readonly #clock: Clock
  /** BOUNDED: by the requests without an answer; slots, by the longest deadline. */
  readonly #slots = new Map<number, Set<Deadline>>()
  #timer: { readonly id: unknown; readonly slot: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many deadlines are armed. */
  get size(): number {
    let size = 0
    for (const slot of this.#slots.values()) size += slot.size
    return size
  }

  /** @param delay ms until `expired` is called, unless disarmed before */
  arm(delay: number, expired: () => void): Deadline {
    const slot = Math.ceil((this.#clock.now() + delay) / slotWidth)
    const deadline = { slot, expired }
    const slots = this.#slots.get(slot)
    if (slots) slots.add(deadline)
    else this.#slots.set(slot, new Set([deadline]))
    if (!this.#timer || slot < this.#timer.slot) this.#wait(slot)
    return deadline
  }

  disarm(deadline: Deadline): void {
    const slot = this.#slots.get(deadline.slot)
    if (!slot?.delete(deadline) || slot.size > 0) return
    this.#slots.delete(deadline.slot)
    if (this.#slots.size === 0) this.#stop()
  }

  #turn(): void {
    this.#timer = undefined
    const now = Math.floor(this.#clock.now() / slotWidth)
    const due = [...this.#slots.keys()].filter((slot) => slot <= now).sort((a, b) => a - b)
    for (const slot of due) {
      const deadlines = this.#slots.get(slot) ?? []
      for (const deadline of deadlines) {
        this.disarm(deadline)
        deadline.expired()
      }
    }
    const next = [...this.#slots.keys()].reduce((least, slot) => Math.min(least, slot), Number.POSITIVE_INFINITY)
    if (next < Number.POSITIVE_INFINITY) this.#wait(next)
  }

  #wait(slot: number): void {
    this.#stop()
    const id = this.#clock.setTimeout(() => this.#turn(), slot * slotWidth - this.#clock.now())
    this.#timer = { id, slot }
  }

  #stop(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer.id)
    this.#timer = undefined
  }
}

/** Milliseconds. */
const slotWidth = 100
