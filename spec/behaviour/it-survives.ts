import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { Subject, Vitals } from '../support/subject.ts'
import type { Attack } from './attack.ts'
import { attacks } from './attacks.ts'
import { Bystander } from './bystander.ts'

/**
 * One spec for each attack, in the suite that calls it: the node does what geth does, a bystander loses no answer, memory
 * stays within the attack's bound, and no connection or timer is left. How long its answers take is measured by
 * `bench -- siege`.
 *
 * @param subject known once the suite's own `before` hooks are done
 */
export function itSurvives(subject: () => Subject): void {
  let bystander: Bystander
  let calm: Vitals
  before(async () => {
    bystander = await Bystander.join(subject().enode)
    calm = await subject().vitals()
  })
  after(() => bystander?.leave())

  for (const attack of attacks)
    it(attack.name, async function () {
      this.timeout((attack.timeout ?? 10_000) + recovery)
      const before = await subject().vitals()
      await bystander.during(() => attack.run(subject()))
      const { peak } = await subject().vitals()
      const after = await calmed(attack, before)
      if (peak !== undefined && before.peak !== undefined)
        expect(peak - before.peak, 'growth of the process').to.be.below(maxPeakGrowth)
      expect(after.memory - before.memory, 'growth').to.be.below(attack.growth ?? defaultGrowth)
      expect(leftOver(after, calm), 'what is left').to.deep.equal([])
    })

  it('has no timer left', async function () {
    if (calm.timers === undefined) return this.skip()
    this.timeout(dialHistory + recovery)
    const deadline = performance.now() + dialHistory
    const timers = async () => (await subject().vitals()).timers
    while ((await timers())! > calm.timers + sharedTimers && performance.now() < deadline) await delay(500)
    expect(await timers()).to.be.at.most(calm.timers + sharedTimers)
  })

  /** @returns how it is once it is calm, or when the time is up */
  async function calmed(attack: Attack, before: Vitals): Promise<Vitals> {
    const deadline = performance.now() + recovery
    for (;;) {
      const now = await subject().vitals()
      const hasShrunk = now.memory - before.memory < (attack.growth ?? defaultGrowth)
      if ((hasShrunk && leftOver(now, calm).length === 0) || performance.now() > deadline) return now
      await delay(100)
    }
  }
}

/** @returns what there is more of `now` than there was, as text */
function leftOver(now: Vitals, calm: Vitals): string[] {
  return (['peers', 'sockets', 'actors'] as const)
    .filter((what) => (now[what] ?? 0) > (calm[what] ?? 0))
    .map((what) => `${now[what]} ${what}, of ${calm[what]}`)
}

/** Milliseconds that a node may take to forget an attack. */
const recovery = 8_000
const defaultGrowth = 32 << 20
/** What the process may take more at its worst moment. */
const maxPeakGrowth = 150 << 20
/** A node remembers for 35 s whom it has dialed. */
const dialHistory = 36_000
/** The one of all request deadlines, armed at the first request. */
const sharedTimers = 1
