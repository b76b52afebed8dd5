import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { makeDirectory } from '../runtime/make-directory.ts'
import type { Entry, KeyRange, SortedStore, Write } from './key-value-store.ts'
import { MemoryStore } from './memory-store.ts'

/**
 * @param directory where LevelDB keeps its files; in memory when left out
 * @throws {DatabaseLocked} another process has it open
 * @throws {CorruptDatabase} its files are damaged; nothing was written over them
 * @throws the system's error: there can be no such directory
 */
export async function openStore(directory?: string): Promise<SortedStore> {
  if (directory === undefined) return new MemoryStore()
  const isNew = await holdsNothing(directory)
  if (isNew) await makeDirectory(directory)
  const level = new ClassicLevel<Uint8Array, Uint8Array>(directory, { ...views, createIfMissing: isNew })
  await level.open().catch((error: unknown) => {
    throw toOpenError(directory, error)
  })
  return new LevelStore(level, { isNew, name: directory, mark: () => writeFile(join(directory, marker), '') })
}

/** Says that data was written here: LevelDB drops a log that it cannot read, and what is left looks like none. */
const marker = 'INHABITED'

const views = { keyEncoding: 'view', valueEncoding: 'view' } as const

class LevelStore implements SortedStore {
  readonly isNew: boolean
  readonly #name: string
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>
  #mark: (() => Promise<void>) | undefined

  constructor(
    level: ClassicLevel<Uint8Array, Uint8Array>,
    { isNew, name, mark }: { isNew: boolean; name: string; mark: () => Promise<void> },
  ) {
    this.#level = level
    this.isNew = isNew
    this.#name = name
    this.#mark = mark
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      const value = this.#level.getSync(key)
      return value && plain(value)
    } catch (cause) {
      throw this.#toReadError(cause)
    }
  }

  async entries({ from, to, limit, reverse = false }: KeyRange): Promise<Entry[]> {
    try {
      const all = await this.#level.iterator({ gte: from, lt: to, limit, reverse }).all()
      return all.map(([key, value]) => ({ key: plain(key), value: plain(value) }))
    } catch (cause) {
      throw this.#toReadError(cause)
    }
  }

  async write(writes: readonly Write[]): Promise<void> {
    const [first] = writes
    try {
      // Alone it is copied once, by the thread that writes it; in a batch twice, and by this one.
      if (writes.length === 1 && first?.value) await this.#level.put(first.key, first.value)
      else
        await this.#level.batch(
          writes.map(({ key, value }) => (value ? { type: 'put', key, value } : { type: 'del', key })),
        )
      await this.#mark?.()
    } catch (cause) {
      throw new DatabaseFailed(this.#name, cause)
    }
    this.#mark = undefined
  }

  close(): Promise<void> {
    return this.#level.close()
  }

  #toReadError(cause: unknown): unknown {
    const isDamage = codeOf(cause) === 'LEVEL_CORRUPTION' || codeOf(cause) === 'LEVEL_IO_ERROR'
    return isDamage ? new CorruptDatabase(this.#name, cause) : cause
  }
}

const plain = ({ buffer, byteOffset, byteLength }: Uint8Array) => new Uint8Array(buffer, byteOffset, byteLength)

/**
 * LevelDB starts anew where it finds no CURRENT, over whatever else is there, so a damaged database must be distinguished from
 * none: data is in numbered .log and .ldb files.
 */
async function holdsNothing(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return []
    throw toOpenError(directory, error)
  })
  if (names.includes(marker)) return false
  const sizes = await Promise.all(
    names.filter((name) => /^\d+\.(log|ldb|sst)$/.test(name)).map((name) => stat(join(directory, name))),
  )
  return sizes.every(({ size }) => size === 0)
}

function toOpenError(directory: string, error: unknown): Error {
  const cause = (error as Error).cause ?? error
  return codeOf(cause) === 'LEVEL_LOCKED'
    ? new DatabaseLocked(directory, { cause })
    : new CorruptDatabase(directory, cause)
}

const codeOf = (error: unknown) => (error as { code?: string }).code

/** Another process has the database open. */
export class DatabaseLocked extends Error {
  override readonly name = 'DatabaseLocked'

  constructor(directory: string, options?: ErrorOptions) {
    super(`datadir already used by another process: ${directory} is locked`, options)
  }
}

/** The disk did not take what was to be written: it is full, gone, or read-only. What is there stays as it was. */
export class DatabaseFailed extends Error {
  override readonly name = 'DatabaseFailed'

  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    super(`database ${directory}: cannot be written: ${reason}`, { cause })
  }
}

/** The database cannot be read: its files are damaged, or are no database. */
export class CorruptDatabase extends Error {
  override readonly name = 'CorruptDatabase'

  /** @param cause what LevelDB said, or a description */
  constructor(directory: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    super(`database ${directory}: cannot be read: ${reason}`, { cause })
  }
}
