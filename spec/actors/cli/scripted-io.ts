import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Io, Signal } from '../../../actors/cli/io.ts'

/** A process under the spec's control. */
export class ScriptedIo implements Io {
  readonly stdin = new PassThrough()
  readonly stdout = new Written()
  readonly stderr = new Written()
  readonly env: NodeJS.ProcessEnv = {}
  readonly signals = new EventEmitter()
  readonly createNode: Io['createNode']
  exitCode: number | undefined
  /** The wall clock, in ms. */
  now = Date.now

  constructor(createNode: Io['createNode'] = () => Promise.reject(new Error('no node was to be made'))) {
    this.createNode = createNode
  }

  exit(code: number): void {
    this.exitCode ??= code
  }

  signal(signal: Signal): void {
    this.signals.emit(signal)
  }

  get listening(): number {
    return this.signals.listenerCount('SIGINT') + this.signals.listenerCount('SIGTERM')
  }
  get out(): string {
    return this.stdout.text
  }
  get err(): string {
    return this.stderr.text
  }
}

/** What was written to a stream. */
export class Written {
  readonly isTTY: boolean
  text = ''
  #wake = () => {}

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): void {
    this.text += text
    this.#wake()
  }

  /** @returns the first line that is like `pattern`, once it is written */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.text.split('\n').find((line) => pattern.test(line))
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
