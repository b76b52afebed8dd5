import { causeOf, hasLabels, stateFacts } from '../../machines/state-facts.ts'
import type { TransitionEntry } from '../trace/entries.ts'

/** @returns the outermost state of a state in words: `running` of `running.(keepalive.quiet writing.flowing)` */
export const outermost = (state: string): string => /^[^.(]*/.exec(state)![0] || state

/** @returns what a transition means, as its chart says; the event's own name where the chart says nothing */
export function describe({ chart, event, to }: TransitionEntry): string {
  return (
    stateFacts(chart, to)?.label ??
    labels[chart]?.[outermost(to)] ??
    causeOf(chart, event) ??
    (event.startsWith('xstate.') ? '' : `on ${event}`)
  )
}

/** Worth a line even when the outermost state stays. */
export const isMilestone = ({ chart, from, to }: TransitionEntry): boolean =>
  (hasLabels(chart) || Object.hasOwn(labels, chart)) && outermost(from) !== outermost(to)

/** Of charts that do not label their states yet. */
const labels: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'protocol-manager': {
    running: 'takes peers that speak eth',
    stopping: 'ends its sessions',
    stopped: 'the last session is over',
  },
  'eth-peer': {
    awaitingStatus: 'our Status goes out',
    registering: 'Status agrees: the same network, genesis and forks',
    active: 'a peer to sync with',
    closed: 'its session is over',
  },
}
