import { expect } from 'chai'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import type { Provocation, World } from './provocation.ts'
import { provocations } from './provocations.ts'
import { type Outcome, provoke } from './provoke.ts'

type Trial = { readonly provocation: Provocation; readonly version: EthVersion }

/**
 * One spec for each row and version of a table of provocations, in the suite that calls it. They run at once, so that
 * those that take half a minute take it together.
 *
 * @param world known once the suite's own `before` hooks are done
 */
export function itBehavesAsGeth(
  world: () => World,
  versions: readonly EthVersion[],
  rows: readonly Provocation[] = provocations,
): void {
  const trials = rows.flatMap((provocation) =>
    provocation.versions.filter((version) => versions.includes(version)).map((version) => ({ provocation, version })),
  )
  const outcomes = new Map<Trial, Promise<Outcome>>()

  before(() => {
    const run = limiter(maxAtOnce)
    for (const trial of trials) {
      const { provocation, version } = trial
      const isSlow = slow.test(provocation.name)
      const outcome = isSlow
        ? provoke(provocation, version, world())
        : run(() => provoke(provocation, version, world()))
      outcome.catch(() => {}) // its own spec reports it
      outcomes.set(trial, outcome)
    }
  })

  for (const trial of trials) {
    const { provocation, version } = trial
    it(`${provocation.name}, eth/${version}: ${provocation.sends}`, async function () {
      this.timeout(45_000)
      const { hears, mayHear, ends, after } = provocation.expects(world(), version)
      const { took, ...outcome } = await outcomes.get(trial)!
      const isLonger = mayHear !== undefined && outcome.hears.length > hears.length
      expect(outcome).to.deep.equal({ hears: isLonger ? [...hears, mayHear] : hears, ends })
      if (after) expect(took).to.be.within(after.atLeast, after.atMost)
    })
  }
}

const maxAtOnce = 8
/** They mostly wait. */
const slow = /silence|idle|stall|watch|half|drip/

/** @returns a function that starts its argument when fewer than `max` are running */
function limiter(max: number): <Result>(start: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (start) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve))
    running++
    try {
      return await start()
    } finally {
      running--
      waiting.shift()?.()
    }
  }
}
