import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock } from './runtime.ts'

export type ReclaimerOptions = {
  worked(): number
  collect?(): void
  /** Of all objects, garbage too. */
  heapBytes?(): number
}

/**
 * Has garbage collected once much input has passed, or the heap has grown by it, and nothing more comes. V8 collects when
 * memory is asked for: what a flood leaves behind would stay as long as the node is quiet.
 */
export class Reclaimer {
  readonly #clock: Clock
  readonly #collect: () => void
  readonly #heapBytes: () => number
  readonly #worked: () => number
  /** After the last collection. */
  #heap: number
  /** Bytes since the last collection, and since the last look. */
  #passed = 0
  #recent = 0
  /** V8 gives back what a collection has emptied with the next one: without it a heap of 80 MB stays with 3 MB in it. */
  #isSecondDue = false
  /** Milliseconds of work, until the next look was set. */
  #workedThen = 0
  #timer: unknown

  /** @param worked milliseconds of work since any time: what has come may take long, and nothing is garbage yet */
  constructor(clock: Clock, { worked, collect = collectGarbage, heapBytes = heapSize }: ReclaimerOptions) {
    this.#clock = clock
    this.#collect = collect
    this.#heapBytes = heapBytes
    this.#heap = heapBytes()
    this.#worked = worked
  }

  /** So much input is not held any more. */
  passed(bytes: number): void {
    this.#passed += bytes
    this.#recent += bytes
    if (this.#passed >= little && this.#timer === undefined) this.#lookLater()
  }

  close(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#passed = 0
  }

  #lookLater(): void {
    this.#workedThen = this.#worked()
    this.#timer = this.#clock.setTimeout(() => this.#look(), quiet)
  }

  #look(): void {
    this.#timer = undefined
    const isQuiet = this.#recent < little && this.#worked() - this.#workedThen < littleWork
    this.#recent = 0
    const isDue = this.#passed >= enough || this.#heapBytes() - this.#heap >= enough
    if (isQuiet && (isDue || this.#isSecondDue)) {
      this.#isSecondDue = isDue
      this.#passed = 0
      this.#collect()
      this.#heap = this.#heapBytes()
    }
    if (!isQuiet || this.#isSecondDue) this.#lookLater()
  }
}

const enough = 32 << 20
/** Input: a mebibyte of transactions takes fifty of heap while a block is verified. */
const little = 1 << 20
/** Milliseconds. */
const quiet = 2_000
const littleWork = 100

const heapSize = () => getHeapStatistics().total_heap_size

/** What `--expose-gc` gives, without a flag at the start of the process. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  gc()
}
