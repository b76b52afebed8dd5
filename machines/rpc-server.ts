import { assign, setup } from 'xstate'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/rpc/endpoint.ts implements it; a spec records it. */
export type RpcServerPorts = {
  /** `listener.opened` or `listener.failed` comes back. */
  listen(): void
  /** No client gets in any more, idle ones are let go: `listener.closed` comes back when the last is gone. */
  drain(): void
  /** Ends the clients that are left. */
  cut(): void
  /** The answer to a `server.open` or `server.close`: each gets one. */
  settle(answer: { call: number; error?: Error }): void
}

export type RpcServerInput = {
  readonly ports: RpcServerPorts
  /** Milliseconds that busy clients have from the close on. */
  readonly shutdownTimeout: number
}

/** `call` numbers a caller who waits for the answer. */
export type RpcServerEvent =
  | { type: 'server.open'; call: number }
  | { type: 'server.close'; call: number }
  | { type: 'listener.opened'; address: string }
  | { type: 'listener.failed'; error: Error }
  | { type: 'listener.closed' }

type RpcServerContext = RpcServerInput & {
  /** Where it listens, while it does. */
  readonly address?: string | undefined
  readonly opener?: number | undefined
  /** Who waits for the close. BOUNDED: by the program, which closes a server once or twice. */
  readonly closers: readonly number[]
}

type Called = { call: number }

const { enqueueActions, extend } = setup({
  types: {} as { context: RpcServerContext; input: RpcServerInput; events: RpcServerEvent; tags: StateTag },
  actions: {
    ...portActions<RpcServerPorts>()('listen', 'drain', 'cut', 'settle'),
    noteOpener: assign((_, { call }: Called) => ({ opener: call })),
    noteCloser: assign(({ context }, { call }: Called) => ({ closers: [...context.closers, call] })),
    noteAddress: assign((_, { address }: { address: string }) => ({ address })),
    forget: assign({ address: undefined, opener: undefined, closers: [] }),
  },
  guards: { isToClose: ({ context }) => context.closers.length > 0 },
  delays: { shutdownTimeout: ({ context }) => context.shutdownTimeout },
})

/** One endpoint of the RPC, from off to off again: HTTP, WebSocket, IPC or the authenticated one. */
export const rpcServerMachine = extend({
  actions: {
    settleClosers: enqueueActions(({ context: { closers }, enqueue }) => {
      for (const call of closers) enqueue({ type: 'settle', params: { call } })
    }),
  },
}).createMachine({
  id: 'rpc-server',
  description: 'one endpoint of the RPC, from off to off again (geth node/rpcstack.go, httpServer; rpc/ipc.go)',
  context: ({ input }) => ({ ...input, closers: [] }),
  options: { maxIterations: 100 },
  initial: 'off',
  on: {
    'server.open': {
      actions: { type: 'settle', params: ({ context, event }) => refusal(event, context.address) },
    },
    'server.close': { actions: ofEvent('noteCloser') },
  },
  states: {
    off: {
      entry: ['settleClosers', 'forget'],
      on: {
        'server.open': { target: 'opening', actions: ofEvent('noteOpener') },
        'server.close': { actions: { type: 'settle', params: ({ event: { call } }) => ({ call }) } },
      },
    },
    opening: {
      tags: 'moving',
      entry: 'listen',
      on: {
        'listener.opened': { target: 'open', actions: ofEvent('noteAddress') },
        'listener.failed': {
          target: 'off',
          actions: {
            type: 'settle',
            params: ({ context, event: { error } }) => ({ call: context.opener!, error }),
          },
        },
      },
    },
    open: {
      entry: { type: 'settle', params: ({ context }) => ({ call: context.opener! }) },
      always: { guard: 'isToClose', target: 'closing' },
      on: { 'server.close': { target: 'closing', actions: ofEvent('noteCloser') } },
    },
    closing: {
      tags: 'moving',
      entry: 'drain',
      initial: 'draining',
      on: { 'listener.closed': 'off' },
      states: {
        draining: { after: { shutdownTimeout: 'cutting' } },
        cutting: { entry: 'cut' },
      },
    },
  },
})

const refusal = ({ call }: Called, address = '') => ({ call, error: new RpcServerRunning(address) })

/** geth: it listens already, or has not closed yet. */
export class RpcServerRunning extends Error {
  override readonly name = 'RpcServerRunning'
  constructor(address: string) {
    super(`RPC server already running${address && ` on ${address}`}; stop it first`)
  }
}
