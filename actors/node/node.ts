import type { Actor } from 'xstate'
import { type NodePorts, nodeMachine } from '../../machines/node.ts'
import { type Logger, silent } from '../log/log.ts'
import type { Protocol } from '../p2p/protocol.ts'
import type { Server } from '../p2p/server.ts'
import type { Api } from '../rpc/api.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'

/** What a node runs beside its p2p server (geth's node.Lifecycle). */
export type Service = {
  /** Unique in its node. */
  readonly name: string
  readonly protocols?: readonly Protocol[]
  /** What it offers over RPC, from before its start until after its stop. */
  readonly apis?: readonly Api[]
  /** Called with the p2p server and RPC already running, and every service registered before. */
  start(): Promise<void> | void
  /** Called once if it started. */
  stop(): Promise<void> | void
}

/** How a service reaches what stands around it. */
export type ServiceContext = {
  /**
   * @returns the service of that class, if it was registered before
   * @throws {UnknownService}
   */
  service<S extends Service>(type: abstract new (...args: never) => S): S
  /**
   * For a service that runs.
   * @throws {NodeNotRunning} before the start
   */
  server(): Server
}

export type NodeOptions = {
  /** Of its actor. */
  readonly id?: string
  /** Makes the p2p server once every protocol is known. `parent` is the node's own actor. */
  createServer(protocols: readonly Protocol[], parent: string): Server
  /** Makes what serves the APIs of all services. Without it nothing does. */
  createRpc?(apis: readonly Api[], parent: string): Promise<Rpc>
  readonly log?: Logger
}

/** The endpoints of a node's RPC. */
export type Rpc = {
  /** @throws (rejects) an endpoint could not be opened; those before it are open until `stop` */
  start(): Promise<void>
  stop(): Promise<void>
}

/** What a node closes when it ends: a database, a lock. */
export type Resource = { close(): Promise<void> | void }

/** geth's node.Node: runs {@link nodeMachine}. Started and closed once. */
export class Node {
  readonly #options: NodeOptions
  readonly #id: string
  readonly #log: Logger
  readonly #actor: Actor<typeof nodeMachine>
  /** BOUNDED: by the program. */
  readonly #services: Service[] = []
  readonly #resources: Resource[] = []
  /** BOUNDED: by who calls start and close. */
  readonly #calls = new Map<number, (error?: Error) => void>()
  readonly #closed: Promise<void>
  #reportClosed: () => void = () => {}
  #lastCall = 0
  #refusal: Error | undefined
  #server: Server | undefined
  #rpc: Rpc | undefined

