import { assign, raise, setup } from 'xstate'
import type { Enode } from '../protocols/enode/enode.ts'
import type { NodeRecord } from '../protocols/enr/record.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/v4/known-node.ts implements it; a spec records it. */
export type Discv4NodePorts = {
  /** The PONG that answers it comes back as `pong.received` with the same number. */
  sendPing(which: { request: number }): void
  sendPong(answer: { ping: PingFacts }): void
  sendNeighbors(answer: { findnode: FindnodeFacts }): void
  sendRecord(answer: { request: RecordRequestFacts }): void
  /** A query of {@link Query}: `neighbors.received` and `record.received` come back. */
  sendQuery(which: { query: number }): void
  /** It answered a PING: its endpoint is proven, and what it says of ours holds. */
  noteProof(proof: { pong: PongFacts }): void
  /** Its endpoint is not proven: it did not answer, or a day has passed. */
  noteLapse(): void
  /** It contacts us from an endpoint that it has proven. */
  noteContact(contact: { ping: PingFacts }): void
  /** Outcomes of `check`. At 0 checks it is no longer worth a place. */
  reportAlive(outcome: { checks: number; seq: bigint }): void
  reportSilent(outcome: { checks: number }): void
  /** FINDNODEs in a row that brought nothing. */
  noteFindFails(count: { fails: number }): void
  settle(outcome: QueryOutcome): void
  /** Every query that has not ended fails: the node is forgotten. */
  abandon(): void
}

/** `hash` names the packet in its answer, `udp` is the port it came from, `tcp` the sender's claim. */
export type PingFacts = {
  readonly hash: Uint8Array
  readonly udp: number
  readonly tcp: number
  /** Where its sender sees us. */
  readonly to: Place | undefined
}
export type PongFacts = { readonly seq: bigint; readonly to: Place | undefined }
export type FindnodeFacts = { readonly target: Uint8Array; readonly udp: number }
export type RecordRequestFacts = { readonly hash: Uint8Array; readonly udp: number }
type Place = { readonly ip: string; readonly port: number }

export type Query = { readonly query: number; readonly kind: 'FINDNODE' | 'ENRREQUEST' }
/** Nodes for a FINDNODE, a record for an ENRREQUEST; neither when it failed. */
export type QueryOutcome = {
  readonly query: number
  readonly nodes?: readonly Enode[]
  readonly record?: NodeRecord | undefined
  readonly why?: QueryFailure
}
export type QueryFailure = 'timeout' | 'too many queries' | 'closed'

export type Discv4NodeInput = {
  readonly ports: Discv4NodePorts
  /** 64 hex digits: readers of the feed know the node by it. */
  readonly id: string
  /** `ip:port` where it is at first, for them. */
  readonly remote?: string
  /** ms for which its proof still holds, and its knowledge of ours; 0 for none. */
  readonly provenFor: number
  readonly introducedFor: number
  readonly findFails: number
  /** Checks that it passed. */
  readonly checks: number
}

export type Discv4NodeEvent =
  | { type: 'ping.received'; ping: PingFacts }
  /** It names the PING of that number. */
  | { type: 'pong.received'; request: number; pong: PongFacts }
  | { type: 'findnode.received'; findnode: FindnodeFacts }
  | { type: 'enrrequest.received'; request: RecordRequestFacts }
  | { type: 'neighbors.received'; nodes: readonly Enode[]; count: number }
  /** It names the ENRREQUEST of that query. Without a record: it was not this node's, or no record. */
  | { type: 'record.received'; query: number; record: NodeRecord | undefined }
  | { type: 'check' }
  | ({ type: 'query' } & Query)
  | { type: 'node.forget' }
  | Internal

/** What one region says to the others. */
type Internal =
  | { type: 'ping.wanted' }
  | { type: 'ping.answered'; seq: bigint }
  | { type: 'ping.unanswered' }
  | { type: 'introduction.wanted' }
  | { type: 'introduction.done' }
  | { type: 'introduction.failed' }
  | { type: 'introduction.lost' }

