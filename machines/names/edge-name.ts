import type { AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { guardOf, triggerOf } from './trigger-name.ts'

const names = new WeakMap<AnyTransitionDefinition, string>()

/**
 * @returns the name of a transition of a definition, unique in its chart and the same in every process:
 *   `greeting.exchanging · hello.accepted [isImpostor]`. Drawings and recordings use it. One of the root has no state.
 */
export function edgeName(transition: AnyTransitionDefinition): string {
  if (!names.has(transition)) for (const [name, one] of namedTransitionsOf(transition.source)) names.set(one, name)
  return names.get(transition)!
}

/** @returns the transitions of a state in the order of their priority */
export const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
]

function namedTransitionsOf(node: AnyStateNode): Map<string, AnyTransitionDefinition> {
  const named = new Map<string, AnyTransitionDefinition>()
  for (const transition of transitionsOf(node)) {
    const base = baseNameOf(transition)
    let name = base
    for (let n = 2; named.has(name); n++) name = `${base} #${n}`
    named.set(name, transition)
  }
  return named
}

function baseNameOf(transition: AnyTransitionDefinition): string {
  const guard = guardOf(transition.guard)
  const what = `${triggerOf(transition)}${guard && ` [${guard}]`}`
  return [transition.source.path.join('.'), what].filter(Boolean).join(' · ')
}
