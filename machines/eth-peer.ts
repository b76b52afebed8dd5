import { assign, setup } from 'xstate'
import { hasRules } from '../protocols/eth/answer-rules.ts'
import { type BlockRange, checkRange } from '../protocols/eth/block-range.ts'
import { limits } from '../protocols/eth/limits.ts'
import { countOf, type EthAnswer } from '../protocols/eth/messages.ts'
import type { Status } from '../protocols/eth/status.ts'
import {
  type AnswerName,
  answerOf,
  type EthVersion,
  type MessageName,
  type RequestName,
} from '../protocols/eth/versions.ts'
import { DiscError, DiscReason, discReasonText } from '../protocols/p2p/disconnect-reasons.ts'
import { DisallowedBlock, InvalidMessageCode, MessageTooLong, NoStatus, NotRegistered } from './eth-faults.ts'
import type { StateMeta, StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'
import {
  cancel,
  emptyTracker,
  expire,
  faultOf,
  isAwaited,
  oldest,
  RequestExpired,
  type RequestTracker,
  refusalOf,
  settle,
  track,
} from './request-tracker.ts'

/** What the chart asks of the world. actors/eth/eth-peer.ts implements it; a spec records it. */
export type EthPeerPorts = {
  pauseReading(): void
  resumeReading(): void
  /** The manager answers once it knows whether it runs: `manager.started` or `manager.refused`. */
  arrive(): void
  sendStatus(): void
  /** Decodes, then compares in geth's order: `status.accepted` or `fault.found`. */
  openStatus(message: { payload: Uint8Array }): void
  /** Asks for a place in the peer set: `manager.registered` or `manager.refused`. */
  register(who: { status: Status }): void
  /** Sends what we have of what is asked for; `fault.found` comes back when the request is none. */
  serve(request: EthPayload<RequestName>): void
  /** Decodes and checks transactions or their announcement: nothing comes back, or `fault.found`. */
  checkTransactions(message: EthPayload<'Transactions' | 'NewPooledTransactionHashes'>): void
  /** Decodes a range: `range.opened` or `fault.found`. */
  openRange(message: { payload: Uint8Array }): void
  /** The range of the remote is another: those who follow the peer set get it. */
  noteRange(change: { range: BlockRange }): void
  /** Decodes an answer without opening its items: `answer.opened` or `fault.found`. */
  openAnswer(message: EthPayload<AnswerName>): void
  /** Looks at what is in an answer that was asked for: `answer.checked` or `fault.found`. */
  checkAnswer(which: { answer: EthAnswer }): void
  send(message: EthPayload): void
  /** The caller gets the answer to its request, or why there is none. */
  deliver(answer: { caller: number; answer: EthAnswer }): void
  fail(request: { caller: number; error: Error }): void
  /** `requests.elapsed` comes at that time (ms), and at no other that was named before. */
  watchExpiry(next: { at: number | undefined }): void
  /** Ends the session, and with it the peer, for this reason. */
  end(verdict: { error: Error }): void
  /** The manager and all callers without an answer get that the session is over. */
  leave(): void
}

export type EthPayload<Name extends MessageName = MessageName> = { readonly name: Name; readonly payload: Uint8Array }
export type EthPeerInput = { readonly ports: EthPeerPorts; readonly version: EthVersion }

/** A message by geth's name, not yet decoded. */
type MessageEvent = { [Name in MessageName]: { type: Name; payload: Uint8Array } }[MessageName]
/** `count` is the most items that the answer may hold, `now` milliseconds; `caller` is the actor's own count. */
export type RequestMade = {
  id: bigint
  caller: number
  name: RequestName
  count: number
  payload: Uint8Array
  now: number
}
export type EthPeerEvent =
  | MessageEvent
  /** A code that this version does not have, or a message of more than 10 MiB. */
  | { type: 'code.unknown'; code: number }
  | { type: 'message.tooLong'; name: MessageName; size: number }
  | { type: 'manager.started' }
  /** `isSynced`: whether transactions are accepted already. */
  | { type: 'manager.registered'; isSynced: boolean }
  /** Transactions are accepted from now on. */
  | { type: 'manager.synced' }
  | { type: 'manager.refused'; error: Error }
  | { type: 'manager.dropped'; reason: DiscReason }
  | { type: 'status.accepted'; status: Status }
  | { type: 'range.opened'; range: BlockRange }
  /** The remote broke a rule that only showed when its message was opened. */
  | { type: 'fault.found'; error: Error }
  | ({ type: 'request.made' } & RequestMade)
  | { type: 'request.cancelled'; id: bigint; caller: number }
  | { type: 'requests.elapsed'; now: number }
  | { type: 'answer.opened'; answer: EthAnswer; now: number }
  | { type: 'answer.checked'; answer: EthAnswer }
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'session.closed' }

type EthPeerContext = EthPeerInput & {
  /** geth's tracker and dispatcher in one: a cancelled request is still tracked, without a caller. */
  readonly requests: RequestTracker<RequestName, AnswerName>
}

