import { setup } from 'xstate'
import type { HandshakePacket, WhoareyouPacket } from '../protocols/discv5/packet.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/scripted-peer/discv5.ts implements it; a spec records it. */
export type ScriptedDiscv5Ports = {
  /** Sends WHOAREYOU, for the packet of this nonce. `challenge.sent` comes back. */
  challenge(of: { nonce: Uint8Array }): void
  /** Answers a WHOAREYOU with the request that is out. `keys.agreed` comes back. */
  prove(answer: { packet: WhoareyouPacket }): void
  /** Takes the keys of a handshake, if it is sound. `keys.agreed` comes back. */
  accept(answer: { packet: HandshakePacket }): void
  sendPong(answer: { requestId: Uint8Array }): void
  /** Closes the socket. */
  unbind(): void
}

/** The last thing that it does by itself: nothing but read packets, or both sides of a handshake. */
export type Discv5Automatism = 'packets' | 'session'

export type ScriptedDiscv5Input = {
  readonly ports: ScriptedDiscv5Ports
  readonly through: Discv5Automatism
  readonly answersPings: boolean
  /** It begins with the keys of a session. */
  readonly hasKeys: boolean
}

export type ScriptedDiscv5Event =
  /** A request went out, under keys or as bytes that no one can read. */
  | { type: 'request.sent' }
  | { type: 'challenge.sent' }
  | { type: 'keys.agreed' }
  /** It names the request that is out. */
  | { type: 'whoareyou.received'; packet: WhoareyouPacket }
  /** An ordinary packet that our keys, if there are any, do not open. */
  | { type: 'packet.unreadable'; nonce: Uint8Array }
  | { type: 'handshake.received'; packet: HandshakePacket }
  | { type: 'ping.received'; requestId: Uint8Array }
  | { type: 'script.close' }

/**
 * A node of a test that speaks discv5 with one other: where their session stands, and what it does by itself. A script may
 * send anything at any stage, so no state forbids a packet.
 */
export const scriptedDiscv5Machine = setup({
  types: {} as { context: ScriptedDiscv5Input; input: ScriptedDiscv5Input; events: ScriptedDiscv5Event },
  actions: portActions<ScriptedDiscv5Ports>()('challenge', 'prove', 'accept', 'sendPong', 'unbind'),
  guards: {
    makesSessions: ({ context }) => context.through === 'session',
    answersPings: ({ context }) => context.answersPings,
    hasKeys: ({ context }) => context.hasKeys,
  },
}).createMachine({
  id: 'scripted-discv5',
  description: 'one end of a session of discv5 under the control of a script',
  context: ({ input }) => input,
  options: { maxIterations: 100 },
  initial: 'bound',
  states: {
    bound: {
      type: 'parallel',
      on: {
        'ping.received': { guard: 'answersPings', actions: ofEvent('sendPong') },
        'packet.unreadable': { guard: 'makesSessions', actions: ofEvent('challenge') },
        'script.close': { target: 'closed', actions: 'unbind' },
      },
      states: {
        keys: {
          initial: 'recalled',
          states: {
            recalled: { always: [{ guard: 'hasKeys', target: 'agreed' }, { target: 'none' }] },
            none: { on: { 'keys.agreed': 'agreed' } },
            agreed: { description: 'what is sent is sealed with them' },
          },
        },
        request: {
          description: 'ours: WHOAREYOU may be its answer',
          initial: 'none',
          states: {
            none: { on: { 'request.sent': 'out' } },
            out: {
              on: {
                'whoareyou.received': { guard: 'makesSessions', target: 'none', actions: ofEvent('prove') },
                'keys.agreed': 'none',
              },
            },
          },
        },
        challenge: {
          description: 'our WHOAREYOU: a handshake is its answer',
          initial: 'none',
          states: {
            none: { on: { 'challenge.sent': 'out' } },
            out: {
              on: {
                'handshake.received': { guard: 'makesSessions', actions: ofEvent('accept') },
                'keys.agreed': 'none',
              },
            },
          },
        },
      },
    },
    closed: { type: 'final' },
  },
})
