import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { ElkNode } from 'elkjs/lib/elk-api.js'

// ELK takes tens to hundreds of milliseconds for a chart: none of them in the thread of a node.

type Waiting = { readonly resolve: (placed: ElkNode[]) => void; readonly reject: (error: Error) => void }
type Answer = { readonly id: number; readonly placed?: ElkNode[]; readonly error?: string }

const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js')
/** As text, not as a file: a thread has no loader for TypeScript where this runs from its source. */
const script = `
  const { parentPort, workerData } = require('node:worker_threads')
  const elk = new (require(workerData.elk))({ algorithms: ['layered'] })
  parentPort.on('message', ({ id, graphs }) =>
    Promise.all(graphs.map((graph) => elk.layout(graph))).then(
      (placed) => parentPort.postMessage({ id, placed }),
      (error) => parentPort.postMessage({ id, error: String(error) }),
    ))`

/** BOUNDED: by the charts of the program, each asked for once. */
const waiting = new Map<number, Waiting>()
let thread: Worker | undefined
let idle: NodeJS.Timeout | undefined
let lastId = 0

/**
 * @returns `graphs` with a place for everything in them
 * @throws (rejects) {Error} ELK's own, of a graph that it cannot lay out
 */
export function layOut<Graphs extends readonly ElkNode[]>(graphs: Graphs): Promise<Graphs> {
  clearTimeout(idle)
  thread ??= start()
  thread.ref()
  const id = ++lastId
  thread.postMessage({ id, graphs })
  return new Promise((resolve, reject) => waiting.set(id, { resolve: resolve as never, reject }))
}

function start(): Worker {
  const started = new Worker(script, { eval: true, workerData: { elk } })
  started.on('message', ({ id, placed, error }: Answer) => {
    if (placed) waiting.get(id)?.resolve(placed)
    else waiting.get(id)?.reject(new Error(error))
    waiting.delete(id)
    if (waiting.size === 0) rest(started)
  })
  started.on('error', (error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
    thread = undefined
  })
  return started
}

/** A thread that has nothing to do keeps no process alive, and does not live long. */
function rest(started: Worker): void {
  started.unref()
  idle = setTimeout(() => {
    thread = undefined
    void started.terminate()
  }, maxIdle).unref()
}

const maxIdle = 5_000
