import type { Clock } from '../runtime/runtime.ts'

/**
 * Time that passes only when `advance` or `run` is called, timer by timer: a timer set while another runs fires in its
 * turn, at its own time. Timers of one instant fire in the order they were set.
 */
export class VirtualClock implements Clock {
  #now: number
  #lastId = 0
  /** A binary heap, the next to fire first. BOUNDED: by the timers set, and as many cleared. */
  #heap: Timer[] = []
  readonly #alive = new Map<number, Timer>()

  /** @param now ms */
  constructor(now = 0) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#alive.size
  }

  setTimeout(callback: () => void, delay: number): number {
    const timer = { id: ++this.#lastId, at: this.#now + Math.max(0, delay), callback }
    this.#alive.set(timer.id, timer)
    this.#push(timer)
    return timer.id
  }

  clearTimeout(id: unknown): void {
    this.#alive.delete(id as number)
    if (this.#heap.length > 64 && this.#heap.length > this.#alive.size * 2) this.#compact()
  }

  /** Fires every timer of the next `ms`, and no promise in between. */
  advance(ms: number): void {
    const end = this.#now + ms
    while (this.#fireNext(end));
    this.#now = end
  }

  /** Like {@link advance}, with what promises do in between: before the first timer, and after each. */
  async run(ms: number): Promise<void> {
    const end = this.#now + ms
    do await settled()
    while (this.#fireNext(end))
    this.#now = end
  }

  /** Goes to the next timer, fires it, and lets promises settle. @returns whether there was one */
  async step(): Promise<boolean> {
    const fired = this.#fireNext(Number.POSITIVE_INFINITY)
    await settled()
    return fired
  }

  #fireNext(end: number): boolean {
    this.#dropCleared()
    const next = this.#heap[0]
    if (!next || next.at > end) return false
    this.#pop()
    this.#alive.delete(next.id)
    this.#now = next.at
    next.callback()
    return true
  }

  #dropCleared(): void {
    while (this.#heap[0] && !this.#alive.has(this.#heap[0].id)) this.#pop()
  }

  #compact(): void {
    this.#heap = [...this.#alive.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(timer, heap[parent]!); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (child >= heap.length || !isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

type Timer = { readonly id: number; readonly at: number; readonly callback: () => void }

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.id < b.id)

/** Resolves when the promises that can settle without a timer or a socket have. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
