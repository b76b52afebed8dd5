import { and, assign, raise, setup, stateIn } from 'xstate'
import type { HandshakePacket } from '../protocols/discv5/packet.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/v5/session.ts implements it; a spec records it. */
export type Discv5SessionPorts = {
  /** Sends WHOAREYOU, for the packet of this nonce (hex). */
  challenge(of: { nonce: string }): void
  /** Sends the same WHOAREYOU again. */
  repeatChallenge(): void
  /** The challenge is no longer to be answered. */
  dropChallenge(): void
  /** `answer.accepted` or `answer.refused` comes back. */
  checkAnswer(answer: { packet: HandshakePacket }): void
  /** Takes the keys of the answer that was accepted, and its message. */
  takeKeys(): void
  /** The request of a call: with the keys of the session, as random bytes that bring a WHOAREYOU, or in a handshake. */
  sendCall(which: { call: number }): void
  sendRandom(which: { call: number }): void
  sendHandshake(which: { call: number }): void
  failCall(how: { call: number; why: CallFailure }): void
  /** Every call that has not ended. */
  failCalls(how: { why: CallFailure }): void
  /** The keys are gone, and nothing more comes of this session. */
  forget(): void
}

/** Why a call has no response; `queue full`: it was never sent. */
export type CallFailure = 'timeout' | 'queue full' | 'closed'

export type Discv5SessionInput = {
  readonly ports: Discv5SessionPorts
  /** The node's, 64 hex digits: readers of the feed know it by that. */
  readonly id: string
  /** `ip:port` where it is, for them. */
  readonly remote?: string
}

export type Discv5SessionEvent =
  /** An ordinary packet that the keys of the session, if there are any, do not open. */
  | { type: 'packet.unreadable'; nonce: string }
  | { type: 'handshake.received'; packet: HandshakePacket }
  | { type: 'answer.accepted' }
  /** `why`: for readers of the feed. */
  | { type: 'answer.refused'; why?: string }
  /** In answer to the request that is out. */
  | { type: 'whoareyou.received' }
  | { type: 'call.made'; call: number }
  /** To the call that is out; more of them are to come. */
  | { type: 'response.received' }
  /** The call that is out has its response, or will have none. */
  | { type: 'call.ended' }
  | { type: 'session.end' }

type Discv5SessionContext = {
  readonly ports: Discv5SessionPorts
  /** The first is out, the others wait for it. BOUNDED: maxCalls. */
  readonly calls: readonly number[]
}

/** geth handshakeTimeout: how long an answer to our WHOAREYOU is taken, in ms. */
export const challengeTimeout = 1_000
/** geth V5RespTimeout, in ms: to the response, or to the next of several. */
export const responseTimeout = 700
/** Calls to one node at a time; geth has no bound. */
export const maxCalls = 64

const theCall = ({ context }: { context: Discv5SessionContext }) => ({ call: context.calls[0]! })

const end = '#discv5-session.closed'

/** A request is out: what both ways to have sent it share. */
const waiting = {
  on: {
    'call.made': [
      {
        guard: 'isFull',
        actions: {
          type: 'failCall',
          params: ({ event }: { event: { call: number } }) => ({ call: event.call, why: 'queue full' as const }),
        },
      },
      { actions: { type: 'enlist', params: ({ event }: { event: { call: number } }) => event } },
    ],
  },
  after: {
    responseTimeout: {
      actions: [
        {
          type: 'failCall',
          params: ({ context }: { context: Discv5SessionContext }) => ({
            call: context.calls[0]!,
            why: 'timeout' as const,
          }),
        },
        'endCall',
      ],
    },
  },
} as const

