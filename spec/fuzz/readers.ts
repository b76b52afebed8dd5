import fc, { type Arbitrary } from 'fast-check'
import { Fault, longestStep, processorTime, type Target } from './target.ts'

/** What reads something that others made, and the errors that it documents for when it cannot. */
export type Reader<Input = never> = {
  readonly inputs: Arbitrary<Input>
  read(input: Input): unknown
  readonly errors: readonly (abstract new (...args: never) => Error)[]
}

export type Readers = Readonly<Record<string, Reader>>

export const reader = <Input>(
  inputs: Arbitrary<Input>,
  read: (input: Input) => unknown,
  ...errors: Reader['errors']
): Reader => ({ inputs, read, errors }) as Reader<Input> as unknown as Reader

type Reading = { readonly name: string; readonly input: unknown }

/**
 * All readers in turn: each takes what it reads, or refuses it in the way that it documents.
 * @param clock of the processor's time, in milliseconds
 */
export function readersTarget(readers: Readers, clock = processorTime): Target<Reading> {
  const kinds = Object.entries(readers).map(([name, { inputs }]) =>
    (inputs as Arbitrary<unknown>).map((input): Reading => ({ name, input })),
  )
  const take = async ({ name, input }: Reading): Promise<number> => {
    const { read, errors } = readers[name]!
    const began = clock()
    try {
      await read(input as never)
    } catch (error) {
      if (!errors.some((documented) => error instanceof documented))
        throw new Fault('foreign error', `${name}: ${stackOf(error)}`, { cause: error })
    }
    return clock() - began
  }
  return {
    inputs: fc.oneof(...kinds),
    async try(reading) {
      // What else the process does, as a collection of garbage, does not come up thrice.
      let least = Number.POSITIVE_INFINITY
      for (let i = 0; i < 3; i++) {
        least = Math.min(least, await take(reading))
        if (least <= longestStep) return
      }
      throw new Fault('step', `${reading.name}: it took ${Math.round(least)} ms of the processor`)
    },
  }
}

const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error))
