import { assign, setup } from 'xstate'
import { DiscReason, discReasonText } from '../protocols/p2p/disconnect-reasons.ts'
import {
  type SnapAnswerName,
  type SnapMessageName,
  type SnapRequestName,
  snapAnswerOf,
} from '../protocols/snap/versions.ts'
import { InvalidMessageCode, MessageTooLong } from './eth-faults.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'
import {
  type AnswerFacts,
  cancel,
  emptyTracker,
  expire,
  faultOf,
  isAwaited,
  oldest,
  RequestExpired,
  type RequestOrder,
  type RequestTracker,
  refusalOf,
  settle,
  track,
} from './request-tracker.ts'
import { SnapWithoutEth } from './snap-faults.ts'

/** What the chart asks of the world. actors/snap/snap-peer.ts implements it; a spec records it. */
export type SnapPeerPorts = {
  pauseReading(): void
  resumeReading(): void
  /** Sends what we have of what is asked for; `fault.found` comes back when the request is none. */
  serve(request: SnapPayload<SnapRequestName>): void
  /** Counts what is in an answer: `answer.opened` or `fault.found` comes back. */
  openAnswer(answer: SnapPayload<SnapAnswerName>): void
  send(message: SnapPayload<SnapRequestName>): void
  /** The answer to a caller's request, as it came. */
  deliver(answer: { caller: number; payload: Uint8Array }): void
  fail(answer: { caller: number; error: Error }): void
  /** When the oldest request expires; `requests.elapsed` comes back then. */
  watchExpiry(when: { at: number | undefined }): void
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
  | ({ type: 'request.made' } & SnapRequestMade)
  | { type: 'request.cancelled'; id: bigint; caller: number }
  /** Time has passed: ms. */
  | { type: 'requests.elapsed'; now: number }
  | ({ type: 'answer.opened' } & AnswerOpened)
  /** A code that this version does not have, or a message of more than 10 MiB. */
  | { type: 'code.unknown'; code: number }
  | { type: 'message.tooLong'; size: number }
  /** The remote broke a rule that only showed when its message was opened. */
  | { type: 'fault.found'; error: Error }
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'session.closed' }

export type SnapRequestMade = Omit<RequestOrder<SnapRequestName>, 'want'> & { readonly payload: Uint8Array }
type AnswerOpened = AnswerFacts & { readonly payload: Uint8Array }
type SnapPeerContext = SnapPeerInput & { readonly requests: RequestTracker<SnapRequestName, SnapAnswerName> }

/** geth snap `requestTracker`: ms until an answer is too late for its request, and ends the session. */
export const snapRequestTimeout = 60_000

type In = { context: SnapPeerContext }
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
const opened = {
  actions: {
    type: 'openAnswer',
    params: ({ event }: From<SnapAnswerName>) => ({ name: event.type, payload: event.payload }),
  },
} as const
const nextExpiry = {
  type: 'watchExpiry',
  params: ({ context }: In) => {
    const since = oldest(context.requests)
    return { at: since === undefined ? undefined : since + snapRequestTimeout }
  },
} as const
const settled = [ofEvent('settle'), nextExpiry] as const

const { enqueueActions, extend } = setup({
  types: {} as {
    context: SnapPeerContext
    input: SnapPeerInput
    events: SnapPeerEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: {
    ...portActions<SnapPeerPorts>()('pauseReading', 'resumeReading', 'serve', 'end', 'leave'),
    ...portActions<SnapPeerPorts>()('openAnswer', 'send', 'deliver', 'fail', 'watchExpiry'),
    track: assign(({ context }, order: SnapRequestMade) => ({
      requests: track(context.requests, { ...order, want: snapAnswerOf[order.name] }),
    })),
    cancel: assign(({ context }, which: { id: bigint }) => ({ requests: cancel(context.requests, which) })),
    settle: assign(({ context }, which: { id: bigint }) => ({ requests: settle(context.requests, which) })),
    expire: assign(({ context }, { now }: { now: number }) => ({
      requests: expire(context.requests, { now, timeout: snapRequestTimeout }),
    })),
  },
  guards: {
    isBesideEth: ({ context }) => context.isBesideEth,
    isRefused: ({ context }, order: SnapRequestMade) => refusalOf(context.requests, order) !== undefined,
    isAwaited: ({ context }, which: { id: bigint; caller: number }) => isAwaited(context.requests, which),
    isUnasked: ({ context }, answer: AnswerFacts) => faultOf(context.requests, answer) !== undefined,
    isAbandoned: ({ context }, { id }: AnswerFacts) => context.requests.pending.get(id)!.isCancelled,
  },
})

/** One snap session: geth's handler.runSnapExtension, and snap.HandleMessage for each message. It has no Status: eth has. */
export const snapPeerMachine = extend({
  actions: {
    failExpired: enqueueActions(({ context, enqueue }) => {
      for (const { caller, isCancelled } of context.requests.settled)
        if (!isCancelled) enqueue({ type: 'fail', params: { caller, error: new RequestExpired() } })
    }),
  },
}).createMachine({
  id: 'snap-peer',
  description: 'one snap session: an extension of eth (geth runSnapExtension, snap.HandleMessage)',
  context: ({ input }) => ({ ...input, requests: emptyTracker }),
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
      description: 'each request is served; an answer that was not asked for ends the session',
      meta: { phase: 'running', label: 'states are served, and asked for' },
      on: {
        GetAccountRange: served,
        GetStorageRanges: served,
        GetByteCodes: served,
        GetTrieNodes: served,
        GetAccessLists: served,
        AccountRange: opened,
        StorageRanges: opened,
        ByteCodes: opened,
        TrieNodes: opened,
        AccessLists: opened,
        'request.made': [
          {
            guard: ofEvent('isRefused'),
            actions: {
              type: 'fail',
              params: ({ context, event }) => ({ caller: event.caller, error: refusalOf(context.requests, event)! }),
            },
          },
          {
            actions: [
              ofEvent('track'),
              nextExpiry,
              { type: 'send', params: ({ event: { name, payload } }) => ({ name, payload }) },
            ],
          },
        ],
        'request.cancelled': { guard: ofEvent('isAwaited'), actions: ofEvent('cancel') },
        'requests.elapsed': { actions: [ofEvent('expire'), 'failExpired', nextExpiry] },
        'answer.opened': [
          {
            guard: ofEvent('isUnasked'),
            target: 'closed',
            actions: { type: 'end', params: ({ context, event }) => ({ error: faultOf(context.requests, event)! }) },
            description: breach,
          },
          { guard: ofEvent('isAbandoned'), actions: settled },
          {
            actions: [
              {
                type: 'deliver',
                params: ({ context, event: { id, payload } }) => ({
                  caller: context.requests.pending.get(id)!.caller,
                  payload,
                }),
              },
              ...settled,
            ],
          },
        ],
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
