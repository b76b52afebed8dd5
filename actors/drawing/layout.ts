import type { AnyStateMachine } from 'xstate'
import { chartOf } from './chart.ts'
import type { Drawing } from './drawing.ts'
import { elkGraphOf } from './elk-graph.ts'
import { layOut } from './layout-thread.ts'
import { placed } from './placement.ts'

type Drawings = { [hasCounts in `${boolean}`]?: Promise<Drawing> }
const drawings = new WeakMap<AnyStateMachine, Drawings>()

/**
 * @param hasCounts whether there is room for a count behind each transition
 * @returns the drawing of a chart, made once for each definition, by a thread of its own
 */
export function drawingOf(machine: AnyStateMachine, { hasCounts = false } = {}): Promise<Drawing> {
  const known = drawings.get(machine) ?? {}
  drawings.set(machine, known)
  known[`${hasCounts}`] ??= draw(machine, hasCounts)
  return known[`${hasCounts}`]!
}

async function draw(machine: AnyStateMachine, hasCounts: boolean): Promise<Drawing> {
  const chart = chartOf(machine)
  const [straight, narrow] = [elkGraphOf(chart, hasCounts, 'straight'), elkGraphOf(chart, hasCounts, 'narrow')]
  const [straightRoot, narrowRoot] = await layOut([straight.root, narrow.root] as const)
  const isWide = straightRoot.width! > muchWider * narrowRoot.width!
  return isWide ? placed(machine.id, narrow, narrowRoot) : placed(machine.id, straight, straightRoot)
}

/** Straight arrows are worth so much width, and no more: one reads downwards. */
const muchWider = 1.2
