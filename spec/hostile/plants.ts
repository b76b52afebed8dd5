import type { AnyStateMachine } from 'xstate'

/** XState does not pass a guard its actor. */
type Implementation = (args: { readonly self?: { readonly id: string } }, params: unknown) => unknown
export type Plant = { readonly kind: 'actions' | 'guards'; readonly name: string }

/** Ports and guards of a chart; its assigns, and guards made of others, are no functions of ours. */
export function plantsOf({ implementations }: AnyStateMachine): Plant[] {
  return (['actions', 'guards'] as const).flatMap((kind) =>
    Object.entries(implementations[kind])
      .filter(([, run]) => typeof run === 'function' && !('resolve' in run || 'check' in run))
      .map(([name]) => ({ kind, name })),
  )
}

/** Has it throw in actors that `isIts`, if it is bad, until it is disposed of; `count` says how often. */
export function plant(
  { implementations }: AnyStateMachine,
  { kind, name }: Plant,
  isIts: (actor: string) => boolean,
  isBad = true,
) {
  const table = implementations[kind] as Record<string, Implementation>
  const sound = table[name]!
  const planted = { count: 0, [Symbol.dispose]: () => void Object.assign(table, { [name]: sound }) }
  table[name] = (args, params) => {
    if (!isIts(args.self?.id ?? '')) return sound(args, params)
    planted.count += 1
    if (!isBad) return sound(args, params)
    throw new TypeError(`planted in ${name}`)
  }
  return planted
}
