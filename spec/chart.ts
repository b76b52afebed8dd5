import {
  type AnyEventObject,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type EventFromLogic,
  getInitialMicrosteps,
  getMicrosteps,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import { edgeName, transitionsOf } from '../machines/names/edge-name.ts'
import { describeState } from '../machines/names/state-name.ts'

type ContextOf<Machine extends AnyStateMachine> =
  SnapshotFrom<Machine> extends { context: infer Context } ? Context : never
export type Effect = readonly [name: string, params: unknown]
export type Step<Machine extends AnyStateMachine> = {
  /** Active states as text: `running.(keepalive.quiet writing.flowing)`. */
  readonly state: string
  /** Effects of the last event, by name with their params, in order. */
  readonly effects: Effect[]
  readonly context: ContextOf<Machine>
  readonly snapshot: SnapshotFrom<Machine>
}

/** What the walks of a chart have touched. One for each chart, shared by every spec that walks it. */
export type ChartCoverage = {
  readonly machine: AnyStateMachine
  readonly entered: Set<string>
  readonly taken: Set<string>
}
const coverages = new Map<string, ChartCoverage>()
export const chartCoverage = (): ReadonlyMap<string, ChartCoverage> => coverages

/** Steps a chart as pure functions: no effect runs, every effect is seen, and what was touched is remembered. */
export class ChartWalk<Machine extends AnyStateMachine> {
  readonly #machine: Machine
  readonly #coverage: ChartCoverage

  constructor(machine: Machine) {
    this.#machine = machine
    this.#coverage = coverages.get(machine.id) ?? { machine, entered: new Set(), taken: new Set() }
    coverages.set(machine.id, this.#coverage)
  }

  /** States and transitions that no walk has touched, by name. */
  get untouched(): string[] {
    return untouched(this.#coverage)
  }

  /** Where `events` lead from the start. */
  from(input: InputFrom<Machine>, ...events: EventFromLogic<Machine>[]): Step<Machine> {
    this.#follow(getInitialMicrosteps(this.#machine, input as never) as never, initEvent)
    const [snapshot, actions] = initialTransition(this.#machine, input as never)
    return this.#steps(snapshot as SnapshotFrom<Machine>, actions, events)
  }

  /** Where `events` lead from a step taken before. */
  on(step: Step<Machine>, ...events: EventFromLogic<Machine>[]): Step<Machine> {
    return this.#steps(step.snapshot, [], events)
  }

  /**
   * @param state in which the delay runs, as a path: `running.keepalive.quiet`
   * @returns the event by which a chart hears that one of its delays is over
   */
  elapsed(delay: string, state: string): EventFromLogic<Machine> {
    const type = `xstate.after.${delay}.${this.#machine.id}.${state}`
    if (!this.#machine.events.includes(type)) throw new Error(`${this.#machine.id} has no such delay: ${type}`)
    return { type } as never
  }

  #steps(start: SnapshotFrom<Machine>, actions: readonly unknown[], events: EventFromLogic<Machine>[]): Step<Machine> {
    const machine: AnyStateMachine = this.#machine
    let snapshot = start as AnyMachineSnapshot
    let effects = actions as { type: string; params?: unknown }[]
    this.#enter(snapshot)
    for (const event of events) {
      this.#take(snapshot, event)
      this.#follow(getMicrosteps(machine, snapshot as never, event) as never, event)
      ;[snapshot, effects] = transition(machine, snapshot as never, event) as [AnyMachineSnapshot, never[]]
      this.#enter(snapshot)
    }
    return {
      state: describeState(snapshot.value),
      effects: effects.filter(({ type }) => !type.startsWith('xstate.')).map(({ type, params }) => [type, params]),
      context: snapshot.context,
      snapshot: snapshot as SnapshotFrom<Machine>,
    }
  }

  #enter(snapshot: AnyMachineSnapshot): void {
    for (const node of snapshot._nodes) this.#coverage.entered.add(node.id)
  }

  #take(snapshot: AnyMachineSnapshot, event: AnyEventObject): void {
    const transitions = (this.#machine as AnyStateMachine).getTransitionData(snapshot as never, event)
    for (const one of transitions) this.#coverage.taken.add(edgeName(one))
  }

  /** The way through one event: from state to state by what leaves it by itself, else by what was raised on the way. */
  #follow(microsteps: readonly Microstep[], event: AnyEventObject): void {
    const raised: AnyEventObject[] = []
    for (const [snapshot, actions] of microsteps) {
      for (const { type, params } of actions)
        if (type === 'xstate.raise' && params!.delay === undefined) raised.push(params!.event)
      if (this.#pass(snapshot, event) || snapshot.status !== 'active') continue
      const next = raised.shift()
      if (next) this.#take(snapshot, next)
    }
  }

  /** @returns whether the state is left by itself */
  #pass(snapshot: AnyMachineSnapshot, event: AnyEventObject): boolean {
    this.#enter(snapshot)
    let isLeft = false
    for (const node of snapshot._nodes) {
      const taken = node.always?.find((one) => isEnabled(this.#machine, one.guard as Guard, snapshot.context, event))
      if (!taken) continue
      this.#coverage.taken.add(edgeName(taken))
      isLeft = true
    }
    return isLeft
  }
}

type Microstep = readonly [
  snapshot: AnyMachineSnapshot,
  actions: readonly { type: string; params?: { event: AnyEventObject; delay?: unknown } }[],
]
type Guard = undefined | string | { type: string; params?: unknown }
const initEvent = { type: 'xstate.init' }

function isEnabled(machine: AnyStateMachine, guard: Guard, context: unknown, event: AnyEventObject): boolean {
  if (guard === undefined) return true
  const { type, params = undefined } = typeof guard === 'string' ? { type: guard } : guard
  const predicate = machine.implementations.guards[type] as (args: unknown, params: unknown) => boolean
  return predicate({ context, event }, typeof params === 'function' ? params({ context, event }) : params)
}

/** States and transitions of `machine` that no walk has touched, by name. */
export function untouched({ machine, entered, taken }: ChartCoverage): string[] {
  const nodes = nodesOf(machine.root)
  return [
    ...nodes.filter((node) => !entered.has(node.id)).map((node) => `state ${node.id}`),
    ...nodes
      .flatMap(transitionsOf)
      .map(edgeName)
      .filter((label) => !taken.has(label))
      .map((label) => `transition ${label}`),
  ]
}

export const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)]