  constructor(runtime: Runtime, options: NodeOptions) {
    this.#options = options
    this.#id = options.id ?? 'node'
    this.#log = options.log ?? silent
    this.#closed = new Promise((resolve) => {
      this.#reportClosed = resolve
    })
    this.#actor = startActor(runtime, nodeMachine, {
      id: this.#id,
      input: (send) => ({ ports: this.#ports(send) }),
    })
    this.#actor.subscribe({ error: (error) => void this.#unwind(error as Error) })
  }

  /**
   * Adds a service: they start in this order and stop in reverse.
   * @throws {ServiceRefused} its name is taken, or the node was started or closed
   */
  register<S extends Service>(create: (context: ServiceContext) => S): S {
    const service = create({ service: (type) => this.service(type), server: () => this.server })
    this.#refusal = undefined
    this.#actor.send({ type: 'service.register', name: service.name })
    if (this.#refusal) throw this.#refusal
    this.#services.push(service)
    return service
  }

  /** Has `resource` closed when the node ends, in the order they came. */
  own(resource: Resource): void {
    this.#resources.push(resource)
  }

  /**
   * Starts the p2p server, then RPC, then the services.
   * @throws (rejects) what failed to start, after all that had started was stopped; {NodeRunning}; {NodeStopped}
   */
  start(): Promise<void> {
    return this.#call('node.start')
  }

  /**
   * Stops RPC, then the services, then the p2p server, and closes what the node owns.
   * @throws (rejects) {StopError} services that failed to stop; {NodeStopped} a call that was not the first
   */
  close(): Promise<void> {
    return this.#call('node.close')
  }

  /** Resolves when the node has closed, for whatever reason. */
  wait(): Promise<void> {
    return this.#closed
  }

  /** @throws {NodeNotRunning} before the start */
  get server(): Server {
    if (!this.#server) throw new NodeNotRunning()
    return this.#server
  }

  /** @throws {UnknownService} */
  service<S extends Service>(type: abstract new (...args: never) => S): S {
    const service = this.#services.find((service) => service instanceof type)
    if (!service) throw new UnknownService(type.name)
    return service as S
  }

  /** Its chart threw: what runs is stopped and closed all the same. */
  async #unwind(error: Error): Promise<void> {
    await failureOf(() => this.#rpc?.stop())
    for (const service of this.#services.toReversed()) await failureOf(() => service.stop())
    await failureOf(() => this.#server?.stop())
    for (const resource of this.#resources) await failureOf(() => resource.close())
    for (const settle of this.#calls.values()) settle(error)
    this.#calls.clear()
    this.#reportClosed()
  }

  #call(type: 'node.start' | 'node.close'): Promise<void> {
    if (this.#actor.getSnapshot().status === 'error') return this.#closed
    return new Promise((resolve, reject) => {
      const call = ++this.#lastCall
      this.#calls.set(call, (error) => (error ? reject(error) : resolve()))
      this.#actor.send({ type, call })
    })
  }

  #ports(send: Send<typeof nodeMachine>): NodePorts {
    return {
      startServer: async () => {
        const error = await failureOf(() => {
          const protocols = this.#services.flatMap(({ protocols = [] }) => protocols)
          this.#server = this.#options.createServer(protocols, this.#id)
          return this.#server.start()
        })
        send(error ? { type: 'server.failed', error } : { type: 'server.started' })
      },
      stopServer: async () => {
        const error = await failureOf(() => this.#server!.stop())
        if (error) this.#log.error('The p2p server did not stop in order', { err: error })
        send({ type: 'server.stopped' })
      },
      startRpc: async () => {
        const error = await failureOf(async () => {
          this.#rpc = await this.#options.createRpc?.(
            this.#services.flatMap(({ apis = [] }) => apis),
            this.#id,
          )
          return this.#rpc?.start()
        })
        send(error ? { type: 'rpc.failed', error } : { type: 'rpc.started' })
      },
      stopRpc: async () => {
        const error = await failureOf(() => this.#rpc?.stop())
        if (error) this.#log.error('RPC did not stop in order', { err: error })
        send({ type: 'rpc.stopped' })
      },
      startService: async ({ name }) => {
        const error = await failureOf(() => this.#named(name).start())
        send(error ? { type: 'service.failed', error } : { type: 'service.started' })
      },
      stopService: async ({ name }) => {
        const error = await failureOf(() => this.#named(name).stop())
        send({ type: 'service.stopped', ...(error && { error }) })
      },
      release: async () => {
        const errors: Error[] = []
        for (const resource of this.#resources) {
          const error = await failureOf(() => resource.close())
          if (error) errors.push(error)
        }
        send({ type: 'node.released', errors })
      },
      reportSlow: ({ name }) => void this.#log.warn('Still waiting for a service to stop', { service: name }),
      settle: ({ call, error }) => {
        this.#calls.get(call)!(error)
        this.#calls.delete(call)
      },
      refuseService: ({ why }) => {
        this.#refusal = new ServiceRefused(why)
      },
      reportClosed: () => this.#reportClosed(),
    }
  }

  #named(name: string): Service {
    return this.#services.find((service) => service.name === name)!
  }
}

/** A service is a guest: what it throws is a value here. */
async function failureOf(run: () => Promise<void> | void): Promise<Error | undefined> {
  try {
    await run()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The program registered a service twice, or too late. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused'
}

/** geth ErrServiceUnknown: no such service was registered before. */
export class UnknownService extends Error {
  override readonly name = 'UnknownService'
  constructor(type: string) {
    super(`unknown service: ${type}`)
  }
}

/** The p2p server is there once the node starts. */
export class NodeNotRunning extends Error {
  override readonly name = 'NodeNotRunning'
  constructor() {
    super('node not started')
  }
}
