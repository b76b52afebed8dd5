import type { Plain } from './values.ts'

export type Decoded = {
  /** `GetBlockHeaders`. */
  readonly name: string
  /** By the names of its specification, for people. */
  readonly fields: Plain
  /** In short: `192 headers`. */
  readonly text: string
  /** Why it could not be decoded. */
  readonly error?: string
}
