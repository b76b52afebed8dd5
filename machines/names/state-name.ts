import type { AnyActor, AnyMachineSnapshot } from 'xstate'

/** @returns a state value as it is printed: `running.(keepalive.quiet writing.flowing)` */
export function describeState(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return ''
  const parts = Object.entries(value).map(([key, child]) => {
    const inner = describeState(child)
    return inner ? `${key}.${inner}` : key
  })
  return parts.length > 1 ? `(${parts.join(' ')})` : (parts[0] ?? '')
}

/** @returns the state of an actor now, as it is printed */
export const stateOf = (actor: AnyActor): string => describeState(stateValueOf(actor))

export const stateValueOf = (actor: AnyActor): unknown => (actor.getSnapshot() as AnyMachineSnapshot | undefined)?.value
