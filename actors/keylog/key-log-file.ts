import { closeSync, writeSync } from 'node:fs'
import { openPrivate } from '../runtime/private-file.ts'

/** Takes the keys of every session, a line each: see protocols/rlpx/key-log.ts. */
export type KeyLog = (line: string) => void

/** A key log that is kept in a file, readable by its owner only. Lines are added to those that are there. */
export class KeyLogFile {
  readonly #descriptor: number
  readonly #failed: (error: Error) => void
  #isOff = false

  /**
   * @param failed gets, once, why nothing more is written: no session is lost for it
   * @throws the system's error: the file cannot be written
   */
  constructor(path: string, failed: (error: Error) => void) {
    this.#descriptor = openPrivate(path, 'append')
    this.#failed = failed
  }

  /** At once, for a program that reads along: a session is one line. */
  readonly write: KeyLog = (line) => {
    if (this.#isOff) return
    try {
      writeSync(this.#descriptor, line)
    } catch (error) {
      this.#isOff = true
      this.#failed(error as Error)
    }
  }

  close(): void {
    try {
      closeSync(this.#descriptor)
    } catch (error) {
      if (!this.#isOff) this.#failed(error as Error)
    }
  }
}
