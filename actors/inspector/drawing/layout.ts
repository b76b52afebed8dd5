import { once } from 'node:events'
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { ElkNode } from 'elkjs/lib/elk-api.js'
import type { AnyStateMachine } from 'xstate'
import { chartOf } from './chart.ts'
import type { Drawing } from './drawing.ts'
import { elkGraphOf } from './elk-graph.ts'
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
  const [straightRoot, narrowRoot] = await layout([straight.root, narrow.root] as const)
  const isWide = straightRoot.width! > muchWider * narrowRoot.width!
  return isWide ? placed(machine.id, narrow, narrowRoot) : placed(machine.id, straight, straightRoot)
}

/** Straight arrows are worth so much width, and no more: whoever reads goes down. */
const muchWider = 1.2

const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js')
/** In words, not a file: a thread has no loader for TypeScript where this runs from its source. */
const script = `
  const { parentPort, workerData } = require('node:worker_threads')
  const elk = new (require(workerData.elk))({ algorithms: ['layered'] })
  Promise.all(workerData.graphs.map((graph) => elk.layout(graph))).then((placed) => parentPort.postMessage(placed))`

/** ELK takes tens to hundreds of milliseconds for a chart: none of them in the thread of a node. */
async function layout<Graphs extends readonly ElkNode[]>(graphs: Graphs): Promise<Graphs> {
  const thread = new Worker(script, { eval: true, workerData: { elk, graphs } })
  try {
    const [placed] = await once(thread, 'message') // rejects with the thread's error, should there be one
    return placed
  } finally {
    await thread.terminate()
  }
}
