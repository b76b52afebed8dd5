import { assign, setup } from 'xstate'
import { checkAnswer } from '../protocols/eth/answer-rules.ts'
import { limits } from '../protocols/eth/limits.ts'
import { countOf, type EthAnswer } from '../protocols/eth/messages.ts'
import type { Status } from '../protocols/eth/status.ts'
import { type AnswerName, answerOf, type MessageName, type RequestName } from '../protocols/eth/versions.ts'
import { DiscError, DiscReason } from '../protocols/p2p/disconnect-reasons.ts'
import {
  InvalidMessageCode,
  MessageTooLong,
  NoStatus,
  NotRegistered,
  RequestExpired,
  RequestIdCollision,
  RequestLimitReached,
  TrackerError,
} from './eth-faults.ts'
import { without } from './immutable-collections.ts'

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
  /** Gives the message to the manager. */
  handle(message: EthPayload): void
  /** Decodes an answer without opening its items: `answer.opened` or `fault.found`. */
  openAnswer(message: EthPayload<AnswerName>): void
  send(message: EthPayload): void
  /** The asker gets the answer to its request, or learns why there is none. */
  deliver(answer: { answer: EthAnswer }): void
  fail(request: { id: bigint; error: Error }): void
  /** `request.expired` comes after 5 minutes, unless disarmed. */
  armDeadline(request: { id: bigint }): void
  disarmDeadline(request: { id: bigint }): void
  /** Ends the session, and with it the peer, for this reason. */
  end(verdict: { error: Error }): void
  /** The manager and all who still wait for an answer learn that the session is over. */
  leave(): void
}

export type EthPayload<Name extends MessageName = MessageName> = { readonly name: Name; readonly payload: Uint8Array }
export type EthPeerInput = { readonly ports: EthPeerPorts }

/** A message by geth's name, not yet decoded. */
type MessageEvent = { [Name in MessageName]: { type: Name; payload: Uint8Array } }[MessageName]
export type RequestOrder = { id: bigint; name: RequestName; count: number; payload: Uint8Array }
export type EthPeerEvent =
  | MessageEvent
  /** A code that this version does not have, or a message of more than 10 MiB. */
  | { type: 'code.unknown'; code: number }
  | { type: 'message.tooLong'; name: MessageName; size: number }
  | { type: 'manager.started' }
  | { type: 'manager.registered' }
  | { type: 'manager.refused'; error: Error }
  | { type: 'manager.dropped'; reason: DiscReason }
  | { type: 'status.accepted'; status: Status }
  /** The remote broke a rule that only showed when its message was opened. */
  | { type: 'fault.found'; error: Error }
  /** `count` is the most items that the answer may hold. */
  | ({ type: 'request.made' } & RequestOrder)
  | { type: 'request.cancelled'; id: bigint }
  | { type: 'request.expired'; id: bigint }
  | { type: 'answer.admitted'; name: AnswerName; payload: Uint8Array }
  | { type: 'answer.opened'; answer: EthAnswer }
  | { type: 'write.blocked' }
  | { type: 'write.drained' }
  | { type: 'session.closed' }

/** geth's tracker and dispatcher in one: a cancelled request is still tracked, but nobody waits for it. */
export type Outstanding = { readonly want: AnswerName; readonly count: number; readonly isCancelled: boolean }

type EthPeerContext = EthPeerInput & {
  /** Requests by id. BOUNDED: limits.maxPendingRequests. */
  readonly requests: ReadonlyMap<bigint, Outstanding>
}