const { enqueueActions, extend } = setup({
  types: {} as { context: EthPeerContext; input: EthPeerInput; events: EthPeerEvent; meta: StateMeta; tags: StateTag },
  actions: {
    ...portActions<EthPeerPorts>()(
      'pauseReading',
      'resumeReading',
      'arrive',
      'sendStatus',
      'openStatus',
      'register',
      'serve',
      'checkTransactions',
      'openRange',
      'noteRange',
      'openAnswer',
      'checkAnswer',
      'send',
      'deliver',
      'fail',
      'watchExpiry',
      'end',
      'leave',
    ),
    track: assign(({ context }, order: RequestMade) => ({
      requests: track(context.requests, { ...order, want: answerOf[order.name] }),
    })),
    cancel: assign(({ context }, which: { id: bigint }) => ({ requests: cancel(context.requests, which) })),
    settle: assign(({ context }, which: { id: bigint }) => ({ requests: settle(context.requests, which) })),
    expire: assign(({ context }, { now }: { now: number }) => ({
      requests: expire(context.requests, { now, timeout: limits.requestTimeout }),
    })),
  },
  guards: {
    isSynced: (_, { isSynced }: { isSynced: boolean }) => isSynced,
    isImpossibleRange: (_, { range }: { range: BlockRange }) => checkRange(range) !== undefined,
    isRefused: ({ context }, order: RequestMade) => refusalOf(context.requests, order) !== undefined,
    isAwaited: ({ context }, which: { id: bigint; caller: number }) => isAwaited(context.requests, which),
    isUnasked: ({ context }, answer: EthAnswer) => faultOf(context.requests, factsOf(answer)) !== undefined,
    isAbandoned: ({ context }, { id }: EthAnswer) => context.requests.pending.get(id)!.isCancelled,
    isOver: ({ context }, { id }: EthAnswer) => !context.requests.pending.has(id),
    hasRules: (_, answer: EthAnswer) => hasRules(answer),
  },
  delays: { statusTimeout: limits.statusTimeout },
})

type From<Type> = { event: Extract<EthPeerEvent, { type: Type }> }
type In = { context: EthPeerContext }
const factsOf = (answer: EthAnswer) => ({ id: answer.id, want: answer.kind, count: countOf(answer) })
const nextExpiry = {
  type: 'watchExpiry',
  params: ({ context }: In) => {
    const since = oldest(context.requests)
    return { at: since === undefined ? undefined : since + limits.requestTimeout }
  },
} as const

/** The disconnect reason of a breach, for its picture. */
const breach = discReasonText(DiscReason.SubprotocolError)

// What a message comes to, by the state that the session is in.

const premature = {
  target: 'closed',
  actions: { type: 'end', params: ({ event }: From<MessageName>) => ({ error: new NoStatus(event.type) }) },
  description: breach,
} as const
const served = {
  actions: {
    type: 'serve',
    params: ({ event }: From<RequestName>) => ({ name: event.type, payload: event.payload }),
  },
} as const
const opened = {
  actions: {
    type: 'openAnswer',
    params: ({ event }: From<AnswerName>) => ({ name: event.type, payload: event.payload }),
  },
} as const
const checked = {
  actions: {
    type: 'checkTransactions',
    params: ({ event }: From<'Transactions' | 'NewPooledTransactionHashes'>) => ({
      name: event.type,
      payload: event.payload,
    }),
  },
} as const
type Answered = From<'answer.opened' | 'answer.checked'>
const settled = [{ type: 'settle', params: ({ event }: Answered) => event.answer }, nextExpiry] as const
const delivered = [
  {
    type: 'deliver',
    params: ({ context, event: { answer } }: In & Answered) => ({
      caller: context.requests.pending.get(answer.id)!.caller,
      answer,
    }),
  },
  ...settled,
] as const
/** eth/68 still has them; after the merge blocks do not come this way (geth eth/handler_eth.go). */
const disallowed = {
  target: 'closed',
  actions: {
    type: 'end',
    params: ({ event }: From<'NewBlockHashes' | 'NewBlock'>) => ({ error: new DisallowedBlock(event.type) }),
  },
  description: breach,
} as const

