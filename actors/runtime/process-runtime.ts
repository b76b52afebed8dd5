import { randomFillSync } from 'node:crypto'
import { Feed } from '../trace/feed.ts'
import './native-secp256k1.ts'
import type { Clock, Defer, Runtime } from './runtime.ts'
import { FairScheduler } from './scheduler.ts'

/** The world of a process: its clocks, its entropy, its turns, and a feed that has no reader yet. */
export function processRuntime(overrides: Partial<Runtime> = {}): Runtime {
  return { clock: processClock, wallClock: Date.now, entropy, defer, feed: new Feed(), ...overrides }
}

/** Of work that belongs to no node: it shares the thread with nothing else. */
export const processScheduler = (): FairScheduler => new FairScheduler(processClock, defer)

const defer: Defer = (run) => void setImmediate(run)

export const processClock: Clock = {
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
  pool.fill(0, drawn, drawn + length) // no key that was handed out stays here
  drawn += length
  return bytes
}
