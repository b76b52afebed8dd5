import { expect } from 'chai'
import fc from 'fast-check'
import { type AnyMachineSnapshot, type AnyStateMachine, createActor, initialTransition, transition } from 'xstate'
import { nodesOf } from '../chart.ts'
import { walkSubjects } from './walk-subjects.ts'

describe('on a walk of random events', () => {
  for (const { machine, input, events, first = [], last = [], holds } of walkSubjects)
    describe(machine.id, () => {
      const nodes = new Set(nodesOf(machine.root))
      const delays = nodesOf(machine.root).flatMap((node) => [...node.transitions.keys()].filter(isDelay))
      const steps = fc.array(fc.constantFrom(...events, ...delays.map((type) => ({ type }))), { maxLength: 60 })
      const walks = fc.tuple(fc.boolean(), steps).map(([isLed, steps]) => (isLed ? [...first, ...steps] : steps))

      it('is given every event that the chart knows', () => {
        const given = new Set(events.map(({ type }) => type))
        const raised = raisedBy(machine)
        const isOwn = (type: string) => type.startsWith('xstate.') || raised.has(type)
        expect(machine.events.filter((type) => !isOwn(type) && !given.has(type))).to.deep.equal([])
      })
      it('never throws, stays in its states and its bounds, and has no effect without a name', () =>
        fc.assert(
          fc.property(walks, (walk) => {
            let [snapshot, effects] = begin(machine, input)
            for (const event of walk) {
              ;[snapshot, effects] = transition(machine, snapshot as never, event) as unknown as Step
              expect(snapshot.status).to.not.equal('error')
              for (const node of snapshot._nodes) expect(nodes.has(node)).to.equal(true)
              expect(unnamed(machine, effects)).to.deep.equal([])
              holds?.(snapshot.context)
            }
          }),
          { seed: 1, numRuns: 200 },
        ))
      if (Object.values(machine.states).some(({ type }) => type === 'final'))
        it('is silent once it has ended', () => {
          const some = fc.array(fc.constantFrom(...events), { maxLength: 3 })
          const ending = fc.tuple(some, steps).map(([some, steps]) => [...first, ...some, ...last, ...steps])
          let ends = 0
          fc.assert(
            fc.property(ending, (walk) => {
              let calls = 0
              const ports = new Proxy({}, { get: () => () => void calls++ })
              const actor = createActor(machine, { clock: stoppedClock, input: { ...(input as object), ports } })
              actor.start()
              for (const event of walk) {
                const wasDone = actor.getSnapshot().status === 'done'
                const before = calls
                actor.send(event)
                if (wasDone) expect(calls).to.equal(before)
                if (wasDone) ends++
              }
              actor.stop()
            }),
            { seed: 2, numRuns: 200 },
          )
          expect(ends).to.be.greaterThan(0, 'no walk came to an end')
        })
    })
})

type Step = [snapshot: AnyMachineSnapshot, effects: { type: string }[]]

/** A chart's delays are among the events. */
const stoppedClock = { setTimeout() {}, clearTimeout() {} }

/** @returns the types of the events that a chart's own actions raise */
function raisedBy({ implementations }: AnyStateMachine): Set<string> {
  const raises = Object.values(implementations.actions).flatMap((run) => (run && 'event' in run ? [run.event] : []))
  const events = raises.map((event) => (typeof event === 'function' ? event({}, {}) : event))
  return new Set(events.map(({ type }: { type: string }) => type))
}

function isDelay(event: string): boolean {
  return event.startsWith('xstate.after.')
}

function begin(machine: AnyStateMachine, input: unknown): Step {
  return initialTransition(machine, input as never) as unknown as Step
}

function unnamed({ implementations }: AnyStateMachine, effects: Step[1]): string[] {
  return effects
    .map(({ type }) => type)
    .filter((type) => !(type in implementations.actions) && !type.startsWith('xstate.'))
}
