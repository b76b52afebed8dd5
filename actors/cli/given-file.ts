import { inflated, isReadFault, readBounded, readChunks, UnreadableFile } from '../runtime/files.ts'
import type { Io } from './io.ts'

// A file as the argument of a command: `-` is standard input, and what is compressed by gzip is read as what it was.

export const givenName = (path: string): string => (path === '-' ? 'standard input' : path)

export const givenChunks = (path: string, io: Io): AsyncIterable<Uint8Array> =>
  inflated(path === '-' ? (io.stdin as AsyncIterable<Uint8Array>) : readChunks(path))

/** @param most bytes that such a file has at most @throws (rejects) {UnreadableFile} */
export async function readText(path: string, most: number): Promise<string> {
  try {
    return (await readBounded(path, most)).toString('utf8')
  } catch (error) {
    throw isReadFault(error) ? new UnreadableFile(path, error) : error
  }
}
