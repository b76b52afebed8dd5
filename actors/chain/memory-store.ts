import type { KeyValueStore, Write } from './key-value-store.ts'

/** A database that goes with the process. BOUNDED: by what is written, and V8's 16 million entries of a map. */
export class MemoryStore implements KeyValueStore {
  readonly isNew = true
  readonly #values = new Map<string, Uint8Array>()

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#values.get(textOf(key))
  }

  /** What is written together lies together: a buffer for each value costs more than the value. */
  async write(writes: readonly Write[]): Promise<void> {
    const room = new Uint8Array(writes.reduce((total, { value }) => total + (value?.length ?? 0), 0))
    let used = 0
    for (const { key, value } of writes) {
      if (value === undefined) {
        this.#values.delete(textOf(key))
        continue
      }
      room.set(value, used)
      this.#values.set(textOf(key), room.subarray(used, used + value.length))
      used += value.length
    }
  }

  async close(): Promise<void> {
    this.#values.clear()
  }
}

/** A character a byte: what a map compares fastest. */
const textOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')
