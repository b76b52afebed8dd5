import { expect } from 'chai'
import fc from 'fast-check'
import type { AnyEventObject, AnyStateMachine } from 'xstate'
import type { Bug } from '../../actors/runtime/runtime.ts'
import { startActor } from '../../actors/runtime/start-actor.ts'
import { publishBug } from '../../actors/runtime/supervision.ts'
import { VirtualClock } from '../../actors/simulation/virtual-clock.ts'
import type { FeedEntry } from '../../actors/trace/entries.ts'
import { Feed } from '../../actors/trace/feed.ts'
import { stateOf } from '../../machines/names/state-name.ts'
import { plantedBugs } from '../bugs.ts'
import { nodesOf } from '../chart.ts'
import { walkSubjects } from '../machines/walk-subjects.ts'
import { type Plant, plant, plantsOf } from './plants.ts'

// A bug is planted in every port and every guard of every chart, in an actor of it that a walk of events has come to there.

for (const machine of new Set(walkSubjects.map((subject) => subject.machine)))
  describe(`a bug in any port or guard of ${machine.id}`, function () {
    this.timeout(60_000)
    const plants = plantsOf(machine)
    let ways: ReadonlyMap<string, Way>
    before(() => {
      ways = waysTo(
        plants,
        walkSubjects.filter((subject) => subject.machine === machine),
      )
    })

    for (const ends of ['connection', 'node'] as const)
      it(`ends its actor, whole and alone, and is reported as one that ends the ${ends}`, () => {
        expect(
          plants.map(keyOf).filter((key) => !ways.has(key)),
          'no walk comes to',
        ).to.deep.equal([])
        for (const one of plants) {
          const { subject, walk } = ways.get(keyOf(one))!
          using _bug = plant(machine, one, (actor) => actor !== 'another')
          const another = new Life(subject, ends, 'another')
          const life = new Life(subject, ends)
          for (const event of walk) life.actor.send(event)
          const { bugs, crashed, feed, entries, clock, callsAfter } = life
          plantedBugs()
          expect(bugs, one.name).to.have.length(1)
          expect(`${bugs[0]!.actor} ${bugs[0]!.ends}: ${bugs[0]!.error}`, one.name)
            .to.match(new RegExp(`^it ${ends}: `))
            .and.match(new RegExp(`planted in ${one.name}$`)) // of a guard XState says where
          expect(crashed).to.deep.equal(ends === 'connection' ? [bugs[0]!.error] : [])
          expect(feed.actors, 'actors left').to.deep.equal([])
          expect(clock.pending, 'timers left').to.equal(0)
          expect(callsAfter, 'calls of a dead actor').to.equal(0)
          expect(entries.slice(-2).map(({ type }) => type)).to.deep.equal(['bug', 'actor.stopped'])
          // XState does not pass a guard its actor.
          if (one.kind === 'actions') expect(another.actor.getSnapshot().status).to.not.equal('error')
        }
      })
  })

type Subject = (typeof walkSubjects)[number]
type Walk = readonly AnyEventObject[]

/** An actor of a chart, and what is seen of it. */
class Life {
  readonly actor: ReturnType<typeof startActor<AnyStateMachine>>
  readonly feed = new Feed()
  readonly clock = new VirtualClock()
  readonly entries: FeedEntry[] = []
  readonly bugs: Bug[] = []
  readonly crashed: unknown[] = []
  callsAfter = 0

  constructor({ machine, input }: Subject, ends: 'connection' | 'node', id = 'it') {
    const { feed, clock, bugs } = this
    feed.subscribe((entry) => this.entries.push(entry))
    const ports = new Proxy({}, { get: () => () => void (bugs.length > 0 && this.callsAfter++) })
    const supervisor = (bug: Bug) => {
      bugs.push(bug)
      publishBug(feed, bug)
    }
    this.actor = startActor({ feed, clock, supervisor }, machine, {
      ...{ id, input: { ...(input as object), ports } as never },
      ...(ends === 'connection' && { crashed: (error) => this.crashed.push(error) }),
    })
  }
}

/** The events that bring an actor of a subject somewhere. */
type Way = { readonly subject: Subject; readonly walk: Walk }

/** @returns for each port and guard, by {@link keyOf}, how it is come to */
function waysTo(plants: readonly Plant[], subjects: readonly Subject[]): Map<string, Way> {
  const ways = new Map<string, Way>()
  for (const subject of subjects)
    explore(plants, subject, (one, walk) => {
      if (!ways.has(keyOf(one))) ways.set(keyOf(one), { subject, walk })
      return ways.size === plants.length
    })
  return ways
}

/** Walks by events drawn from a seed, and goes on from where something new was found. @param found says when that is all */
function explore(plants: readonly Plant[], subject: Subject, found: (one: Plant, walk: Walk) => boolean): void {
  const { machine, events, first = [] } = subject
  const delays = nodesOf(machine.root).flatMap((node) => [...node.transitions.keys()].filter(isDelay))
  const all = [...events, ...delays.map((type) => ({ type }))]
  const types = [...new Set(all.map(({ type }) => type))]
  const ofType = types.map((type) => fc.constantFrom(...all.filter((event) => event.type === type)))
  const steps = fc.array(fc.oneof(...ofType), { minLength: 1, maxLength: 8 })
  const seen = new Set<string>()
  const begun: Walk[] = [[], first]
  let isOver = false
  for (const [i, more] of fc.sample(steps, { seed: 3, numRuns: mostWalks }).entries()) {
    if (isOver) return
    const planted = plants.map((one) => plant(machine, one, () => true, false))
    const { actor } = new Life(subject, 'node')
    const walk: AnyEventObject[] = []
    const look = () => {
      let isNew = false
      const note = (what: string) => {
        if (!seen.has(what)) isNew = true
        seen.add(what)
        return isNew
      }
      for (const [at, one] of plants.entries())
        if (planted[at]!.count > 0 && !seen.has(keyOf(one)) && note(keyOf(one))) isOver = found(one, [...walk])
      note(stateOf(actor))
      if (isNew && actor.getSnapshot().status === 'active') begun.push([...walk])
    }
    look()
    // The newest beginnings are the deepest: every other walk is one of those.
    const at = i % 2 === 0 ? (i / 2) % begun.length : begun.length - 1 - (((i - 1) / 2) % Math.min(begun.length, 8))
    for (const event of [...begun[at]!, ...more]) {
      walk.push(event)
      actor.send(event)
      look()
    }
    for (const one of planted) one[Symbol.dispose]()
    actor.stop()
  }
}

const mostWalks = 2_000

function keyOf({ kind, name }: Plant): string {
  return `${kind} ${name}`
}

function isDelay(event: string): boolean {
  return event.startsWith('xstate.after.')
}
