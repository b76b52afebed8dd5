import { type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises'
import { RlpError, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { Logger } from '../log/log.ts'

/**
 * The transactions that were given over RPC, one after the other as lists carry them (geth locals.journal): what was written
 * outlives a kill.
 */
export class Journal {
  readonly #path: string
  readonly #log: Logger
  /** What is written comes in order. */
  #last: Promise<void> = Promise.resolve()
  #file: FileHandle | undefined

  constructor(path: string, log: Logger) {
    this.#path = path
    this.#log = log
  }

  /** @returns what it has; of an entry that was cut off, and of what stands behind it, nothing */
  async read(): Promise<RlpItem[]> {
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') this.#failed('cannot be read', error)
      return new Uint8Array(0)
    })
    const items: RlpItem[] = []
    for (let at = 0; at < bytes.length; ) {
      try {
        const item = readItem(bytes, at)
        items.push(item)
        at += item.raw.length
      } catch (error) {
        if (!(error instanceof RlpError)) throw error
        this.#log.warn('The journal of transactions is cut off', { file: this.#path, read: items.length })
        break
      }
    }
    return items
  }

  /** Resolves when it is written, or cannot be: the log has that. */
  add({ raw }: RlpItem): Promise<void> {
    return this.#then(async () => {
      this.#file ??= await open(this.#path, 'a', 0o600)
      await this.#file.writeFile(raw)
    })
  }

  /** Has these and nothing else from now on. */
  rotate(items: readonly RlpItem[]): Promise<void> {
    return this.#then(async () => {
      await this.#close()
      const next = `${this.#path}.new`
      await writeFile(next, Buffer.concat(items.map(({ raw }) => raw)), { mode: 0o600 })
      await rename(next, this.#path)
    })
  }

  close(): Promise<void> {
    return this.#then(() => this.#close())
  }

  async #close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  #then(run: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(run).catch((error: Error) => this.#failed('cannot be written', error))
    return this.#last
  }

  #failed(what: string, { message }: Error): void {
    this.#log.warn(`The journal of transactions ${what}`, { file: this.#path, err: message })
  }
}