type Discv4NodeContext = Discv4NodeInput & {
  /** Of the last PING. */
  readonly request: number
  /** What contacted us while its endpoint was not proven. */
  readonly contact: PingFacts | undefined
  /** The first is out, or about to be. BOUNDED: maxQueries. */
  readonly queries: readonly Query[]
  /** What the FINDNODE that is out has brought. BOUNDED: bucketSize and one packet. */
  readonly found: readonly Enode[]
  /** Nodes in its answers, those that were unfit among them. */
  readonly counted: number
}

/** geth `respTimeout`. */
export const responseTimeout = 500
/** geth `bondExpiration`; discv4.md says 12 hours. */
export const bondExpiry = 24 * 3_600_000
/** geth `bucketSize`: with so many nodes a FINDNODE has its answer. */
const fullAnswer = 16
/** geth `maxFindnodeFailures`: after more it may have forgotten us. */
const maxFindFails = 5
/** BOUNDED: queries that wait for one node. */
export const maxQueries = 16

const head = ({ context }: { context: Discv4NodeContext }) => ({ query: context.queries[0]!.query })
const failed = ({ context }: { context: Discv4NodeContext }) => ({ ...head({ context }), why: 'timeout' as const })
const found = ({ context, event }: { context: Discv4NodeContext; event: Discv4NodeEvent }) => ({
  ...head({ context }),
  nodes: event.type === 'neighbors.received' ? [...context.found, ...event.nodes] : context.found,
})

