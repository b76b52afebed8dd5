import { setup, stateIn } from 'xstate'
import { portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/rpc/connection.ts implements it; a spec records it. */
export type RpcConnectionPorts = {
  /** A WebSocket ping: `pong.received` comes back, or never. */
  ping(): void
  /** What the client sends stays with it until `resume`. */
  pause(): void
  resume(): void
  /** Ends its subscriptions and the connection itself: with what is still to be written, or without. */
  hangUp(how: { now: boolean; why: string }): void
}

export type RpcConnectionInput = {
  readonly ports: RpcConnectionPorts
  /** Whether its transport has pings. */
  readonly hasPing: boolean
  /** Milliseconds: between pings, to the pong, and for the client to read what waits. */
  readonly pingInterval: number
  readonly pongTimeout: number
  readonly writeTimeout: number
}

export type RpcConnectionEvent =
  | { type: 'pong.received' }
  /** More waits to be written than is sensible; all of it has been; more than is bearable. */
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'write.overflowed' }
  /** As many calls run as may; one of them was answered. */
  | { type: 'calls.full' }
  | { type: 'calls.freed' }
  /** It holds most of what all clients and peers have begun to send, and there is no room for more. */
  | { type: 'input.overflowed' }
  | { type: 'client.malformed'; why: string }
  | { type: 'server.closed' }
  | { type: 'client.closed' }

/** A client that stays: over WebSocket or IPC (geth rpc.Client as a server has it, and the ping loop of its websocketCodec). */
export const rpcConnectionMachine = setup({
  types: {} as { context: RpcConnectionInput; input: RpcConnectionInput; events: RpcConnectionEvent },
  actions: {
    ...portActions<RpcConnectionPorts>()('ping', 'pause', 'resume', 'hangUp'),
  },
  guards: {
    hasPing: ({ context }) => context.hasPing,
    isBlocked: stateIn({ open: { writing: 'blocked' } }),
    isFull: stateIn({ open: { calling: 'full' } }),
  },
  delays: {
    pingInterval: ({ context }) => context.pingInterval,
    pongTimeout: ({ context }) => context.pongTimeout,
    writeTimeout: ({ context }) => context.writeTimeout,
  },
}).createMachine({
  id: 'rpc-connection',
  description:
    'a client over WebSocket or IPC: whether it is there, reads what it asked for, and asks for no more than it may',
  context: ({ input }) => input,
  options: { maxIterations: 100 },
  initial: 'open',
  states: {
    open: {
      type: 'parallel',
      on: {
        'write.overflowed': {
          target: 'closed',
          actions: { type: 'hangUp', params: { now: true, why: 'does not read' } },
        },
        'input.overflowed': {
          target: 'closed',
          actions: { type: 'hangUp', params: { now: true, why: 'holds too much unfinished input' } },
        },
        'client.malformed': {
          target: 'closed',
          actions: { type: 'hangUp', params: ({ event: { why } }) => ({ now: false, why }) },
        },
        'server.closed': {
          target: 'closed',
          actions: { type: 'hangUp', params: { now: false, why: 'server closed' } },
        },
        'client.closed': { target: 'closed', actions: { type: 'hangUp', params: { now: true, why: 'client closed' } } },
      },
      states: {
        keepalive: {
          initial: 'quiet',
          states: {
            quiet: { after: { pingInterval: { guard: 'hasPing', target: 'pinged', actions: 'ping' } } },
            pinged: {
              on: { 'pong.received': 'quiet' },
              after: {
                pongTimeout: {
                  target: '#rpc-connection.closed',
                  actions: { type: 'hangUp', params: { now: true, why: 'no pong' } },
                },
              },
            },
          },
        },
        writing: {
          initial: 'flowing',
          states: {
            flowing: { on: { 'write.blocked': { target: 'blocked', actions: 'pause' } } },
            blocked: {
              on: {
                'write.drained': [
                  { guard: 'isFull', target: 'flowing' },
                  { target: 'flowing', actions: 'resume' },
                ],
              },
              after: {
                writeTimeout: {
                  target: '#rpc-connection.closed',
                  actions: { type: 'hangUp', params: { now: true, why: 'does not read' } },
                },
              },
            },
          },
        },
        calling: {
          initial: 'free',
          states: {
            free: { on: { 'calls.full': { target: 'full', actions: 'pause' } } },
            full: {
              on: {
                'calls.freed': [
                  { guard: 'isBlocked', target: 'free' },
                  { target: 'free', actions: 'resume' },
                ],
              },
            },
          },
        },
      },
    },
    closed: { type: 'final' },
  },
})
