import { type Bug, bugs } from '../actors/supervision.ts'

// A node outlives most bugs; a spec does not: whatever bug came up in it fails it.

const seen: Bug[] = []
bugs.subscribe((bug) => seen.push(bug as Bug))

/** @returns the bugs that came up until now, which the spec planted itself */
export const plantedBugs = (): Bug[] => seen.splice(0)

export const mochaHooks = {
  afterEach() {
    const [bug] = seen.splice(0)
    if (bug) throw new Error(`a bug came up in ${bug.actor}`, { cause: bug.error })
  },
}
