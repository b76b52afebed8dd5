import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from './runtime.ts'

/**
 * Has garbage collected once much input has passed and nothing more comes. V8 collects when memory is asked for: what a
 * flood leaves behind would stay as long as the node is quiet.
 */
export class Reclaimer {
  readonly #clock: Clock
  readonly #collect: () => void
  /** Bytes since the last collection, and since the last look. */
  #passed = 0
  #recent = 0
  #timer: unknown

  constructor(clock: Clock, collect: () => void = collectGarbage) {
    this.#clock = clock
    this.#collect = collect
  }

  /** So much input is not held any more. */
  passed(bytes: number): void {
    this.#passed += bytes
    this.#recent += bytes
    if (this.#passed >= enough) this.#timer ??= this.#clock.setTimeout(() => this.#look(), quiet)
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#passed = 0
  }

  #look(): void {
    this.#timer = undefined
    const isQuiet = this.#recent < little
    this.#recent = 0
    if (!isQuiet) this.#timer = this.#clock.setTimeout(() => this.#look(), quiet)
    else {
      this.#passed = 0
      this.#collect()
    }
  }
}

const enough = 32 << 20
const little = 1 << 20
/** Milliseconds. */
const quiet = 2_000

/** What `--expose-gc` gives, without a flag at the start of the process. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
}
