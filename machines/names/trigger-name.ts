import type { AnyStateNode, AnyTransitionDefinition } from 'xstate'

/** What is known of a transition before it is given its name. */
type Triggered = Pick<AnyTransitionDefinition, 'source' | 'eventType'>

/** @returns what sets a transition off: an event by its name, `always`, or a label for an event of XState's own */
export function triggerOf({ source, eventType }: Triggered): string {
  if (eventType === '') return 'always'
  const delay = delayOf({ source, eventType })
  if (delay !== undefined) return `after ${delay}`
  const [, what, of, id] = /^xstate\.(done|error|snapshot)\.(?:(state|actor)\.)?(.*)$/s.exec(eventType) ?? []
  if (what === undefined) return eventType
  return of === 'state' ? 'done' : `${id} ${{ done: 'is done', error: 'failed', snapshot: 'changed' }[what]}`
}

/** @returns the delay of a transition as its chart names it, `pingInterval` or `250`, if it has one */
export function delayOf({ source, eventType }: Triggered): string | undefined {
  const [begin, end] = ['xstate.after.', `.${source.id}`]
  return eventType.startsWith(begin) && eventType.endsWith(end) ? eventType.slice(begin.length, -end.length) : undefined
}

/** @returns a delay for people, `30 s`, `250 ms`; as the chart names it where only a running actor knows it */
export function durationOf({ machine }: AnyStateNode, delay: string): string {
  const named: unknown = machine.implementations.delays[delay]
  const ms = typeof named === 'number' ? named : Number(delay)
  if (Number.isNaN(ms)) return delay
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000} min`
  return ms >= 1_000 && ms % 100 === 0 ? `${ms / 1_000} s` : `${ms} ms`
}

type Named = { readonly type?: string; readonly guards?: readonly unknown[]; readonly name?: string }

/** @returns a guard by name, `and isFull, isInbound`; `guard` for one that has none; nothing without one */
export function guardOf(guard: unknown): string {
  if (guard === undefined || typeof guard === 'string') return guard ?? ''
  const { type, guards, name } = guard as Named
  return guards ? `${name} ${guards.map(guardOf).join(', ')}` : (type ?? name) || 'guard'
}

/** @returns effects by name; what only keeps a delay is left out, and what has no name */
export function effectsOf(actions: readonly unknown[]): string[] {
  const names = actions.map((action) => (typeof action === 'string' ? action : (action as Named).type))
  return names.filter((name) => name !== undefined && !name.startsWith('xstate.')) as string[]
}
