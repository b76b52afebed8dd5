import { writeSync } from 'node:fs'
import type { Target } from './target.ts'
import { type TargetName, targets } from './targets.ts'
import { type Trial, tryInputs } from './trying.ts'

// The process of one target: what hangs in it, or ends it, does not hang or end the fuzzer.

export type Order = Pick<Trial, 'seed' | 'first' | 'count'> & {
  readonly name: TargetName
  /** Milliseconds until no more input is begun. */
  readonly time: number | undefined
}

/** Where the number of the input stands that is tried, for when nothing else is heard any more: see fuzz.ts. */
const noteDescriptor = 4
let isStopped = false

process.on('disconnect', () => process.exit())
process.once('message', async ({ name, time, ...trial }: Order) => {
  process.on('message', () => {
    isStopped = true
  })
  const end = time === undefined ? Number.POSITIVE_INFINITY : performance.now() + time
  const tried = await tryInputs(targets[name] as () => Promise<Target>, {
    ...{ ...trial, name },
    isOver: () => isStopped || performance.now() >= end,
    onInput: (index) => writeSync(noteDescriptor, String(index).padEnd(16), 0),
  })
  process.send!(tried, () => process.exit())
})
