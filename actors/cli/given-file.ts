import { inflated, readChunks } from '../runtime/files.ts'
import type { Io } from './io.ts'

// A file as the argument of a command: `-` is standard input, and what is compressed by gzip is read as what it was.

export const givenName = (path: string): string => (path === '-' ? 'standard input' : path)

export const givenChunks = (path: string, io: Io): AsyncIterable<Uint8Array> =>
  inflated(path === '-' ? (io.stdin as AsyncIterable<Uint8Array>) : readChunks(path))
