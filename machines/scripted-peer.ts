import { assign, setup } from 'xstate'
import type { DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/harness/scripted-peer.ts implements it; a spec records it. */
export type ScriptedPeerPorts = {
  /** `stream.opened` or `dial.failed` comes back. */
  connect(): void
  /** Runs the encryption handshake in whichever role: `rlpx.secured` comes back, or the stream's end. */
  secure(): void
  sayHello(): void
  sayStatus(): void
  sendPong(): void
  /** Closes the stream, whatever it is at. */
  hangUp(): void
}

/** The last thing that a peer does by itself; all that comes after is its script's. */
export type Automatism = 'tcp' | 'rlpx' | 'hello' | 'status'

export type ScriptedPeerInput = {
  readonly ports: ScriptedPeerPorts
  /** Else it waits for the other side to come. */
  readonly isDialing: boolean
  readonly through: Automatism
  /** Its Status is known, and said without waiting for theirs; else it says theirs. */
  readonly hasStatus: boolean
  readonly answersPings: boolean
}

export type ScriptedPeerEvent =
  /** `remote`: its address. */
  | { type: 'stream.opened'; remote: string }
  | { type: 'dial.failed'; error: Error }
  | { type: 'script.secure' }
  /** `id`: the node at the other end, as its key proves. */
  | { type: 'rlpx.secured'; id: string }
  | { type: 'hello.sent' }
  /** `speaksEth`: both Hellos name a version of eth. */
  | { type: 'hello.received'; speaksEth: boolean }
  | { type: 'status.sent' }
  | { type: 'status.received' }
  | { type: 'ping.received' }
  | { type: 'disconnect.received'; reason: DiscReason }
  /** What came was no frame, or the stream has ended. */
  | { type: 'stream.closed'; error?: Error | undefined }
  /** `error`: it broke in what the peer does by itself. */
  | { type: 'script.close'; error?: Error }

type ScriptedPeerContext = ScriptedPeerInput & {
  readonly speaksEth: boolean
  /** They sent it. */
  readonly reason: DiscReason | undefined
  readonly error: Error | undefined
  /** Who ended it: the script, or the other side. */
  readonly endedBy: 'us' | 'them' | undefined
}

const automatisms: readonly Automatism[] = ['tcp', 'rlpx', 'hello', 'status']
const goesThrough = ({ through }: ScriptedPeerInput, step: Automatism) =>
  automatisms.indexOf(through) >= automatisms.indexOf(step)

/**
 * One connection of a test: where it stands, and what it does by itself. A script may say anything at any stage, so no
 * state forbids a message; the chart knows how far both sides have come.
 */
export const scriptedPeerMachine = setup({
  types: {} as {
    context: ScriptedPeerContext
    input: ScriptedPeerInput
    events: ScriptedPeerEvent
    meta: StateMeta
    tags: StateTag
  },
  actions: {
    ...portActions<ScriptedPeerPorts>()('connect', 'secure', 'sayHello', 'sayStatus', 'sendPong', 'hangUp'),
    learn: assign((_, { speaksEth }: { speaksEth: boolean }) => ({ speaksEth })),
    noteReason: assign((_, { reason }: { reason: DiscReason }) => ({ reason })),
    conclude: assign((_, end: { by: 'us' | 'them'; error?: Error | undefined }) => ({
      endedBy: end.by,
      error: end.error,
    })),
  },
  guards: {
    isDialing: ({ context }) => context.isDialing,
    securesItself: ({ context }) => goesThrough(context, 'rlpx'),
    saysHello: ({ context }) => goesThrough(context, 'hello'),
    saysStatusFirst: ({ context }) => goesThrough(context, 'status') && context.hasStatus,
    answersStatus: ({ context }) => goesThrough(context, 'status'),
    answersPings: ({ context }) => context.answersPings,
    bothSpeakEth: (_, { speaksEth }: { speaksEth: boolean }) => speaksEth,
  },
}).createMachine({
  id: 'scripted-peer',
  description: 'one end of a connection under the control of a script',
  context: ({ input }) => ({
    ...input,
    speaksEth: false,
    reason: undefined,
    error: undefined,
    endedBy: undefined,
  }),
  options: { maxIterations: 100 },
  initial: 'beginning',
  on: {
    'ping.received': { guard: 'answersPings', actions: 'sendPong' },
    'disconnect.received': { actions: ofEvent('noteReason') },
    'stream.closed': {
      target: '.closed',
      actions: { type: 'conclude', params: ({ event }) => ({ by: 'them', error: event.error }) },
    },
    'script.close': {
      target: '.closed',
      actions: ['hangUp', { type: 'conclude', params: ({ event }) => ({ by: 'us', error: event.error }) }],
    },
  },
  states: {
    beginning: { always: [{ guard: 'isDialing', target: 'dialing' }, { target: 'listening' }] },
    dialing: {
      meta: { phase: 'dialing' },
      tags: 'moving',
      entry: 'connect',
      on: {
        'stream.opened': 'securing',
        'dial.failed': {
          target: 'closed',
          actions: { type: 'conclude', params: ({ event }) => ({ by: 'them', error: event.error }) },
        },
      },
    },
    listening: { meta: { phase: 'listening' }, on: { 'stream.opened': 'securing' } },
    securing: {
      description: 'TCP is open: auth and ack (EIP-8)',
      meta: { phase: 'securing' },
      tags: 'moving',
      initial: 'bare',
      states: {
        bare: {
          always: { guard: 'securesItself', target: 'agreeing' },
          on: { 'script.secure': 'agreeing' },
        },
        agreeing: { entry: 'secure', on: { 'rlpx.secured': '#scripted-peer.greeting' } },
      },
    },
    greeting: {
      description: 'frames flow: Hello both ways',
      meta: { phase: 'greeting' },
      tags: 'moving',
      initial: 'unsaid',
      states: {
        unsaid: {
          always: { guard: 'saysHello', target: 'said', actions: 'sayHello' },
          on: {
            'hello.sent': 'said',
            'hello.received': { target: 'heard', actions: ofEvent('learn') },
          },
        },
        said: {
          on: {
            'hello.received': [
              {
                guard: ofEvent('bothSpeakEth'),
                target: '#scripted-peer.handshaking',
                actions: ofEvent('learn'),
              },
              { target: '#scripted-peer.running' },
            ],
          },
        },
        heard: {
          on: {
            'hello.sent': [
              {
                guard: { type: 'bothSpeakEth', params: ({ context }) => context },
                target: '#scripted-peer.handshaking',
              },
              { target: '#scripted-peer.running' },
            ],
          },
        },
      },
    },
    handshaking: {
      description: 'Status both ways',
      meta: { phase: 'handshaking' },
      tags: 'moving',
      initial: 'unsaid',
      states: {
        unsaid: {
          always: { guard: 'saysStatusFirst', target: 'said', actions: 'sayStatus' },
          on: {
            'status.sent': 'said',
            'status.received': [{ guard: 'answersStatus', target: 'heard', actions: 'sayStatus' }, { target: 'heard' }],
          },
        },
        said: { on: { 'status.received': '#scripted-peer.running' } },
        heard: { on: { 'status.sent': '#scripted-peer.running' } },
      },
    },
    running: { description: 'both sides have said who they are', meta: { phase: 'running' } },
    closed: { type: 'final', meta: { phase: 'closed' } },
  },
})
