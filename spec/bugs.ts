import type { Bug } from '../actors/runtime/runtime.ts'
import { bugs } from '../actors/runtime/supervision.ts'

// A node outlives most bugs; a spec does not: whatever bug came up in it fails it, and the next one runs.

const seen: Bug[] = []
bugs.subscribe((bug) => seen.push(bug as Bug))

/** @returns the bugs that came up until now, which the spec planted itself */
export const plantedBugs = (): Bug[] => seen.splice(0)

export const mochaHooks = {
  afterEach(this: Mocha.Context) {
    const error = failure()
    // Thrown by a hook of all specs it would end the run. What a hook is given to say is of its spec alone.
    if (error) (this.test as Mocha.Hook).error(error)
  },
  /** What came up after the last spec, in a hook of its suite. */
  afterAll() {
    const error = failure()
    if (error) throw error
  },
}

function failure(): Error | undefined {
  const [bug] = seen.splice(0)
  return bug && new Error(`a bug came up in ${bug.actor}`, { cause: bug.error })
}
