import { setup } from 'xstate'
import { DiscReason, discReasonText } from '../protocols/p2p/disconnect-reasons.ts'
import type { SnapAnswerName, SnapMessageName, SnapRequestName } from '../protocols/snap/versions.ts'
import { InvalidMessageCode, MessageTooLong } from './eth-faults.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { portActions } from './port-actions.ts'
import { TrackerError } from './request-tracker.ts'
import { SnapWithoutEth } from './snap-faults.ts'

/** What the chart asks of the world. actors/snap/snap-peer.ts implements it; a spec records it. */
export type SnapPeerPorts = {
  pauseReading(): void
  resumeReading(): void
  /** Sends what we have of what is asked for; `fault.found` comes back when the request is none. */
  serve(request: SnapPayload<SnapRequestName>): void
  /** Ends the session, and with it the peer, for this reason. */
  end(verdict: { error: Error }): void
  /** The session is over. */
  leave(): void
}

export type SnapPayload<Name extends SnapMessageName = SnapMessageName> = {
  readonly name: Name
  readonly payload: Uint8Array
}
export type SnapPeerInput = {
  readonly ports: SnapPeerPorts
  /** Whether eth runs on the same connection. */
  readonly isBesideEth: boolean
}

/** A message by geth's name, not yet decoded. */
type MessageEvent = { [Name in SnapMessageName]: { type: Name; payload: Uint8Array } }[SnapMessageName]
export type SnapPeerEvent =
  | MessageEvent
  /** A code that this version does not have, or a message of more than 10 MiB. */
  | { type: 'code.unknown'; code: number }
  | { type: 'message.tooLong'; size: number }
  /** The remote broke a rule that only showed when its message was opened. */
  | { type: 'fault.found'; error: Error }
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'session.closed' }

type From<Type> = { event: Extract<SnapPeerEvent, { type: Type }> }

/** The disconnect reason of a breach, for its picture. */
const breach = discReasonText(DiscReason.SubprotocolError)

// What a message comes to.

const served = {
  actions: {
    type: 'serve',
    params: ({ event }: From<SnapRequestName>) => ({ name: event.type, payload: event.payload }),
  },
} as const
/** Nothing is asked of it. */
const unasked = {
  target: 'closed',
  actions: {
    type: 'end',
    params: (_: From<SnapAnswerName>) => ({ error: new TrackerError('no matching request') }),
  },
  description: breach,
} as const

/** One snap session: geth's handler.runSnapExtension, and snap.HandleMessage for each message. It has no Status: eth has. */
export const snapPeerMachine = setup({
  types: {} as {
    context: SnapPeerInput
    input: SnapPeerInput
    events: SnapPeerEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: portActions<SnapPeerPorts>()('pauseReading', 'resumeReading', 'serve', 'end', 'leave'),
  guards: { isBesideEth: ({ context }) => context.isBesideEth },
}).createMachine({
  id: 'snap-peer',
  description: 'one snap session: an extension of eth (geth runSnapExtension, snap.HandleMessage)',
  context: ({ input }) => input,
  initial: 'joining',
  on: {
    'session.closed': '.closed',
    'fault.found': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: event.error }) },
      description: "the fault's reason",
    },
    'message.tooLong': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new MessageTooLong(event.size) }) },
      description: breach,
    },
    'code.unknown': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new InvalidMessageCode(event.code) }) },
      description: breach,
    },
  },
  states: {
    joining: {
      description: 'snap is spoken beside eth alone',
      always: [
        { guard: 'isBesideEth', target: 'active' },
        {
          target: 'closed',
          actions: { type: 'end', params: () => ({ error: new SnapWithoutEth() }) },
          description: breach,
        },
      ],
    },
    active: {
      description: 'each request is served; an answer was not asked for, and ends the session',
      meta: { phase: 'running', label: 'states are served' },
      on: {
        GetAccountRange: served,
        GetStorageRanges: served,
        GetByteCodes: served,
        GetTrieNodes: served,
        GetAccessLists: served,
        AccountRange: unasked,
        StorageRanges: unasked,
        ByteCodes: unasked,
        TrieNodes: unasked,
        AccessLists: unasked,
      },
      initial: 'flowing',
      states: {
        flowing: { on: { 'write.blocked': 'blocked' } },
        blocked: {
          description: 'a remote that does not read its answers is not read either',
          entry: 'pauseReading',
          exit: 'resumeReading',
          on: { 'write.drained': 'flowing' },
        },
      },
    },
    closed: { meta: { phase: 'closed', label: 'its session is over' }, type: 'final', entry: 'leave' },
  },
})
