import { assign, setup } from 'xstate'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/node.ts implements it; a spec records it. */
export type NodePorts = {
  /** `server.started` or `server.failed` comes back. */
  startServer(): void
  /** `server.stopped` comes back. */
  stopServer(): void
  /** Opens the endpoints of RPC: `rpc.started` or `rpc.failed` comes back. */
  startRpc(): void
  /** `rpc.stopped` comes back. */
  stopRpc(): void
  /** `service.started` or `service.failed` comes back. */
  startService(which: { name: string }): void
  /** `service.stopped` comes back. */
  stopService(which: { name: string }): void
  /** It has not stopped yet: the log says so. */
  reportSlow(which: { name: string }): void
  /** Closes what the node owns: `node.released` comes back. */
  release(): void
  /** The answer to a `node.start` or `node.close`: each gets one. */
  settle(answer: { call: number; error?: Error }): void
  refuseService(which: { name: string; why: string }): void
  /** Those waiting for the node's end may go on. */
  reportClosed(): void
}

export type NodeInput = { readonly ports: NodePorts }

/** `call` numbers a caller who waits for the answer. */
export type NodeEvent =
  | { type: 'service.register'; name: string }
  | { type: 'node.start'; call: number }
  | { type: 'node.close'; call: number }
  | { type: 'server.started' }
  | { type: 'server.failed'; error: Error }
  | { type: 'server.stopped' }
  | { type: 'rpc.started' }
  | { type: 'rpc.failed'; error: Error }
  | { type: 'rpc.stopped' }
  | { type: 'service.started' }
  | { type: 'service.failed'; error: Error }
  | { type: 'service.stopped'; error?: Error }
  | { type: 'node.released'; errors: readonly Error[] }

type NodeContext = NodeInput & {
  /** In the order they were registered. BOUNDED: by the program. */
  readonly services: readonly string[]
  /** How many of the services run. */
  readonly running: number
  /** Who waits for the start, and who for the close. */
  readonly starter?: number | undefined
  readonly closer?: number | undefined
  /** Why the start failed. */
  readonly failure?: Error | undefined
  /** Of services that failed to stop, by name. BOUNDED: by the services. */
  readonly serviceErrors: ReadonlyMap<string, Error>
  readonly releaseErrors: readonly Error[]
}

type Called = { call: number }

const { enqueueActions, extend } = setup({
  types: {} as { context: NodeContext; input: NodeInput; events: NodeEvent; meta: StateMeta; tags: StateTag },
  actions: {
    ...portActions<NodePorts>()('startServer', 'stopServer', 'startRpc', 'stopRpc', 'startService', 'stopService'),
    ...portActions<NodePorts>()('reportSlow', 'release', 'settle', 'refuseService', 'reportClosed'),
    addService: assign(({ context }, { name }: { name: string }) => ({ services: [...context.services, name] })),
    noteStarter: assign((_, { call }: Called) => ({ starter: call })),
    noteCloser: assign((_, { call }: Called) => ({ closer: call })),
    noteFailure: assign((_, { error }: { error: Error }) => ({ failure: error })),
    noteStarted: assign(({ context }) => ({ running: context.running + 1 })),
    noteStopped: assign(({ context }, { error }: { error?: Error }) => ({
      running: context.running - 1,
      ...(error && { serviceErrors: new Map(context.serviceErrors).set(lastOf(context), error) }),
    })),
    noteReleased: assign((_, { errors }: { errors: readonly Error[] }) => ({ releaseErrors: errors })),
  },
  guards: {
    isRegistered: ({ context }, { name }: { name: string }) => context.services.includes(name),
    haveAllStarted: ({ context }) => context.running === context.services.length,
    haveAllStopped: ({ context }) => context.running === 0,
    hasCloser: ({ context }) => context.closer !== undefined,
  },
  delays: {
    /** A service may take as long as it needs to stop, as in geth; from here on the log says which one is awaited. */
    slowStop: 10_000,
  },
})

