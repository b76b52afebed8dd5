import type { BatchDBOp, DB } from '@ethereumjs/util'
import type { StateStore } from './state-store.ts'

type Value = Uint8Array | string

/**
 * What the tries of one execution read and write: nothing of it reaches the store by itself. What they delete stays: the
 * store has other states, and finds out what a block left behind by looking at both.
 * BOUNDED: by what is executed between two {@link clear}s.
 */
export class TrieDatabase implements DB<string, Value> {
  readonly #states: Pick<StateStore, 'node'>
  /** By the latin1 of their keys: a key of hex digits is put together from single ones, and V8 remembers each step. */
  readonly #fresh = new Map<string, Uint8Array>()

  constructor(states: Pick<StateStore, 'node'>) {
    this.#states = states
  }

  async get(hex: string): Promise<Value | undefined> {
    return this.node(compact(hex))
  }

  /** @returns what is under a key of {@link StateStore.node} */
  node(key: string): Uint8Array | undefined {
    return this.#fresh.get(key) ?? this.#states.node(key)
  }

  async put(hex: string, value: Value): Promise<void> {
    this.#fresh.set(compact(hex), value as Uint8Array)
  }

  async del(): Promise<void> {}

  async batch(writes: BatchDBOp<string, Value>[]): Promise<void> {
    for (const write of writes) if (write.type === 'put') await this.put(write.key, write.value)
  }

  /** What was written since the last {@link clear}. */
  get fresh(): ReadonlyMap<string, Uint8Array> {
    return this.#fresh
  }

  clear(): void {
    this.#fresh.clear()
  }

  shallowCopy(): this {
    return this
  }

  async open(): Promise<void> {}
}

const compact = (hex: string) => Buffer.from(hex, 'hex').toString('latin1')