/** A node at one IP address, as discv4 knows it: what it has proven, what we have, and what we ask of it. */
export const discv4NodeMachine = setup({
  types: {} as { context: Discv4NodeContext; input: Discv4NodeInput; events: Discv4NodeEvent },
  actions: {
    ...portActions<Discv4NodePorts>()('sendPing', 'sendPong', 'sendNeighbors', 'sendRecord', 'sendQuery'),
    ...portActions<Discv4NodePorts>()('noteProof', 'noteLapse', 'noteContact', 'reportAlive', 'reportSilent'),
    ...portActions<Discv4NodePorts>()('noteFindFails', 'settle', 'abandon'),
    numberPing: assign(({ context }) => ({ request: context.request + 1 })),
    keepContact: assign((_, { ping }: { ping: PingFacts }) => ({ contact: ping })),
    forgetContact: assign({ contact: undefined }),
    renewProof: assign({ provenFor: bondExpiry }),
    renewIntroduction: assign({ introducedFor: bondExpiry }),
    setChecks: assign((_, { checks }: { checks: number }) => ({ checks })),
    setFindFails: assign((_, { fails }: { fails: number }) => ({ findFails: fails })),
    enlist: assign(({ context }, { query, kind }: Query) => ({ queries: [...context.queries, { query, kind }] })),
    strike: assign(({ context }) => ({ queries: context.queries.slice(1), found: [], counted: 0 })),
    collect: assign(({ context }, { nodes, count }: { nodes: readonly Enode[]; count: number }) => ({
      found: [...context.found, ...nodes],
      counted: context.counted + count,
    })),
    want: raise({ type: 'ping.wanted' }),
    wantIntroduction: raise({ type: 'introduction.wanted' }),
    introduced: raise({ type: 'introduction.done' }),
    notIntroduced: raise({ type: 'introduction.failed' }),
    loseIntroduction: raise({ type: 'introduction.lost' }),
    unanswered: raise({ type: 'ping.unanswered' }),
    answered: raise((_, { seq }: { seq: bigint }) => ({ type: 'ping.answered', seq }) as const),
  },
  guards: {
    isProven: ({ context }) => context.provenFor > 0,
    isIntroduced: ({ context }) => context.introducedFor > 0,
    hasContact: ({ context }) => context.contact !== undefined,
    isAnswer: ({ context }, { request }: { request: number }) => request === context.request,
    hasChecksLeft: ({ context }) => context.checks >= 3,
    hasQuery: ({ context }) => context.queries.length > 0,
    isFull: ({ context }) => context.queries.length >= maxQueries,
    isFinding: ({ context }) => context.queries[0]!.kind === 'FINDNODE',
    isFindingDone: ({ context }, { count }: { count: number }) =>
      context.queries[0]!.kind === 'FINDNODE' && context.counted + count >= fullAnswer,
    isQuery: ({ context }, { query }: { query: number }) =>
      context.queries[0]!.kind === 'ENRREQUEST' && context.queries[0]!.query === query,
    hasFound: ({ context }) => context.queries[0]!.kind === 'FINDNODE' && context.found.length > 0,
    hasFailedTooOften: ({ context }) => context.queries[0]!.kind === 'FINDNODE' && context.findFails >= maxFindFails,
  },
  delays: {
    responseTimeout,
    provenFor: ({ context }) => context.provenFor,
    introducedFor: ({ context }) => context.introducedFor,
  },
}).createMachine({
  id: 'discv4-node',
  description: 'a node at one IP address: what it has proven, what we have, what we ask of it (geth UDPv4)',
  context: ({ input }) => ({
    ...input,
    request: 0,
    contact: undefined,
    queries: [],
    found: [],
    counted: 0,
  }),
  options: { maxIterations: 100 },
  initial: 'known',
  states: {
    known: {
      type: 'parallel',
      on: {
        'node.forget': 'forgotten',
        query: [
          {
            guard: 'isFull',
            actions: {
              type: 'settle',
              params: ({ event }) => ({ query: event.query, why: 'too many queries' }),
            },
          },
          { actions: ofEvent('enlist') },
        ],
      },
      states: {
        proof: {
          description:
            'has it answered a PING within a day? Without that it is sent nothing that is larger than its own packet',
          initial: 'recalled',
          states: {
            recalled: { always: [{ guard: 'isProven', target: 'bonded' }, { target: 'unknown' }] },
            unknown: {
              on: {
                'ping.received': {
                  target: 'bonding',
                  actions: [ofEvent('sendPong'), ofEvent('keepContact'), 'want'],
                },
                'ping.wanted': 'bonding',
              },
            },
            bonding: {
              description: 'our PING is out',
              on: {
                'ping.received': {
                  actions: [ofEvent('sendPong'), ofEvent('keepContact')],
                },
                'ping.answered': 'bonded',
                'ping.unanswered': { target: 'unknown', actions: ['forgetContact', 'noteLapse'] },
              },
            },
            bonded: {
              description: 'its requests are answered',
              initial: 'contacting',
              on: {
                'ping.received': {
                  actions: [ofEvent('sendPong'), ofEvent('noteContact')],
                },
                'findnode.received': { actions: ofEvent('sendNeighbors') },
                'enrrequest.received': { actions: ofEvent('sendRecord') },
                'ping.answered': '.renewed',
              },
              states: {
                contacting: {
                  always: [
                    {
                      guard: 'hasContact',
                      target: 'renewed',
                      actions: [
                        { type: 'noteContact', params: ({ context }) => ({ ping: context.contact! }) },
                        'forgetContact',
                      ],
                    },
                    { target: 'renewed' },
                  ],
                },
                renewed: {
                  after: { provenFor: { target: '#discv4-node.known.proof.unknown', actions: 'noteLapse' } },
                },
              },
            },
          },
        },
        introduction: {
          description: 'has it pinged us within a day? If not it may not answer what we ask',
          initial: 'recalled',
          states: {
            recalled: { always: [{ guard: 'isIntroduced', target: 'heard' }, { target: 'silent' }] },
            silent: {
              on: { 'ping.received': 'heard', 'introduction.wanted': 'pinging' },
            },
            pinging: {
              entry: 'want',
              on: {
                'ping.received': { target: 'heard', actions: 'introduced' },
                'ping.answered': 'listening',
                'ping.unanswered': { target: 'silent', actions: 'notIntroduced' },
              },
            },
            listening: {
              description: 'it pings us, and is answered, if it does not know us',
              on: { 'ping.received': { target: 'heard', actions: 'introduced' } },
              after: { responseTimeout: { target: 'heard', actions: 'introduced' } },
            },
            heard: {
              entry: 'renewIntroduction',
              on: {
                'ping.received': { target: 'heard', reenter: true },
                'introduction.wanted': { actions: 'introduced' },
                'introduction.lost': 'silent',
              },
              after: { introducedFor: 'silent' },
            },
          },
        },
        ping: {
          description: 'one PING at a time, which serves all that want one',
          initial: 'quiet',
          states: {
            quiet: { on: { 'ping.wanted': 'awaitingPong' } },
            awaitingPong: {
              entry: ['numberPing', { type: 'sendPing', params: ({ context }) => ({ request: context.request }) }],
              on: {
                'pong.received': {
                  guard: ofEvent('isAnswer'),
                  target: 'quiet',
                  actions: [
                    'renewProof',
                    ofEvent('noteProof'),
                    { type: 'answered', params: ({ event }) => event.pong },
                  ],
                },
              },
              after: { responseTimeout: { target: 'quiet', actions: 'unanswered' } },
            },
          },
        },
        liveness: {
          description: 'is it worth its place in the table?',
          initial: 'unverified',
          states: {
            unverified: { on: { check: 'checking' } },
            checking: {
              entry: 'want',
              on: {
                'ping.answered': {
                  target: 'verified',
                  actions: [
                    { type: 'setChecks', params: ({ context }) => ({ checks: context.checks + 1 }) },
                    {
                      type: 'reportAlive',
                      params: ({ context: { checks }, event: { seq } }) => ({ checks, seq }),
                    },
                  ],
                },
                'ping.unanswered': [
                  {
                    guard: 'hasChecksLeft',
                    target: 'failing',
                    actions: [
                      { type: 'setChecks', params: ({ context }) => ({ checks: Math.floor(context.checks / 3) }) },
                      { type: 'reportSilent', params: ({ context: { checks } }) => ({ checks }) },
                    ],
                  },
                  {
                    target: 'unverified',
                    actions: [
                      { type: 'setChecks', params: { checks: 0 } },
                      { type: 'reportSilent', params: { checks: 0 } },
                    ],
                  },
                ],
              },
            },
            verified: { on: { check: 'checking' } },
            failing: {
              description: 'it has answered before, and is checked again soon',
              on: { check: 'checking' },
            },
          },
        },
        query: {
          description: 'what we ask of it, one at a time',
          initial: 'idle',
          states: {
            idle: { always: { guard: 'hasQuery', target: 'preparing' } },
            preparing: {
              description: 'it must know us, or it will not answer',
              entry: 'wantIntroduction',
              on: {
                'introduction.done': 'asking',
                'introduction.failed': 'failed',
              },
            },
            asking: {
              entry: { type: 'sendQuery', params: head },
              on: {
                'neighbors.received': [
                  {
                    guard: ofEvent('isFindingDone'),
                    target: 'idle',
                    actions: [
                      { type: 'settle', params: found },
                      { type: 'setFindFails', params: { fails: 0 } },
                      { type: 'noteFindFails', params: { fails: 0 } },
                      'strike',
                    ],
                  },
                  { guard: 'isFinding', actions: ofEvent('collect') },
                ],
                'record.received': {
                  guard: ofEvent('isQuery'),
                  target: 'idle',
                  actions: [
                    { type: 'settle', params: ({ event: { query, record } }) => ({ query, record }) },
                    'strike',
                  ],
                },
              },
              after: {
                responseTimeout: [
                  {
                    guard: 'hasFound',
                    target: 'idle',
                    actions: [
                      { type: 'settle', params: found },
                      { type: 'setFindFails', params: { fails: 0 } },
                      { type: 'noteFindFails', params: { fails: 0 } },
                      'strike',
                    ],
                  },
                  { target: 'failed' },
                ],
              },
            },
            failed: {
              always: [
                {
                  guard: 'hasFailedTooOften',
                  target: 'idle',
                  actions: [
                    { type: 'settle', params: failed },
                    { type: 'setFindFails', params: ({ context }) => ({ fails: context.findFails + 1 }) },
                    { type: 'noteFindFails', params: ({ context }) => ({ fails: context.findFails }) },
                    'strike',
                    'loseIntroduction',
                  ],
                },
                {
                  guard: 'isFinding',
                  target: 'idle',
                  actions: [
                    { type: 'settle', params: failed },
                    { type: 'setFindFails', params: ({ context }) => ({ fails: context.findFails + 1 }) },
                    { type: 'noteFindFails', params: ({ context }) => ({ fails: context.findFails }) },
                    'strike',
                  ],
                },
                { target: 'idle', actions: [{ type: 'settle', params: failed }, 'strike'] },
              ],
            },
          },
        },
      },
    },
    forgotten: { type: 'final', entry: 'abandon' },
  },
})
