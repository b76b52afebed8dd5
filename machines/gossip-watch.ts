import { setup } from 'xstate'
import { dialHistoryExpiry } from './dial-rules.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'

/** What the chart asks of the world. actors/tap/tap.ts implements it; a spec records it. */
export type TapPorts = {
  /** Dials, and shakes hands: `peer.running` or `peer.lost` comes back. */
  connect(): void
  /** Reads on until it is lost. */
  watch(): void
  hangUp(): void
  /** It will be dialed again. */
  reportLost(how: { cause: string }): void
  /** It never ran, and will not be dialed again. */
  reportFailed(): void
}

export type TapInput = { readonly ports: TapPorts }

export type TapEvent = { type: 'peer.running' } | { type: 'peer.lost'; cause: string } | { type: 'tap.stop' }

/** Listens to what one node tells its peers. One that ran once is dialed again whenever it is lost, as geth does. */
export const tapMachine = setup({
  types: {} as { context: TapInput; input: TapInput; events: TapEvent; meta: StateMeta; tags: StateTag },
  actions: {
    connect: ({ context }) => context.ports.connect(),
    watch: ({ context }) => context.ports.watch(),
    hangUp: ({ context }) => context.ports.hangUp(),
    reportLost: ({ context }, how: { cause: string }) => context.ports.reportLost(how),
    reportFailed: ({ context }) => context.ports.reportFailed(),
  },
  delays: { redial: dialHistoryExpiry },
}).createMachine({
  id: 'tap',
  description: 'listens to what one node tells its peers, and dials it again when it is lost',
  context: ({ input }) => input,
  initial: 'connecting',
  on: { 'tap.stop': { target: '.stopped', actions: 'hangUp' } },
  states: {
    connecting: {
      description: 'first dial: a failure is reported to the caller, and not retried',
      tags: 'moving',
      entry: 'connect',
      on: { 'peer.running': 'watching', 'peer.lost': 'failed' },
    },
    watching: {
      entry: 'watch',
      on: {
        'peer.lost': {
          target: 'resting',
          actions: { type: 'reportLost', params: ({ event }) => ({ cause: event.cause }) },
        },
      },
    },
    resting: { after: { redial: 'reconnecting' } },
    reconnecting: {
      tags: 'moving',
      entry: 'connect',
      on: {
        'peer.running': 'watching',
        'peer.lost': {
          target: 'resting',
          actions: { type: 'reportLost', params: ({ event }) => ({ cause: event.cause }) },
        },
      },
    },
    failed: { type: 'final', entry: 'reportFailed' },
    stopped: { type: 'final' },
  },
})
