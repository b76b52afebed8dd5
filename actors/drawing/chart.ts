import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { edgeName, transitionsOf } from '../../machines/names/edge-name.ts'
import { delayOf, durationOf, effectsOf, guardOf, triggerOf } from '../../machines/names/trigger-name.ts'

/** A chart as its definition says it, for people: plain data. Every drawing, table and text of a chart is made of this. */
export type Chart = { readonly name: string; readonly root: State }

export type State = {
  /** `greeting.exchanging`; nothing for the root. */
  readonly path: string
  readonly key: string
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly description?: string
  /** Of a compound state: where it begins, by path. */
  readonly initial?: string
  /** Effects by name. */
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  /** Actors that live as long as the state is active. */
  readonly invokes: readonly string[]
  /** In the order of their priority. */
  readonly transitions: readonly Transition[]
  readonly states: readonly State[]
}

export type Transition = {
  /** Unique in the chart; recordings call it so. */
  readonly name: string
  /** The state that has it, by path. */
  readonly source: string
  /** The event by name; `after 30 s`, `always`, `done`. */
  readonly on: string
  readonly kind: 'event' | 'delay' | 'always'
  /** By name; `else` where all that come before it have one; nothing without. */
  readonly guard: string
  readonly effects: readonly string[]
  readonly description?: string
  /** By path. None: the states stay as they are. */
  readonly targets: readonly string[]
  /** It leaves and enters its own state, though it may end where it began. */
  readonly reenters: boolean
}

/** @returns what `machine` defines; nothing of it runs */
export const chartOf = (machine: AnyStateMachine): Chart => ({ name: machine.id, root: stateOf(machine.root) })

/** @returns `state` and all inside of it, outermost first */
export const statesOf = (state: State): State[] => [state, ...state.states.flatMap(statesOf)]

/** It begins and ends at the same state, and at no other. */
export const isSelf = ({ source, targets }: Transition): boolean => targets.length === 1 && targets[0] === source

function stateOf(node: AnyStateNode): State {
  return {
    ...{ path: pathOf(node), key: node.key, type: node.type },
    ...(node.description && { description: node.description }),
    ...(node.type === 'compound' && { initial: pathOf(node.initial.target[0]!) }),
    entry: effectsOf(node.entry),
    exit: effectsOf(node.exit),
    invokes: node.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
    transitions: transitionsOf(node).map(transitionOf),
    states: Object.values(node.states).map(stateOf),
  }
}

function transitionOf(transition: AnyTransitionDefinition): Transition {
  const { source, eventType, guard, actions, description, target = [], reenter } = transition
  const delay = delayOf(transition)
  const isFirst = transitionsOf(source).find((other) => other.eventType === eventType) === transition
  return {
    name: edgeName(transition),
    source: pathOf(source),
    on: delay === undefined ? triggerOf(transition) : `after ${durationOf(source, delay)}`,
    kind: delay !== undefined ? 'delay' : eventType === '' ? 'always' : 'event',
    guard: guardOf(guard) || (isFirst ? '' : 'else'),
    effects: effectsOf(actions),
    ...(description && { description }),
    targets: target.map(pathOf),
    reenters: reenter,
  }
}

const pathOf = ({ path }: AnyStateNode): string => path.join('.')
