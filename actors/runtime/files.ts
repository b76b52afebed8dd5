import { constants, openSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'

// Files that somebody names: any may be a pipe, a device that never ends, or larger than memory.

/**
 * @param most bytes that such a file has at most
 * @throws (rejects) {FileTooLarge} and the system's error
 */
export const readBounded = (path: string, most: number): Promise<Buffer> => boundedOf(readChunks(path), most)

/** As {@link readBounded}, of what comes in pieces. */
export async function boundedOf(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Buffer> {
  const bytes = await startOf(chunks, most + 1)
  if (bytes.length > most) throw new FileTooLarge(most)
  return bytes
}

/** The first `length` bytes of a file, or all that it has. @throws (rejects) the system's error */
export const readStart = (path: string, length: number): Promise<Buffer> => startOf(readChunks(path), length)

async function startOf(chunks: AsyncIterable<Uint8Array>, length: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let have = 0
  for await (const part of chunks) {
    parts.push(part)
    have += part.length
    if (have >= length) break
  }
  return Buffer.concat(parts, Math.min(have, length))
}

/** What a file has, in pieces, each its own memory. @throws (rejects) the system's error */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  if ((await stat(path)).isFIFO()) return yield* pipeChunks(path)
  const file = await open(path)
  try {
    for (;;) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(chunkBytes))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** Without a thread that waits for who writes: nothing would end it, nor the process. */
async function* pipeChunks(path: string): AsyncGenerator<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const socket = new Socket({ fd, readable: true, writable: false })
  try {
    for await (const chunk of socket) yield chunk
  } finally {
    socket.destroy()
  }
}

/**
 * What comes of gzip is inflated, by its first two bytes and not by a name; all else is passed on.
 * @throws (rejects) zlib's error: it is damaged, or cut off. What came before was given
 */
export async function* inflated(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  const rest = { [Symbol.asyncIterator]: () => iterator }
  let first: Uint8Array = Buffer.alloc(0)
  try {
    while (first.length < 2) {
      const { value, done } = await iterator.next()
      if (done) break
      first = Buffer.concat([first, value])
    }
    if (first[0] !== 0x1f || first[1] !== 0x8b) {
      if (first.length > 0) yield first
      return yield* rest
    }
    const gunzip = createGunzip()
    pipeline(behind(first, rest), gunzip, () => {}) // what fails is seen where it is read
    yield* gunzip
  } finally {
    await iterator.return?.()
  }
}

async function* behind(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

const chunkBytes = 256 * 1024

/** Whether a file could not be read: the system, zlib or its size says why. */
export const isReadFault = (error: unknown): error is Error =>
  error instanceof FileTooLarge ||
  (error instanceof Error && 'errno' in error && 'code' in error && /^(E|Z_)/.test(`${error.code}`))

/** A file cannot be read, or not to its end. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
  /** Of the system's error, as `EISDIR`. */
  readonly code: string | undefined

  /** @param name of the file, as it is to be called */
  constructor(name: string, cause: Error) {
    super(`${name} cannot be read: ${cause.message}`, { cause })
    this.code = 'code' in cause ? `${cause.code}` : undefined
  }
}

/** Nothing of its kind is so large. */
export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge'
  constructor(most: number) {
    super(`it has more than ${most >= 1 << 20 ? `${most >> 20} MiB` : `${most} bytes`}, the most that is read`)
  }
}
