import { type FileHandle, open } from 'node:fs/promises'
import type { Feed } from '../feed.ts'
import { type Logger, silent } from '../log.ts'
import { fullName, keep, toLine } from './feed-lines.ts'
import { formatLine } from './line-text.ts'
import { type Heading, recordingFormat, recordingVersion } from './lines.ts'

export type RecorderOptions = Pick<Heading, 'client' | 'nodes' | 'forks'> & {
  /** Bytes of the file at most. @default 1 GiB */
  readonly maxBytes?: number
  /** Milliseconds, monotonic. @default those of the process */
  readonly now?: () => number
  readonly log?: Logger
}

/**
 * Writes what feeds tell to a file: every message with its payload, every transition with its event, a timer's among
 * them, births and deaths of actors. It stops, and says so, when the file is full or the disk does not keep up.
 */
export class Recorder {
  readonly #file: FileHandle
  readonly #path: string
  readonly #maxBytes: number
  readonly #log: Logger
  readonly #now: () => number
  readonly #began: number
  /** BOUNDED: by the feeds that are followed. */
  readonly #unfollow: (() => void)[] = []
  /** BOUNDED: mostWaiting characters. */
  #waiting: string[] = []
  #waitingLength = 0
  #written = 0
  #seq = 0
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  /** Why nothing more is written. */
  #ended: string | undefined

  private constructor(file: FileHandle, path: string, options: RecorderOptions) {
    const { maxBytes = defaultMaxBytes, now = () => performance.now(), log = silent } = options
    this.#file = file
    this.#path = path
    this.#maxBytes = maxBytes
    this.#now = now
    this.#began = now()
    this.#log = log
  }

  /**
   * Begins a recording; a file that is there is written over.
   * @throws (rejects) the system's error: it cannot be written
   */
  static async open(path: string, options: RecorderOptions): Promise<Recorder> {
    const { client, nodes, forks } = options
    const recorder = new Recorder(await open(path, 'w', 0o600), path, options)
    const heading: Heading = {
      ...{ format: recordingFormat, version: recordingVersion, client, startedAt: new Date().toISOString() },
      ...(nodes && { nodes }),
      ...(forks && { forks }),
    }
    recorder.#write(formatLine(heading))
    return recorder
  }

  /**
   * Records a feed from here on. Actors that already live cannot be replayed, so be early.
   * @param node its name, where there are several
   */
  follow(feed: Feed, node?: string): void {
    const end = feed.subscribe((entry, live) => {
      const at = this.#now() - this.#began
      const parent = entry.type === 'actor.started' && entry.parent !== undefined ? entry.parent : undefined
      const place = { seq: ++this.#seq, at, node, actor: fullName(node, entry.actor) }
      const kept = keep(entry, live, { ...place, parent: parent && fullName(node, parent) }, live.payload)
      this.#write(formatLine(toLine(kept)))
    })
    this.#unfollow.push(end)
  }

  /** Resolves when everything is in the file. */
  async close(): Promise<void> {
    this.#stop()
    while (this.#waiting.length > 0 || this.#writing) await this.#flush()
    await this.#file.close()
  }

  #write(text: string): void {
    if (this.#written + this.#waitingLength + text.length > this.#maxBytes) {
      this.#giveUp('The recording is full, and ends here')
      return
    }
    this.#waiting.push(text)
    this.#waitingLength += text.length
    if (this.#waitingLength > mostWaiting) this.#giveUp('The disk is slower than what is recorded: it ends here')
    else if (this.#waitingLength >= flushLength) void this.#flush()
    else this.#timer ??= setTimeout(() => void this.#flush(), flushInterval)
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.length > 0)
      this.#writing ??= this.#writeAll().finally(() => {
        this.#writing = undefined
      })
    return this.#writing ?? Promise.resolve()
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const text = this.#waiting.join('')
        this.#waiting = []
        this.#waitingLength = 0
        this.#written += Buffer.byteLength(text)
        await this.#file.appendFile(text)
      }
    } catch (error) {
      this.#waiting = []
      this.#waitingLength = 0
      this.#giveUp('The recording cannot be written, and ends here', error as Error)
    }
  }

  #giveUp(why: string, error?: Error): void {
    if (this.#ended === undefined) this.#log.warn(why, { file: this.#path, ...(error && { err: error }) })
    this.#ended ??= why
    this.#stop()
  }

  #stop(): void {
    for (const end of this.#unfollow.splice(0)) end()
  }
}

const defaultMaxBytes = 1 << 30
const flushLength = 64 * 1024
const mostWaiting = 64 << 20
/** Milliseconds. */
const flushInterval = 100
