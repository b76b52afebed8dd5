import { PerformanceObserver } from 'node:perf_hooks'
import { threadTime } from './thread-time.ts'

export type Steps = {
  /** The most of the processor's time, in milliseconds, that the main thread took between two looks at its sockets. */
  readonly step: number
  /** How much of that step was V8 collecting garbage, in milliseconds. */
  readonly gc: number
  /** The longest step without what V8 collected in it: another one, maybe. */
  readonly work: number
  /** The longest pause for garbage, as a clock has it: what others took of the core is in it. */
  readonly pause: number
}

/** Measures the steps of the main thread, from its first to the last look. */
export class StepMeter {
  /** The longest since the last `take`. BOUNDED: {@link most}. */
  #steps: Step[] = []
  /** Since the last `take`, as the clock has them: a collection is known before the step that it is in. BOUNDED: by who takes. */
  #collections: Collection[] = []
  #last = now()

  constructor() {
    new PerformanceObserver((list) => {
      for (const { startTime: start, duration } of list.getEntries()) this.#collections.push({ start, duration })
    }).observe({ entryTypes: ['gc'] })
    setInterval(() => this.#look(), resolution).unref()
  }

  /** What was until now is none of the next step. */
  restart(): void {
    this.#last = now()
  }

  /** @returns what was since it was asked for last */
  async take(): Promise<Steps> {
    await new Promise((resolve) => setTimeout(resolve, 10)) // the observer is called after the collection
    const collections = this.#collections
    const steps = this.#steps.map((step) => ({ ms: step.cpu, gc: gcOf(step, collections) }))
    const longest = steps.reduce((most, one) => (one.ms > most.ms ? one : most), { ms: 0, gc: 0 })
    const work = steps.reduce((most, { ms, gc }) => Math.max(most, ms - gc), 0)
    const pause = collections.reduce((most, { duration }) => Math.max(most, duration), 0)
    this.#steps = []
    this.#collections = []
    return { step: longest.ms, gc: longest.gc, work, pause }
  }

  #look(): void {
    const from = this.#last
    this.#last = now()
    const cpu = this.#last.cpu - from.cpu - resolution
    if (cpu < leastStep) return
    this.#steps.push({ from: from.clock, to: this.#last.clock, cpu })
    if (this.#steps.length > 2 * most) this.#steps = this.#steps.sort((a, b) => b.cpu - a.cpu).slice(0, most)
  }
}

/** Milliseconds: `from` and `to` as the clock has them, `cpu` of the thread. */
type Step = { readonly from: number; readonly to: number; readonly cpu: number }
type Collection = { readonly start: number; readonly duration: number }

/** A pause is known by the clock alone: where others took a part of the step, they took the same part of the pause. */
function gcOf({ from, to, cpu }: Step, collections: readonly Collection[]): number {
  const collected = collections.reduce(
    (sum, { start, duration }) => (from <= start && start < to ? sum + duration : sum),
    0,
  )
  return Math.min(cpu, collected * Math.min(1, cpu / (to - from)))
}

const now = () => ({ clock: performance.now(), cpu: threadTime() })

/** Milliseconds. */
const resolution = 1
const leastStep = 2
const most = 64
