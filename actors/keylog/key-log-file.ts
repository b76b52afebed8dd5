import { closeSync, openSync, writeSync } from 'node:fs'

/** Takes the keys of every session, a line each: see protocols/rlpx/key-log.ts. */
export type KeyLog = (line: string) => void

/** A key log that is kept in a file, readable by its owner only. Lines are added to those that are there. */
export class KeyLogFile {
  readonly #descriptor: number

  /** @throws the system's error: the file cannot be written */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'a', 0o600)
  }

  /** At once, for whoever reads along: a session is one line. */
  readonly write: KeyLog = (line) => {
    writeSync(this.#descriptor, line)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
