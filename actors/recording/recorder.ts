import { type FileHandle, open } from 'node:fs/promises'
import type { Feed } from '../feed.ts'
import { type Logger, silent } from '../log.ts'
import { Cast, EntryWriter } from './entry-writer.ts'
import { LinePage } from './line-page.ts'
import { LineThread } from './line-thread.ts'
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
 * them, births and deaths of actors. It stops, and says so, when the file is full or the disk does not keep up. Here
 * only what an entry has for itself is put to prepared text; checksums, base64 and the file are another thread's.
 */
export class Recorder {
  readonly #file: FileHandle
  readonly #path: string
  readonly #maxBytes: number
  readonly #log: Logger
  readonly #now: () => number
  readonly #began: number
  readonly #thread: LineThread
  readonly #page: LinePage
  readonly #writer: EntryWriter
  /** BOUNDED: by the feeds that are followed. */
  readonly #unfollow: (() => void)[] = []
  /** Of all lines, in the file or on their way. */
  #bytes = 0
  #seq = 0
  #timer: NodeJS.Timeout | undefined
  /** Why nothing more is recorded. */
  #ended: string | undefined

  private constructor(file: FileHandle, path: string, options: RecorderOptions) {
    const { maxBytes = defaultMaxBytes, now = () => performance.now(), log = silent } = options
    this.#file = file
    this.#path = path
    this.#maxBytes = maxBytes
    this.#now = now
    this.#began = now()
    this.#log = log
    this.#thread = new LineThread(file.fd, (error) => this.#giveUp(cannotWrite, error))
    this.#page = new LinePage(this.#thread.newPage())
    this.#writer = new EntryWriter(this.#page)
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
    recorder.#add(() => recorder.#writer.writeObject(heading))
    return recorder
  }

  /**
   * Records a feed from here on. Actors that already live cannot be replayed, so be early.
   * @param node its name, where there are several
   */
  follow(feed: Feed, node?: string): void {
    const cast = new Cast(node)
    this.#unfollow.push(
      feed.subscribe((entry, live) => {
        const at = this.#now() - this.#began
        const seq = ++this.#seq
        this.#add(() => this.#writer.write(seq, at, entry, live, cast))
      }),
    )
  }

  /** Resolves when everything is in the file. */
  async close(): Promise<void> {
    this.#stop()
    clearTimeout(this.#timer)
    this.#turn()
    await this.#thread.close()
    await this.#file.close()
  }

  /** @param write puts a line on the page, and is called again when it has no room there */
  #add(write: () => number): void {
    this.#bytes += write()
    if (this.#bytes > this.#maxBytes) {
      this.#giveUp('The recording is full, and ends here')
      return
    }
    if (!this.#page.keep()) {
      this.#turn(this.#page.needed)
      write()
      this.#page.keep()
    }
    this.#timer ??= setTimeout(() => this.#flush(), flushInterval)
  }

  /** While the thread has work, the page may as well grow. */
  #flush(): void {
    this.#timer = undefined
    if (this.#thread.waiting > 0) this.#timer = setTimeout(() => this.#flush(), flushInterval)
    else this.#turn()
  }

  /** Hands the page over, and begins one with room for `needed` bytes. */
  #turn(needed?: number): void {
    if (this.#page.used > 0) this.#thread.write(this.#page.bytes, this.#page.used)
    this.#page.turn(this.#thread.newPage(needed))
    if (this.#thread.waiting > mostWaiting) this.#giveUp('The disk is slower than what is recorded: it ends here')
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

const cannotWrite = 'The recording cannot be written, and ends here'
const defaultMaxBytes = 1 << 30
const mostWaiting = 64 << 20
/** Milliseconds. */
const flushInterval = 100
