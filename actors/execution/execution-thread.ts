import type { Worker } from 'node:worker_threads'
import { startModuleWorker } from '../runtime/module-worker.ts'
import type { ThreadAnswer, ThreadInput, ThreadRequest } from './thread-messages.ts'

type Unnumbered<One> = One extends { readonly id: number } ? Omit<One, 'id'> : never
type Request = Unnumbered<ThreadRequest>
type Waiting = { readonly resolve: (answer: ThreadAnswer) => void; readonly reject: (error: Error) => void }

/** The thread of an execution. It is there as long as it has something to do, or the node that it belongs to. */
export class ExecutionThread {
  readonly #worker: Worker
  /** BOUNDED: by the callers, each waits for its answer. */
  readonly #waiting = new Map<number, Waiting>()
  #last = 0
  #ended: Error | undefined

  constructor(input: ThreadInput) {
    const path = new URL('./worker', import.meta.url)
    this.#worker = startModuleWorker(path, { name: 'execution', data: input, maxOldGenerationSizeMb })
    this.#worker.on('message', (answer: ThreadAnswer) => {
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      this.#rest()
      waiting?.resolve(answer)
    })
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(new Error('the thread of the execution has ended')))
    this.#rest()
  }

  /** @throws (rejects) the thread has ended */
  ask(request: Request): Promise<ThreadAnswer> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#last
    this.#worker.ref()
    this.#worker.postMessage({ ...request, id })
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
  }

  /** At once: what is on the disk is whole at any time. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #rest(): void {
    if (this.#waiting.size === 0) this.#worker.unref()
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }
}

/** What a thread's heap may grow to. */
const maxOldGenerationSizeMb = 2_048