const { createMachine } = setup({
  types: {} as { context: EthPeerContext; input: EthPeerInput; events: EthPeerEvent },
  actions: {
    pauseReading: ({ context }) => context.ports.pauseReading(),
    resumeReading: ({ context }) => context.ports.resumeReading(),
    arrive: ({ context }) => context.ports.arrive(),
    sendStatus: ({ context }) => context.ports.sendStatus(),
    openStatus: ({ context }, message: { payload: Uint8Array }) => context.ports.openStatus(message),
    register: ({ context }, who: { status: Status }) => context.ports.register(who),
    handle: ({ context }, message: EthPayload) => context.ports.handle(message),
    openAnswer: ({ context }, message: EthPayload<AnswerName>) => context.ports.openAnswer(message),
    send: ({ context }, message: EthPayload) => context.ports.send(message),
    deliver: ({ context }, answer: { answer: EthAnswer }) => context.ports.deliver(answer),
    fail: ({ context }, request: { id: bigint; error: Error }) => context.ports.fail(request),
    armDeadline: ({ context }, request: { id: bigint }) => context.ports.armDeadline(request),
    disarmDeadline: ({ context }, request: { id: bigint }) => context.ports.disarmDeadline(request),
    end: ({ context }, verdict: { error: Error }) => context.ports.end(verdict),
    leave: ({ context }) => context.ports.leave(),
    track: assign(({ context }, { id, name, count }: RequestOrder) => ({
      requests: new Map(context.requests).set(id, { want: answerOf[name], count, isCancelled: false }),
    })),
    cancel: assign(({ context }, { id }: { id: bigint }) => ({
      requests: new Map(context.requests).set(id, { ...context.requests.get(id)!, isCancelled: true }),
    })),
    forget: assign(({ context }, { id }: { id: bigint }) => ({ requests: without(context.requests, id) })),
  },
  guards: {
    isTableFull: ({ context }) => context.requests.size >= limits.maxPendingRequests,
    isOutstanding: ({ context }, { id }: { id: bigint }) => context.requests.has(id),
    isUnasked: ({ context }, { id }: EthAnswer) => !context.requests.has(id),
    isOfOtherRequest: ({ context }, { id, kind }: EthAnswer) => context.requests.get(id)?.want !== kind,
    isMoreThanAsked: ({ context }, answer: EthAnswer) => countOf(answer) > context.requests.get(answer.id)!.count,
    isAbandoned: ({ context }, { id }: EthAnswer) => context.requests.get(id)!.isCancelled,
    isImpossible: (_, answer: EthAnswer) => checkAnswer(answer) !== undefined,
  },
  delays: { statusTimeout: limits.statusTimeout },
})

type From<Type> = { event: Extract<EthPeerEvent, { type: Type }> }
const name = (event: MessageEvent): EthPayload => ({ name: event.type, payload: event.payload })
const handled = { actions: { type: 'handle', params: ({ event }: From<MessageName>) => name(event) } } as const
const opened = {
  actions: {
    type: 'openAnswer',
    params: ({ event }: From<AnswerName>) => ({ name: event.type, payload: event.payload }),
  },
} as const
const premature = {
  target: 'closed',
  actions: { type: 'end', params: ({ event }: From<MessageName>) => ({ error: new NoStatus(event.type) }) },
} as const