/** The services of a process from start to end, around its p2p server: geth's node.Node. */
export const nodeMachine = extend({
  actions: {
    settleAll: enqueueActions(({ context: { starter, closer, failure, ...context }, enqueue }) => {
      if (failure) enqueue({ type: 'settle', params: { call: starter!, error: failure } })
      const error = failure ? new NodeStopped() : closeErrorOf(context)
      if (closer !== undefined) enqueue({ type: 'settle', params: { call: closer, ...(error && { error }) } })
    }),
  },
}).createMachine({
  id: 'node',
  description: 'the services of a process from start to end, around its p2p server (geth node.Node)',
  context: ({ input }) => ({ ...input, services: [], running: 0, serviceErrors: new Map(), releaseErrors: [] }),
  options: { maxIterations: 100 },
  initial: 'initializing',
  on: {
    'service.register': { actions: { type: 'refuseService', params: ({ event }) => late(event) } },
    'node.start': {
      actions: { type: 'settle', params: ({ event }) => ({ call: event.call, error: new NodeRunning() }) },
    },
    'node.close': {
      actions: { type: 'settle', params: ({ event }) => ({ call: event.call, error: new NodeStopped() }) },
    },
  },
  states: {
    initializing: {
      tags: 'moving',
      on: {
        'service.register': [
          {
            guard: ofEvent('isRegistered'),
            actions: { type: 'refuseService', params: ({ event }) => twice(event) },
          },
          { actions: ofEvent('addService') },
        ],
        'node.start': { target: 'starting', actions: ofEvent('noteStarter') },
        'node.close': { target: 'closing.releasing', actions: ofEvent('noteCloser') },
      },
    },
    starting: {
      meta: { label: 'the server first, then RPC and the services in order' },
      tags: 'moving',
      initial: 'p2p',
      on: {
        // geth's Start and Close hold one lock: a Close waits for the Start to end.
        'node.close': [
          {
            guard: 'hasCloser',
            actions: { type: 'settle', params: ({ event }) => ({ call: event.call, error: new NodeStopped() }) },
          },
          { actions: ofEvent('noteCloser') },
        ],
      },
      states: {
        p2p: {
          entry: 'startServer',
          on: {
            'server.started': 'rpc',
            'server.failed': {
              target: '#node.closing.releasing',
              actions: ofEvent('noteFailure'),
            },
          },
        },
        rpc: {
          entry: 'startRpc',
          on: {
            'rpc.started': 'services',
            'rpc.failed': { target: '#node.closing', actions: ofEvent('noteFailure') },
          },
        },
        services: {
          initial: 'next',
          states: {
            next: { always: [{ guard: 'haveAllStarted', target: '#node.running' }, { target: 'current' }] },
            current: {
              entry: { type: 'startService', params: ({ context }) => ({ name: context.services[context.running]! }) },
              on: {
                'service.started': { target: 'next', actions: 'noteStarted' },
                'service.failed': {
                  target: '#node.closing',
                  actions: ofEvent('noteFailure'),
                },
              },
            },
          },
        },
      },
    },
    running: {
      meta: { label: 'everything runs' },
      entry: { type: 'settle', params: ({ context }) => ({ call: context.starter! }) },
      always: { guard: 'hasCloser', target: 'closing' },
      on: { 'node.close': { target: 'closing', actions: ofEvent('noteCloser') } },
    },
    closing: {
      meta: { phase: 'closing', label: 'RPC and the services first, then the server' },
      tags: 'moving',
      initial: 'rpc',
      on: {
        'node.start': {
          actions: { type: 'settle', params: ({ event }) => ({ call: event.call, error: new NodeStopped() }) },
        },
      },
      states: {
        rpc: { entry: 'stopRpc', on: { 'rpc.stopped': 'services' } },
        services: {
          description: 'in reverse order; the one that failed to start is not among them',
          initial: 'next',
          states: {
            next: { always: [{ guard: 'haveAllStopped', target: '#node.closing.p2p' }, { target: 'current' }] },
            current: {
              entry: { type: 'stopService', params: ({ context }) => ({ name: lastOf(context) }) },
              on: {
                'service.stopped': { target: 'next', actions: ofEvent('noteStopped') },
              },
              after: {
                slowStop: { actions: { type: 'reportSlow', params: ({ context }) => ({ name: lastOf(context) }) } },
              },
            },
          },
        },
        p2p: { entry: 'stopServer', on: { 'server.stopped': 'releasing' } },
        releasing: {
          entry: 'release',
          on: {
            'node.released': {
              target: '#node.closed',
              actions: ofEvent('noteReleased'),
            },
          },
        },
      },
    },
    closed: {
      description: 'for ever; not final, for every further call is answered',
      meta: { phase: 'closed', label: 'the chain is closed, nothing is left' },
      tags: 'ended',
      entry: ['reportClosed', 'settleAll'],
      on: {
        'node.start': {
          actions: { type: 'settle', params: ({ event }) => ({ call: event.call, error: new NodeStopped() }) },
        },
      },
    },
  },
})

const lastOf = ({ services, running }: NodeContext): string => services[running - 1]!
const late = ({ name }: { name: string }) => ({ name, why: "can't register lifecycle on running/stopped node" })
const twice = ({ name }: { name: string }) => ({ name, why: `attempt to register lifecycle ${name} more than once` })

/** geth's Close: one error as it is, several as one. */
function closeErrorOf({ serviceErrors, releaseErrors }: Pick<NodeContext, 'serviceErrors' | 'releaseErrors'>) {
  const errors = [...(serviceErrors.size > 0 ? [new StopError(serviceErrors)] : []), ...releaseErrors]
  return errors.length > 1
    ? new AggregateError(errors, `[${errors.map(({ message }) => message).join(' ')}]`)
    : errors[0]
}

/** geth ErrNodeRunning. */
export class NodeRunning extends Error {
  override readonly name = 'NodeRunning'
  constructor() {
    super('node already running')
  }
}

/** geth ErrNodeStopped. */
export class NodeStopped extends Error {
  override readonly name = 'NodeStopped'
  constructor() {
    super('node not started')
  }
}

/** Services that failed to stop, by name; every other was stopped all the same. */
export class StopError extends Error {
  override readonly name = 'StopError'
  readonly services: ReadonlyMap<string, Error>

  constructor(services: ReadonlyMap<string, Error>) {
    const each = [...services]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { message }]) => `${name}:${message}`)
    super(`server: <nil>, services: map[${each.join(' ')}]`)
    this.services = services
  }
}