/** One eth session from the match of its version on: geth's handler.runEthPeer and handleMessage, and the eth.Peer that they run. */
export const ethPeerMachine = extend({
  actions: {
    failExpired: enqueueActions(({ context, enqueue }) => {
      for (const { caller, isCancelled } of context.requests.settled)
        if (!isCancelled) enqueue({ type: 'fail', params: { caller, error: new RequestExpired() } })
    }),
  },
}).createMachine({
  id: 'eth-peer',
  description:
    'one eth session: ProtocolManager.handle, then handleMsg for each message (geth runEthPeer, handleMessage)',
  context: ({ input }) => ({ ...input, requests: emptyTracker }),
  options: { maxIterations: 100 },
  initial: 'waiting',
  on: {
    'session.closed': '.closed',
    'fault.found': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: event.error }) },
      description: "the fault's reason",
    },
    'manager.refused': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: event.error }) },
      description: "the manager's reason",
    },
    'manager.dropped': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new DiscError(event.reason) }) },
      description: "the manager's reason",
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
    'request.made': {
      actions: { type: 'fail', params: ({ event: { caller } }) => ({ caller, error: new NotRegistered() }) },
    },
  },
  states: {
    waiting: {
      description: 'the manager has not started: nothing is sent or read (geth newPeerCh against quitSync)',
      entry: ['pauseReading', 'arrive'],
      on: { 'manager.started': 'awaitingStatus' },
    },
    awaitingStatus: {
      description: 'our Status is out, theirs must come first',
      meta: { phase: 'handshaking', label: 'our Status goes out' },
      tags: 'moving',
      entry: ['sendStatus', 'resumeReading'],
      on: {
        Status: { actions: { type: 'openStatus', params: ({ event }) => ({ payload: event.payload }) } },
        'status.accepted': {
          target: 'registering',
          actions: { type: 'register', params: ({ event }) => ({ status: event.status }) },
        },
        NewBlockHashes: premature,
        Transactions: premature,
        GetBlockHeaders: premature,
        BlockHeaders: premature,
        GetBlockBodies: premature,
        BlockBodies: premature,
        NewBlock: premature,
        NewPooledTransactionHashes: premature,
        GetPooledTransactions: premature,
        PooledTransactions: premature,
        GetReceipts: premature,
        Receipts: premature,
        BlockRangeUpdate: premature,
        GetBlockAccessLists: premature,
        BlockAccessLists: premature,
        GetCells: premature,
        Cells: premature,
      },
      after: {
        statusTimeout: {
          target: 'closed',
          actions: { type: 'end', params: () => ({ error: new DiscError(DiscReason.ReadTimeout) }) },
          description: discReasonText(DiscReason.ReadTimeout),
        },
      },
    },
    registering: {
      description: 'the manager looks for a place in its peer set',
      meta: { phase: 'admitted', label: 'Status agrees: the same network, genesis and forks' },
      tags: 'moving',
      entry: 'pauseReading',
      exit: 'resumeReading',
      on: {
        'manager.registered': [
          { guard: ofEvent('isSynced'), target: '#eth-peer.active.chain.synced' },
          { target: 'active' },
        ],
      },
    },
    active: {
      description: 'a registered peer: each message is served, opened, dropped, or ends the session',
      meta: { phase: 'running', label: 'a peer to sync with' },
      type: 'parallel',
      on: {
        GetBlockHeaders: served,
        GetBlockBodies: served,
        GetReceipts: served,
        GetPooledTransactions: served,
        GetBlockAccessLists: served,
        GetCells: served,
        BlockHeaders: opened,
        BlockBodies: opened,
        Receipts: opened,
        BlockAccessLists: opened,
        Cells: opened,
        Status: {
          target: 'closed',
          actions: { type: 'end', params: () => ({ error: new InvalidMessageCode(0) }) },
          description: breach,
        },
        NewBlockHashes: disallowed,
        NewBlock: disallowed,
        BlockRangeUpdate: { actions: { type: 'openRange', params: ({ event: { payload } }) => ({ payload }) } },
        'range.opened': [
          {
            guard: ofEvent('isImpossibleRange'),
            target: 'closed',
            actions: { type: 'end', params: ({ event }) => ({ error: checkRange(event.range)! }) },
            description: breach,
          },
          { actions: { type: 'noteRange', params: ({ event: { range } }) => ({ range }) } },
        ],
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
        'request.cancelled': {
          guard: ofEvent('isAwaited'),
          actions: ofEvent('cancel'),
        },
        'requests.elapsed': {
          actions: [ofEvent('expire'), 'failExpired', nextExpiry],
        },
        'answer.opened': [
          {
            guard: { type: 'isUnasked', params: ({ event }) => event.answer },
            target: 'closed',
            actions: {
              type: 'end',
              params: ({ context, event }) => ({ error: faultOf(context.requests, factsOf(event.answer))! }),
            },
            description: breach,
          },
          { guard: { type: 'isAbandoned', params: ({ event }) => event.answer }, actions: settled },
          {
            guard: { type: 'hasRules', params: ({ event }) => event.answer },
            actions: { type: 'checkAnswer', params: ({ event: { answer } }) => ({ answer }) },
          },
          { actions: delivered },
        ],
        'answer.checked': [
          { guard: { type: 'isOver', params: ({ event }) => event.answer }, description: 'it has expired meanwhile' },
          { guard: { type: 'isAbandoned', params: ({ event }) => event.answer }, actions: settled },
          { actions: delivered },
        ],
      },
      states: {
        chain: {
          initial: 'syncing',
          states: {
            syncing: {
              description:
                'transactions, their announcements and answers with them are dropped undecoded, and not counted',
              on: { 'manager.synced': 'synced' },
            },
            synced: {
              description: 'for good (geth AcceptTxs)',
              on: {
                Transactions: checked,
                NewPooledTransactionHashes: checked,
                PooledTransactions: opened,
              },
            },
          },
        },
        reading: {
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
      },
    },
    closed: { meta: { phase: 'closed', label: 'its session is over' }, type: 'final', entry: 'leave' },
  },
})
