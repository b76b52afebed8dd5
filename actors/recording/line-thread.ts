import { Worker } from 'node:worker_threads'
import { type LineScriptInput, type LineScriptPage, type LineScriptWord, lineScript } from './line-script.ts'

/** The thread of one recording, begun with its first page. It keeps the process alive while it has something to write. */
export class LineThread {
  readonly #input: LineScriptInput
  readonly #on: LineThreadListener
  #worker: Worker | undefined
  #hasEnded = false
  /** Bytes of the pages that it has. */
  #waiting = 0
  /** Pages that it has, by their numbers. BOUNDED: by their bytes, which its owner looks at. */
  readonly #pages = new Map<number, SharedArrayBuffer>()
  #lastPage = 0
  /** BOUNDED: mostSpare. */
  readonly #spare: SharedArrayBuffer[] = []
  #whenIdle: () => void = () => {}

  /** @param input its file stays its owner's */
  constructor(input: LineScriptInput, on: LineThreadListener) {
    this.#input = input
    this.#on = on
  }

  get waiting(): number {
    return this.#waiting
  }

  /** @returns a page of `length` bytes at least. It is shared, not given away: that would cost more than what is on it */
  newPage(length = 0): SharedArrayBuffer {
    if (length > pageSize) return new SharedArrayBuffer(Math.ceil(length / 8) * 8)
    return this.#spare.pop() ?? new SharedArrayBuffer(pageSize)
  }

  /** Takes over a page, and writes the lines of the rows in its first `used` bytes. */
  write(buffer: SharedArrayBuffer, used: number): void {
    if (this.#hasEnded) return
    this.#worker ??= this.#start()
    if (this.#waiting === 0) this.#worker.ref()
    const isLate = this.#waiting > mostRested
    this.#waiting += buffer.byteLength
    const page = ++this.#lastPage
    this.#pages.set(page, buffer)
    this.#worker.postMessage({ page, buffer, used, isLate } satisfies LineScriptPage)
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
    const worker = new Worker(lineScript, { eval: true, name: 'recording', execArgv: [], workerData: this.#input })
    worker.on('message', (page: LineScriptWord) => {
      if (page === 'full') {
        this.#on.full()
        return
      }
      const buffer = this.#pages.get(page)!
      this.#pages.delete(page)
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
    this.#on.fault(error)
    this.#rest()
  }

  #rest(): void {
    this.#worker?.unref()
    this.#whenIdle()
  }
}

export type LineThreadListener = {
  /** Nothing more is written but the ending. */
  full(): void
  /** The thread has ended, and nothing more is written. */
  fault(error: Error): void
}

const pageSize = 256 * 1024
const mostSpare = 4
/** Bytes that may wait while it takes its time. */
const mostRested = 4 * pageSize
