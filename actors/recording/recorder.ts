import { closeSync } from 'node:fs'
import { type Logger, silent } from '../log/log.ts'
import { openPrivate } from '../runtime/private-file.ts'
import { processClock } from '../runtime/process-runtime.ts'
import type { Clock } from '../runtime/runtime.ts'
import type { Feed } from '../trace/feed.ts'
import { type Heading, type RecordingEnd, recordingFormat, recordingVersion } from '../trace/lines.ts'
import { EntryWriter } from './entry-writer.ts'
import { LineThread } from './line-thread.ts'
import { RowBuffer } from './row-buffer.ts'

export type RecorderOptions = Pick<Heading, 'client' | 'nodes' | 'forks'> & {
  /** Bytes of the file at most. @default 1 GiB */
  readonly maxBytes?: number
  /** @default that of the process */
  readonly clock?: Clock
  readonly log?: Logger
}

/**
 * Writes what feeds publish to a file: every message with its payload, every transition with its event, a timer's among
 * them, births and deaths of actors. It stops, and says so, when the file is full or the disk does not keep up. Here
 * only what an entry has for itself is put down; text, checksums, base64 and the file are another thread's.
 */
export class Recorder {
  readonly #descriptor: number
  readonly #path: string
  readonly #log: Logger
  readonly #clock: Clock
  readonly #began: number
  readonly #thread: LineThread
  /** On which entries are put down. */
  #buffer: SharedArrayBuffer
  readonly #page: RowBuffer
  readonly #writer: EntryWriter
  /** BOUNDED: by the feeds that are followed. */
  readonly #unfollow: (() => void)[] = []
  #timer: unknown
  /** Why nothing more is recorded; `failed`: nothing can be said of it in the file. What is full has been said by the thread. */
  #ended: Ended | undefined

  private constructor(descriptor: number, path: string, options: RecorderOptions) {
    const { maxBytes = defaultMaxBytes, clock = processClock, log = silent } = options
    this.#descriptor = descriptor
    this.#path = path
    this.#clock = clock
    this.#began = clock.now()
    this.#log = log
    this.#thread = new LineThread(
      { fd: descriptor, maxBytes },
      {
        full: () => this.#giveUp('full', 'The recording is full, and ends here'),
        fault: (error) => this.#giveUp('failed', 'The recording cannot be written, and ends here', error),
      },
    )
    this.#buffer = this.#thread.newPage()
    this.#page = new RowBuffer(this.#buffer, (needed) => this.#turn(needed))
    this.#writer = new EntryWriter(this.#page)
  }

  /**
   * Begins a recording; a file that is there is written over, and its owner's alone from then on.
   * @throws (rejects) the system's error: it cannot be written
   */
  static async open(path: string, options: RecorderOptions): Promise<Recorder> {
    const { client, nodes, forks } = options
    const recorder = new Recorder(openPrivate(path, 'replace'), path, options)
    const heading: Heading = {
      ...{ format: recordingFormat, version: recordingVersion, client, startedAt: new Date().toISOString() },
      ...(nodes && { nodes }),
      ...(forks && { forks }),
    }
    recorder.#writer.begin(heading)
    recorder.#timer = recorder.#startTimer()
    return recorder
  }

  /**
   * Records a feed from here on. Actors that already live cannot be replayed, so be early.
   * @param node its name, where there are several
   */
  follow(feed: Feed, node?: string): void {
    const cast = this.#writer.cast(node)
    this.#unfollow.push(
      feed.subscribe((entry, live) => {
        this.#writer.write(this.#clock.now() - this.#began, entry, live, cast)
        this.#timer ??= this.#startTimer()
      }, 'recorder'),
    )
  }

  /** Resolves when everything is in the file. */
  async close(): Promise<void> {
    this.#stop()
    this.#clock.clearTimeout(this.#timer)
    if (this.#ended !== 'failed') this.#writer.end({ ended: this.#ended ?? 'closed' })
    this.#page.turn()
    await this.#thread.close()
    closeSync(this.#descriptor)
  }

  #startTimer(): unknown {
    return this.#clock.setTimeout(() => this.#flush(), flushInterval)
  }

  /** While the thread has work, the page may as well grow. */
  #flush(): void {
    this.#timer = undefined
    if (this.#thread.waiting > 0) this.#timer = this.#startTimer()
    else this.#page.turn()
  }

  /** Hands the page over. @returns one with room for `needed` bytes */
  #turn(needed: number): SharedArrayBuffer {
    if (this.#page.used > 0) {
      this.#thread.write(this.#buffer, this.#page.used)
      this.#buffer = this.#thread.newPage(needed)
      if (this.#thread.waiting > mostWaiting)
        this.#giveUp('slow', 'The disk is slower than what is recorded: it ends here')
    } else if (needed > this.#buffer.byteLength) this.#buffer = this.#thread.newPage(needed)
    return this.#buffer
  }

  #giveUp(ended: Ended, why: string, error?: Error): void {
    if (this.#ended === undefined) this.#log.warn(why, { file: this.#path, ...(error && { err: error.message }) })
    this.#ended ??= ended
    this.#stop()
  }

  #stop(): void {
    for (const end of this.#unfollow.splice(0)) end()
  }
}

type Ended = RecordingEnd['ended'] | 'failed'

const defaultMaxBytes = 1 << 30
const mostWaiting = 64 << 20
/** Milliseconds. */
const flushInterval = 100
