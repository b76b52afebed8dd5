import { randomFillSync } from 'node:crypto'
import { Feed } from '../trace/feed.ts'
import type { Clock, Runtime } from './runtime.ts'

/** The world of a process: its monotonic clock, its entropy, and a feed that nobody reads yet. */
export function processRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return { clock: processClock, entropy, feed: new Feed(), ...overrides }
}

const processClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
}

/** Drawn from the system by the page: a call of its own for each nonce costs more than the nonce. */
const pool = new Uint8Array(4096)
let drawn = pool.length

function entropy(length: number): Uint8Array {
  if (length > pool.length / 4) return randomFillSync(new Uint8Array(length))
  if (drawn + length > pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  const bytes = pool.slice(drawn, drawn + length)
  pool.fill(0, drawn, drawn + length) // nobody finds a key here that was handed out
  drawn += length
  return bytes
}