/** A node at one endpoint, as UDP reaches it (geth v5wire.SessionCache and the calls of UDPv5). */
export const discv5SessionMachine = setup({
  types: {} as { context: Discv5SessionContext; input: Discv5SessionInput; events: Discv5SessionEvent },
  actions: {
    ...portActions<Discv5SessionPorts>()('challenge', 'repeatChallenge', 'dropChallenge', 'checkAnswer', 'takeKeys'),
    ...portActions<Discv5SessionPorts>()('sendCall', 'sendRandom', 'sendHandshake', 'failCall', 'failCalls'),
    ...portActions<Discv5SessionPorts>()('forget'),
    enlist: assign(({ context }, { call }: { call: number }) => ({ calls: [...context.calls, call] })),
    strike: assign(({ context }) => ({ calls: context.calls.slice(1) })),
    endCall: raise({ type: 'call.ended' }),
  },
  guards: {
    isFull: ({ context }) => context.calls.length >= maxCalls,
    hasNext: ({ context }) => context.calls.length > 1,
    canSendNext: and(['hasNext', stateIn({ active: { keys: 'agreed' } })]),
    hasKeys: stateIn({ active: { keys: 'agreed' } }),
    isAsking: stateIn({ active: { call: 'asked' } }),
    isUnchallengedStranger: stateIn({ active: { keys: 'none', challenge: 'none' } }),
    isUnaskedStranger: stateIn({ active: { keys: 'none', call: 'none' } }),
  },
  delays: { challengeTimeout, responseTimeout },
}).createMachine({
  id: 'discv5-session',
  description: 'a node at one endpoint: the keys shared with it, our challenge to it, and the requests we make of it',
  context: ({ input }) => ({ ...input, calls: [] }),
  options: { maxIterations: 100 },
  initial: 'unknown',
  states: {
    unknown: {
      on: {
        'packet.unreadable': {
          target: '#discv5-session.active.challenge.sent',
          actions: { type: 'challenge', params: ({ event: { nonce } }) => ({ nonce }) },
        },
        'call.made': {
          target: '#discv5-session.active.call.asked',
          actions: [ofEvent('enlist'), { type: 'sendRandom', params: theCall }],
        },
      },
    },
    active: {
      type: 'parallel',
      on: {
        'session.end': {
          target: 'closed',
          actions: [{ type: 'failCalls', params: { why: 'closed' } }, 'forget'],
        },
      },
      states: {
        keys: {
          description: 'of one session at most; those of a new handshake take their place',
          initial: 'none',
          states: {
            none: {
              on: { 'answer.accepted': 'agreed', 'whoareyou.received': { guard: 'isAsking', target: 'agreed' } },
            },
            agreed: {},
          },
        },
        challenge: {
          description: 'our WHOAREYOU to it, one at a time',
          initial: 'none',
          states: {
            none: {
              on: {
                'packet.unreadable': {
                  target: 'sent',
                  actions: { type: 'challenge', params: ({ event: { nonce } }) => ({ nonce }) },
                },
              },
            },
            sent: {
              on: {
                // It may have several requests under way: only one handshake is made, the first.
                'packet.unreadable': { actions: 'repeatChallenge' },
                'handshake.received': {
                  actions: { type: 'checkAnswer', params: ({ event: { packet } }) => ({ packet }) },
                },
                'answer.accepted': { target: 'none', actions: ['dropChallenge', 'takeKeys'] },
                'answer.refused': [
                  { guard: 'isUnaskedStranger', target: end, actions: ['dropChallenge', 'forget'] },
                  { target: 'none', actions: 'dropChallenge' },
                ],
              },
              after: {
                challengeTimeout: [
                  { guard: 'isUnaskedStranger', target: end, actions: ['dropChallenge', 'forget'] },
                  { target: 'none', actions: 'dropChallenge' },
                ],
              },
            },
          },
        },
        call: {
          description: 'our requests to it, one out at a time',
          initial: 'none',
          states: {
            none: {
              on: {
                'call.made': [
                  {
                    guard: 'hasKeys',
                    target: 'asked',
                    actions: [ofEvent('enlist'), { type: 'sendCall', params: theCall }],
                  },
                  {
                    target: 'asked',
                    actions: [ofEvent('enlist'), { type: 'sendRandom', params: theCall }],
                  },
                ],
              },
            },
            asked: {
              ...waiting,
              on: {
                ...waiting.on,
                'call.ended': [
                  {
                    guard: 'canSendNext',
                    target: 'asked',
                    reenter: true,
                    actions: ['strike', { type: 'sendCall', params: theCall }],
                  },
                  {
                    guard: 'hasNext',
                    target: 'asked',
                    reenter: true,
                    actions: ['strike', { type: 'sendRandom', params: theCall }],
                  },
                  { guard: 'isUnchallengedStranger', target: end, actions: ['strike', 'forget'] },
                  { target: 'none', actions: 'strike' },
                ],
                'whoareyou.received': {
                  target: 'proven',
                  actions: { type: 'sendHandshake', params: theCall },
                },
                'response.received': { target: 'asked', reenter: true },
              },
            },
            proven: {
              description: 'in a handshake: a second WHOAREYOU is not answered',
              ...waiting,
              on: {
                ...waiting.on,
                'call.ended': [
                  { guard: 'hasNext', target: 'asked', actions: ['strike', { type: 'sendCall', params: theCall }] },
                  { target: 'none', actions: 'strike' },
                ],
                'response.received': { target: 'proven', reenter: true },
              },
            },
          },
        },
      },
    },
    closed: { type: 'final' },
  },
})
