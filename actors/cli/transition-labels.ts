import { causeOf, hasLabels, stateFacts } from '../../machines/state-facts.ts'
import type { TransitionEntry } from '../trace/entries.ts'

/** @returns the outermost state: `running` of `running.(keepalive.quiet writing.flowing)` */
export const outermost = (state: string): string => /^[^.(]*/.exec(state)![0] || state

/** @returns what a transition means, as its chart says; the event's own name where the chart says nothing */
export function describe({ chart, event, to }: TransitionEntry): string {
  return stateFacts(chart, to)?.label ?? causeOf(chart, event) ?? (event.startsWith('xstate.') ? '' : `on ${event}`)
}

/** Worth a line even when the outermost state stays. */
export const isMilestone = ({ chart, from, to }: TransitionEntry): boolean =>
  hasLabels(chart) && outermost(from) !== outermost(to)
