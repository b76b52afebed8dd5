import { bugs } from '../actors/runtime/supervision.ts'

// Run under mocha by bugs.spec.ts: bugs in specs that would pass, in a hook of theirs, and behind the last of them.

const bug = (actor: string) => bugs.publish({ actor, error: new Error(`planted in ${actor}`), ends: 'connection' })

describe('a suite', () => {
  afterEach(function () {
    if (this.currentTest?.title === 'is clean, but for its hook') bug('hook')
  })
  it('has a bug', () => bug('spec'))
  it('has a bug, and fails anyway', () => {
    bug('failing')
    throw new Error('by itself')
  })
  it('is clean, but for its hook', () => {})
  it('is clean', () => {})
})
describe('another suite', () => {
  after(() => bug('end'))
  it('runs all the same', () => {})
})