/** One eth session from the match of its version on: geth's eth.Peer with its handshake, tracker and dispatcher. */
export const ethPeerMachine = createMachine({
  id: 'eth-peer',
  description: 'one eth session: Status, requests and their answers (geth eth.Peer)',
  context: ({ input }) => ({ ...input, requests: new Map() }),
  options: { maxIterations: 100 },
  initial: 'waiting',
  on: {
    'session.closed': '.closed',
    'fault.found': { target: '.closed', actions: { type: 'end', params: ({ event }) => ({ error: event.error }) } },
    'manager.refused': { target: '.closed', actions: { type: 'end', params: ({ event }) => ({ error: event.error }) } },
    'manager.dropped': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new DiscError(event.reason) }) },
    },
    'message.tooLong': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new MessageTooLong(event.size) }) },
    },
    'code.unknown': {
      target: '.closed',
      actions: { type: 'end', params: ({ event }) => ({ error: new InvalidMessageCode(event.code) }) },
    },
    'request.made': {
      actions: { type: 'fail', params: ({ event: { id } }) => ({ id, error: new NotRegistered() }) },
    },
  },
  states: {
    waiting: {
      description: 'the manager has not started: nothing is sent or read',
      entry: ['pauseReading', 'arrive'],
      on: { 'manager.started': 'awaitingStatus' },
    },
    awaitingStatus: {
      description: 'our Status is out, theirs must come first',
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
        },
      },
    },
    registering: {
      description: 'the manager looks for a place in its peer set',
      entry: 'pauseReading',
      exit: 'resumeReading',
      on: { 'manager.registered': 'active' },
    },
    active: {
      description: 'messages go to the manager, answers to who asked',
      initial: 'flowing',
      on: {
        Status: {
          target: 'closed',
          actions: { type: 'end', params: () => ({ error: new InvalidMessageCode(0) }) },
        },
        Transactions: handled,
        GetBlockHeaders: handled,
        BlockHeaders: opened,
        GetBlockBodies: handled,
        BlockBodies: opened,
        NewBlockHashes: handled,
        NewBlock: handled,
        NewPooledTransactionHashes: handled,
        GetPooledTransactions: handled,
        // Dropped undecoded and uncounted until the chain is synced: the manager says when.
        PooledTransactions: handled,
        'answer.admitted': { actions: { type: 'openAnswer', params: ({ event }) => event } },
        GetReceipts: handled,
        Receipts: opened,
        BlockRangeUpdate: handled,
        GetBlockAccessLists: handled,
        BlockAccessLists: opened,
        GetCells: handled,
        Cells: opened,
        'request.made': [
          {
            guard: { type: 'isOutstanding', params: ({ event }) => event },
            actions: { type: 'fail', params: ({ event: { id } }) => ({ id, error: new RequestIdCollision() }) },
          },
          {
            guard: 'isTableFull',
            actions: { type: 'fail', params: ({ event: { id } }) => ({ id, error: new RequestLimitReached() }) },
          },
          {
            actions: [
              { type: 'track', params: ({ event }) => event },
              { type: 'armDeadline', params: ({ event: { id } }) => ({ id }) },
              { type: 'send', params: ({ event: { name, payload } }) => ({ name, payload }) },
            ],
          },
        ],
        'request.cancelled': {
          guard: { type: 'isOutstanding', params: ({ event }) => event },
          actions: { type: 'cancel', params: ({ event }) => event },
        },
        'request.expired': {
          guard: { type: 'isOutstanding', params: ({ event }) => event },
          actions: [
            { type: 'forget', params: ({ event }) => event },
            { type: 'fail', params: ({ event: { id } }) => ({ id, error: new RequestExpired() }) },
          ],
        },
        'answer.opened': [
          {
            guard: { type: 'isUnasked', params: ({ event }) => event.answer },
            target: 'closed',
            actions: { type: 'end', params: () => ({ error: new TrackerError('no matching request') }) },
          },
          {
            guard: { type: 'isOfOtherRequest', params: ({ event }) => event.answer },
            target: 'closed',
            actions: { type: 'end', params: () => ({ error: new TrackerError('wrong response code for request') }) },
          },
          {
            guard: { type: 'isMoreThanAsked', params: ({ event }) => event.answer },
            target: 'closed',
            actions: {
              type: 'end',
              params: () => ({ error: new TrackerError('response is larger than request allows') }),
            },
          },
          {
            guard: { type: 'isAbandoned', params: ({ event }) => event.answer },
            actions: [
              { type: 'forget', params: ({ event }) => event.answer },
              { type: 'disarmDeadline', params: ({ event }) => ({ id: event.answer.id }) },
            ],
          },
          {
            guard: { type: 'isImpossible', params: ({ event }) => event.answer },
            target: 'closed',
            actions: { type: 'end', params: ({ event }) => ({ error: checkAnswer(event.answer)! }) },
          },
          {
            actions: [
              { type: 'forget', params: ({ event }) => event.answer },
              { type: 'disarmDeadline', params: ({ event }) => ({ id: event.answer.id }) },
              { type: 'deliver', params: ({ event }) => ({ answer: event.answer }) },
            ],
          },
        ],
      },
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
    closed: { type: 'final', entry: 'leave' },
  },
})
