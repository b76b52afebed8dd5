import type { AnyStateMachine, AnyStateNode } from 'xstate'
import * as charts from './index.ts'
import type { Phase, StateMeta, StateTag } from './names/state-meta.ts'

/** What a chart says of one of its states, the states around it included. */
export type StateFacts = StateMeta & {
  readonly tags: ReadonlySet<StateTag>
  readonly isFinal: boolean
}

/**
 * @param chart by its id
 * @param state as the feed has it: `running.(keepalive.quiet writing.flowing)`
 * @returns what is said of the innermost state that is active alone, `running` here; nothing of charts and states that are not ours
 */
export function stateFacts(chart: string, state: string): StateFacts | undefined {
  const facts = factsByChart.get(chart)
  if (!facts) return undefined
  const path = /^[^(]*[^(.]/.exec(state)?.[0] ?? state
  return facts.get(path)
}

/** @returns how far a connection, or a session, is in that state */
export const phaseOf = (chart: string, state: string): Phase | undefined => stateFacts(chart, state)?.phase

/** Whether somebody who has never read a chart can follow the lives of this one. */
export const hasLabels = (chart: string): boolean =>
  [...(factsByChart.get(chart)?.values() ?? [])].some(({ label }) => label !== undefined)

/** @returns why a chart left a state: what its root says of the event, or of the delay, that did it */
export function causeOf(chart: string, event: string): string | undefined {
  const causes = factsByChart.get(chart)?.get('')?.causes
  const [, delay] = /^xstate\.after\.(\w+)\./.exec(event) ?? []
  const cause = delay ?? event
  return causes && Object.hasOwn(causes, cause) ? causes[cause] : undefined
}

/** @returns of every state of a chart, by its path, `running.keepalive`, what is said of it; the root's path is empty */
export function factsOf(machine: AnyStateMachine): ReadonlyMap<string, StateFacts> {
  const facts = new Map<string, StateFacts>()
  const visit = (node: AnyStateNode, outer: StateMeta & { tags: ReadonlySet<StateTag> }) => {
    const tags = new Set([...outer.tags, ...(node.tags as StateTag[])])
    const said = { ...outer, ...(node.meta as StateMeta | undefined), tags, isFinal: node.type === 'final' }
    facts.set(node.path.join('.'), said)
    const { causes: _, ...inherited } = said
    for (const child of Object.values(node.states)) visit(child, inherited)
  }
  visit(machine.root, { tags: new Set() })
  return facts
}

const factsByChart = new Map(Object.values(charts).map((machine) => [machine.id, factsOf(machine)]))
