import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readBounded } from '../../runtime/files.ts'
import { makeDirectory } from '../../runtime/make-directory.ts'

/** Lines that were typed, from one console to the next. */
export class History {
  readonly #path: string | undefined

  constructor(path: string | undefined) {
    this.#path = path
  }

  /** @returns lines, the newest first; none where there is no file, or none that can be read */
  async load(): Promise<string[]> {
    if (this.#path === undefined) return []
    const bytes = await readBounded(this.#path, maxFile).catch(() => Buffer.alloc(0))
    return bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .reverse()
  }

  /** A console is no worse for a history that cannot be kept. */
  async save(lines: readonly string[]): Promise<void> {
    if (this.#path === undefined) return
    const text = lines
      .toReversed()
      .map((line) => `${line}\n`)
      .join('')
    await makeDirectory(dirname(this.#path), 0o700).catch(() => {})
    await writeFile(this.#path, text, { mode: 0o600 }).catch(() => {})
  }
}

const maxFile = 16 << 20

/** BOUNDED: lines kept. */
export const historySize = 1_000

/** @returns where a program keeps such things (XDG base directories); undefined for a user without a home */
export function historyPath({ XDG_STATE_HOME, HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string | undefined {
  const state = XDG_STATE_HOME || (HOME ? join(HOME, '.local/state') : LOCALAPPDATA)
  return state ? join(state, 'peerchart', 'history') : undefined
}
