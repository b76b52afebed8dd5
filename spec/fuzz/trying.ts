import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import fc, { type Arbitrary } from 'fast-check'
import { Fault, type FaultKind, type Target } from './target.ts'

/** What was found: the inputs that showed it first, and how often it came up. */
export type Finding = {
  readonly kind: FaultKind
  readonly what: string
  /** Numbers of the first and the last input after which it showed. */
  readonly inputs: readonly [first: number, last: number]
  readonly times: number
}

export type Trial = {
  readonly name: string
  readonly seed: number
  /** Number of the first input. @default 0 */
  readonly first?: number
  /** How many. @default as many as there is time for */
  readonly count?: number
  /** Asked before each input. */
  readonly isOver?: () => boolean
  /** The input of this number is about to be taken. */
  readonly onInput?: (index: number) => void
}

/**
 * Tries inputs that follow from seed, name and number alone, so that each can be tried again.
 * @param open makes the target; once more after a fault, when it is something that runs
 */
export async function tryInputs<Input>(
  open: () => Promise<Target<Input>>,
  { name, seed, first = 0, count = Number.POSITIVE_INFINITY, isOver = () => false, onInput = () => {} }: Trial,
): Promise<{ inputs: number; found: readonly Finding[] }> {
  const findings = new Findings()
  const stray = new StrayErrors()
  const attempt = async (inputs: Finding['inputs'], action: () => unknown) => {
    const fault = (await faultOf(action)) ?? stray.take()
    if (fault) findings.add(fault, inputs)
    return fault === undefined
  }
  let index = first
  const goesOn = () => index < first + count && !findings.areMany && !isOver()
  try {
    while (goesOn()) {
      const target = await open()
      const start = index
      for (let isSound = true; isSound && goesOn(); ) {
        const from = index
        for (; isSound && index < from + inputsPerLook && goesOn(); index++) {
          onInput(index)
          const input = inputAt(target.inputs, `${seed} ${name} ${index}`)
          const isFine = await attempt([index, index], () => target.try(input))
          isSound = isFine || !target.check
        }
        if (target.check && index > from)
          isSound = (await attempt([from, index - 1], () => target.check?.())) && isSound
      }
      await attempt([start, Math.max(start, index - 1)], () => target.close?.())
    }
  } finally {
    stray.close()
  }
  return { inputs: index - first, found: findings.all }
}

const inputsPerLook = 32

/** @returns the same input for the same name in every run */
function inputAt<Input>(inputs: Arbitrary<Input>, name: string): Input {
  const seed = createHash('sha256').update(name).digest().readInt32BE()
  return fc.sample(inputs, { seed, numRuns: 1 })[0]!
}

async function faultOf(action: () => unknown): Promise<Fault | undefined> {
  try {
    await action()
    await turn() // unhandled rejections are known then
    return undefined
  } catch (error) {
    return error instanceof Fault ? error : new Fault('foreign error', stackOf(error), { cause: error })
  }
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))

/** What a promise failed with that nothing waits for, or a callback threw. */
class StrayErrors {
  /** BOUNDED: what one input throws. */
  readonly #errors: unknown[] = []
  readonly #note = (error: unknown) => this.#errors.push(error)

  constructor() {
    process.on('unhandledRejection', this.#note).on('uncaughtException', this.#note)
  }

  take(): Fault | undefined {
    const [error] = this.#errors.splice(0)
    return error === undefined ? undefined : new Fault('unhandled rejection', stackOf(error), { cause: error })
  }

  close(): void {
    process.off('unhandledRejection', this.#note).off('uncaughtException', this.#note)
  }
}

class Findings {
  /** BOUNDED: mostFindings; by kind and first line. */
  readonly #found = new Map<string, Finding>()

  get all(): readonly Finding[] {
    return [...this.#found.values()]
  }

  get areMany(): boolean {
    return this.#found.size >= mostFindings
  }

  add({ kind, message: what }: Fault, inputs: Finding['inputs']): void {
    const key = `${kind} ${what.split('\n', 1)[0]!.replace(/\d+/g, '')}`
    const known = this.#found.get(key)
    this.#found.set(key, known ? { ...known, times: known.times + 1 } : { kind, what, inputs, times: 1 })
  }
}

/** Of one target: then there is enough to do. */
const mostFindings = 20
