import { randomFillSync } from 'node:crypto'
import { Feed } from './feed.ts'
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

const entropy = (length: number) => randomFillSync(new Uint8Array(length))
