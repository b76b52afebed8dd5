import { Worker } from 'node:worker_threads'
import { noPayload } from './line-page.ts'

/**
 * Ends lines and writes them to a file, page for page. In words, not a file: a thread has no loader for TypeScript where
 * this runs from its source. A fault of the disk is thrown, and ends it.
 */
const script = `
  const { parentPort, workerData: { fd, noPayload } } = require('node:worker_threads')
  const { writeSync } = require('node:fs')
  const { crc32 } = require('node:zlib')
  const slice = 49_152 // of three: base64 in parts is that of the whole
  const out = Buffer.allocUnsafeSlow(1 << 19)
  const digits = Buffer.from('0123456789abcdef')
  let [begin, end, crc] = [0, 0, 0] // of the line in 'out'
  const sum = () => {
    crc = crc32(out.subarray(begin, end), crc)
    begin = end
  }
  const spill = () => {
    sum()
    for (let at = 0; at < end; ) at += writeSync(fd, out, at, end - at)
    begin = end = 0
  }
  parentPort.on('message', ({ buffer, used }) => {
    const page = Buffer.from(buffer, 0, used)
    for (let at = 0; at < used; ) {
      const payload = at + 8 + page.readUInt32LE(at)
      const size = page.readUInt32LE(at + 4)
      for (at += 8; at < payload; at += slice) {
        if (end + slice > out.length) spill()
        end += page.copy(out, end, at, Math.min(payload, at + slice))
      }
      at = payload
      if (size !== noPayload) {
        for (const last = payload + size; at < last; at += slice) {
          if (end + 2 * slice > out.length) spill()
          end += out.latin1Write(page.base64Slice(at, Math.min(last, at + slice)), end)
        }
        at = payload + size
      }
      if (end + 32 > out.length) spill()
      if (size !== noPayload) out[end++] = 0x22
      sum()
      end += out.latin1Write(',"crc":"', end)
      for (let shift = 28; shift >= 0; shift -= 4) out[end++] = digits[(crc >>> shift) & 15]
      end += out.latin1Write('"}\\n', end)
      begin = end
      crc = 0
    }
    spill()
    crc = 0
    parentPort.postMessage(buffer, [buffer])
  })`

/** The thread of one recording, begun with its first page. It keeps the process alive while it has something to write. */
export class LineThread {
  readonly #fd: number
  readonly #onFault: (error: Error) => void
  #worker: Worker | undefined
  #hasEnded = false
  /** Bytes of the pages that it has. */
  #waiting = 0
  /** BOUNDED: mostSpare. */
  readonly #spare: ArrayBuffer[] = []
  #whenIdle: () => void = () => {}

  /**
   * @param fd of the file, which stays its owner's
   * @param onFault the thread has ended, and nothing more is written
   */
  constructor(fd: number, onFault: (error: Error) => void) {
    this.#fd = fd
    this.#onFault = onFault
  }

  get waiting(): number {
    return this.#waiting
  }

  /** @returns a buffer for `length` bytes at least */
  newPage(length = 0): Uint8Array<ArrayBuffer> {
    if (length <= pageSize) return new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(pageSize))
    return new Uint8Array(length)
  }

  /** Takes over `bytes`, and writes the lines in the first `used` of them. */
  write(bytes: Uint8Array<ArrayBuffer>, used: number): void {
    if (this.#hasEnded) return
    this.#worker ??= this.#start()
    if (this.#waiting === 0) this.#worker.ref()
    this.#waiting += bytes.length
    this.#worker.postMessage({ buffer: bytes.buffer, used }, [bytes.buffer])
  }

  /** Resolves when everything is in the file, or never will be. */
  async close(): Promise<void> {
    if (this.#waiting > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    this.#hasEnded = true
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(script, {
      ...{ eval: true, name: 'recording', execArgv: [] },
      workerData: { fd: this.#fd, noPayload },
    })
    worker.on('message', (buffer: ArrayBuffer) => {
      this.#waiting -= buffer.byteLength
      if (buffer.byteLength === pageSize && this.#spare.length < mostSpare) this.#spare.push(buffer)
      if (this.#waiting === 0) this.#rest()
    })
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('the thread that writes it has ended')))
    return worker
  }

  #end(error: Error): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#waiting = 0
    this.#onFault(error)
    this.#rest()
  }

  #rest(): void {
    this.#worker?.unref()
    this.#whenIdle()
  }
}

const pageSize = 256 * 1024
const mostSpare = 8
