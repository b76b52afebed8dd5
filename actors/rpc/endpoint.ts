import type { Actor } from 'xstate'
import { rpcServerMachine } from '../../machines/rpc-server.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'

/** What an endpoint listens with: a server of Node's, and what belongs to it. */
export type Listening = {
  /** @returns where @throws (rejects) {ListenFailed} */
  listen(): Promise<string>
  /** Accepts no more clients and closes the idle ones. Resolves when all are closed. */
  drain(): Promise<void>
  /** Ends those who are left. */
  cut(): void
}

export type EndpointOptions = {
  /** Of its actor: `rpc/http`. */
  readonly id: string
  readonly parent?: string | undefined
  readonly shutdownTimeout: number
}

/** Where clients come in: runs {@link rpcServerMachine}. Opened and closed as often as one likes. */
export class Endpoint {
  readonly #actor: Actor<typeof rpcServerMachine>
  readonly #listening: Listening
  /** BOUNDED: by who calls open and close. */
  readonly #calls = new Map<number, (error?: Error) => void>()
  #lastCall = 0

  constructor(runtime: Runtime, { id, parent, shutdownTimeout }: EndpointOptions, listening: Listening) {
    this.#listening = listening
    this.#actor = startActor(runtime, rpcServerMachine, {
      id,
      ...(parent !== undefined && { parent }),
      input: (send) => ({
        shutdownTimeout,
        ports: {
          listen: () =>
            void listening.listen().then(
              (address) => send({ type: 'listener.opened', address }),
              (error: Error) => send({ type: 'listener.failed', error }),
            ),
          drain: () => void listening.drain().then(() => send({ type: 'listener.closed' })),
          cut: () => listening.cut(),
          settle: ({ call, error }) => {
            this.#calls.get(call)!(error)
            this.#calls.delete(call)
          },
        },
      }),
    })
    const failed = (error: unknown) => {
      // Its chart closes it no more. What never listened cannot be let go, and need not.
      this.#letGo().catch(() => {})
      for (const settle of this.#calls.values()) settle(error as Error)
      this.#calls.clear()
    }
    this.#actor.subscribe({ error: failed })
  }

  /** Where it listens, while it is open. */
  get address(): string | undefined {
    const snapshot = this.#actor.getSnapshot()
    return snapshot.matches('open') ? snapshot.context.address : undefined
  }

  /** @throws (rejects) {ListenFailed | RpcServerRunning} */
  open(): Promise<void> {
    return this.#call('server.open')
  }

  /** Resolves when the last client has gone. Does nothing while it is off. */
  async close(): Promise<void> {
    if (this.#actor.getSnapshot().status !== 'error') return this.#call('server.close')
    await this.#letGo()
  }

  async #letGo(): Promise<void> {
    const drained = this.#listening.drain().catch(() => {})
    this.#listening.cut()
    await drained
  }

  #call(type: 'server.open' | 'server.close'): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall
      this.#calls.set(call, (error) => (error ? reject(error) : resolve()))
      this.#actor.send({ type, call })
    })
  }
}
