import { Worker } from 'node:worker_threads'

export type ModuleWorkerOptions = {
  readonly name: string
  /** What the module finds as its `workerData`. */
  readonly data?: object
  readonly maxOldGenerationSizeMb: number
}

/** @param path of a module, as `new URL('./worker', import.meta.url)`: without its extension @returns a thread that runs it */
export function startModuleWorker(path: URL, { name, data, maxOldGenerationSizeMb }: ModuleWorkerOptions): Worker {
  return new Worker(script, {
    ...{ eval: true, name, execArgv: [] },
    workerData: { ...data, module: `${path.href}${isSource ? '.ts' : '.js'}`, loader },
    resourceLimits: { maxOldGenerationSizeMb },
  })
}

const isSource = import.meta.url.endsWith('.ts')
/** A thread has no loader for TypeScript where this runs from its source. */
const loader = isSource ? import.meta.resolve('tsx/esm/api') : undefined
const script = `
  const { workerData: { loader, module } } = require('node:worker_threads')
  if (loader === undefined) import(module)
  else import(loader).then(({ register }) => {
    register()
    return import(module)
  })`
