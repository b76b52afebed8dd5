import { assertEvent, assign, setup } from 'xstate'
import type { Enode } from '../protocols/enode/enode.ts'
import { isInNetlist } from '../protocols/enode/netlist.ts'
import {
  checkDial,
  crossedDialDelay,
  type DialState,
  dialHistoryExpiry,
  drawStatics,
  freeDialSlots,
  ipOf,
  mayResolve,
  nextResolveDelay,
  poolWith,
  withDials,
} from './dial-rules.ts'
import { without, withoutMember } from './immutable-collections.ts'
import type { StateTag } from './names/state-meta.ts'
import { ofEvent, portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/p2p/dialer.ts implements it; a spec records it. */
export type DialerPorts = {
  /** `dns.resolved` comes back, within `timeout` ms. */
  lookUp(name: { id: string; hostname: string; timeout: number }): void
  /** `node.resolved` comes back. */
  resolve(which: { node: Enode }): void
  /** Connects and sets up: `connect.failed`, or `dial.ended` when the setup has. */
  connect(target: ConnectTarget): void
  /** One `candidate.found` comes back, or never. */
  wantCandidate(): void
  /** A node was not dialed, or no further. */
  discard(which: { id: string; why: string }): void
  /** geth's "Looking for peers". */
  reportLooking(stats: { peers: number; tried: number; statics: number }): void
  /** Gives up the lookups and connects in progress: they come back as failed. */
  cancelDials(): void
}

/** `timeout` in ms, of the TCP connect alone. */
export type ConnectTarget = {
  readonly node: Enode
  readonly ip: string
  readonly origin: 'dyndial' | 'staticdial'
  readonly timeout: number
}

export type DialerInput = Pick<DialState, 'selfId' | 'maxDialed' | 'maxActiveDials' | 'netRestrict' | 'canResolve'> & {
  readonly ports: DialerPorts
  readonly staticNodes: readonly Enode[]
  /** A uint32: which static node is dialed first is drawn from it. */
  readonly seed: number
}

export type DialerEvent =
  | { type: 'candidate.found'; node: Enode }
  /** Without `ip` the lookup failed. */
  | { type: 'dns.resolved'; id: string; ip?: string }
  /** By discovery. Without a node it is not known. */
  | { type: 'node.resolved'; id: string; node?: Enode }
  /** Discovery may be asked again where it is. */
  | { type: 'resolve.due'; id: string }
  | { type: 'connect.failed'; id: string; error: Error }
  /** The connection's setup has ended, as a peer or not. */
  | { type: 'dial.ended'; id: string }
  | { type: 'peer.added'; id: string; dialed: boolean }
  /** `crossed` when the remote has it that we are connected already, which we no longer are. */
  | { type: 'peer.removed'; id: string; dialed: boolean; crossed: boolean }
  /** The other one of two whose dials crossed has had its time to dial again. */
  | { type: 'crossing.over'; id: string }
  | { type: 'inbound.pending'; id: string }
  | { type: 'inbound.completed'; id: string }
  | { type: 'static.add'; node: Enode }
  | { type: 'static.remove'; id: string }
  | { type: 'history.expired'; id: string }
  | { type: 'dialer.stop' }

type DialerContext = DialState & {
  readonly ports: DialerPorts
  readonly seed: number
  /** A candidate that came when no slot was left. */
  readonly held?: Enode | undefined
  /** Dials ended since the last report. */
  readonly tried: number
}

/** geth `defaultDialTimeout` and the lookup's. */
export const connectTimeout = 15_000
export const dnsTimeout = 5_000
/** geth `dialStatsPeerLimit`: with this many dialed peers the search for more is not logged. */
export const enoughDialedPeers = 3

type Id = { id: string }

const { enqueueActions, extend } = setup({
  types: {} as { context: DialerContext; input: DialerInput; events: DialerEvent; tags: StateTag },
  actions: {
    ...portActions<DialerPorts>()('lookUp', 'resolve', 'connect', 'wantCandidate', 'discard', 'reportLooking'),
    ...portActions<DialerPorts>()('cancelDials'),
    hold: assign((_, { node }: { node: Enode }) => ({ held: node })),
    noteAddress: assign(({ context }, { id, ip }: { id: string; ip?: string }) => {
      const known = context.statics.get(id)
      return known && ip !== undefined ? { statics: new Map(context.statics).set(id, { ...known, ip }) } : {}
    }),
    /** A name stays one: DNS is asked again. */
    noteFound: assign(({ context }, { id, node }: Id & { node?: Enode }) => {
      const known = context.statics.get(id)
      if (!known || !node || (known.node.host !== undefined && ipOf(known.node) === undefined)) return {}
      return { statics: new Map(context.statics).set(id, { ...known, node }) }
    }),
    restResolve: assign(({ context }, { id, delay }: Id & { delay: number }) => {
      const known = context.statics.get(id)
      if (!known) return {}
      return { statics: new Map(context.statics).set(id, { ...known, resolveDelay: delay, isResolveResting: true }) }
    }),
    endResolveRest: assign(({ context }, { id }: Id) => {
      const known = context.statics.get(id)
      return known ? { statics: new Map(context.statics).set(id, { ...known, isResolveResting: false }) } : {}
    }),
    endDial: assign(({ context }, { id }: Id) =>
      retrying(context, id, { dialing: without(context.dialing, id), tried: context.tried + 1 }),
    ),
    notePeer: assign(({ context }, { id, dialed }: Id & { dialed: boolean }) => ({
      peers: new Set(context.peers).add(id),
      dialPeers: context.dialPeers + (dialed ? 1 : 0),
      staticPool: context.staticPool.filter((other) => other !== id),
    })),
    forgetPeer: assign(({ context }, { id, dialed }: Id & { dialed: boolean }) =>
      retrying(context, id, {
        peers: withoutMember(context.peers, id),
        dialPeers: context.dialPeers - (dialed ? 1 : 0),
      }),
    ),
    noteCrossing: assign(({ context }, { id }: Id) =>
      retrying(context, id, { history: new Map(context.history).set(id, 'crossed') }),
    ),
    notePending: assign(({ context }, { id }: Id) => ({ pendingInbound: new Set(context.pendingInbound).add(id) })),
    forgetPending: assign(({ context }, { id }: Id) =>
      retrying(context, id, { pendingInbound: withoutMember(context.pendingInbound, id) }),
    ),
    addStatic: assign(({ context }, { node }: { node: Enode }) =>
      retrying(context, node.id, { statics: new Map(context.statics).set(node.id, { node }) }),
    ),
    /** A dial of it that runs goes on. */
    removeStatic: assign(({ context }, { id }: Id) => ({
      statics: without(context.statics, id),
      staticPool: context.staticPool.filter((other) => other !== id),
    })),
    forgetDialed: assign(({ context }, { id }: Id) => retrying(context, id, { history: without(context.history, id) })),
    resetTried: assign({ tried: 0 }),
  },
  guards: {
    /** geth fills its slots with static nodes first. */
    canDialStatic: ({ context }) => context.staticPool.length > 0 && freeDialSlots(context) > 0,
    hasFreeSlot: ({ context }) => freeDialSlots(context) > context.staticPool.length,
    canDialHeld: ({ context }) =>
      freeDialSlots(context) > context.staticPool.length && whyNot(context, context.held!) === undefined,
    isStatic: ({ context }, { node }: { node: Enode }) => context.statics.has(node.id),
    isDialing: ({ context }, { id }: Id) => context.dialing.has(id),
    isCrossed: ({ context }, { id, crossed }: Id & { crossed: boolean }) =>
      crossed && context.history.get(id) === 'dialed',
    isDialedOnce: ({ context }, { id }: Id) => context.history.get(id) === 'dialed',
    hasAddress: ({ context }, { id, ip }: { id: string; ip?: string }) =>
      context.dialing.has(id) && (ip ?? context.statics.get(id)?.ip) !== undefined,
    isFound: ({ context }, { id, node }: Id & { node?: Enode }) =>
      context.dialing.has(id) && node !== undefined && isReachable(context, node),
    /** geth: of a static node that cannot be reached discovery may know a newer address. */
    mayResolve: ({ context }, { id }: Id) =>
      context.dialing.get(id)?.origin === 'staticdial' && mayResolve(context, id),
    isLooking: ({ context: { dialPeers, maxDialed } }) => dialPeers < enoughDialedPeers && dialPeers < maxDialed,
    isIdle: ({ context }) => context.dialing.size === 0,
  },
  delays: { historyExpiry: dialHistoryExpiry, statsInterval: 10_000 },
})

/** The timer of a node that was dialed: until it fires the node is in the history. */
const historyTimer = (id: string) => ({ id: `history/${id}`, delay: 'historyExpiry' }) as const

/** Whom to dial, when, and how many at a time: geth's dial scheduler. */
export const dialerMachine = extend({
  actions: {
    dialStatics: enqueueActions(({ context, enqueue }) => {
      const { drawn, seed } = drawStatics(context, context.seed)
      const tasks = drawn.map(({ node }) => ({ node, origin: 'staticdial' }) as const)
      enqueue.assign({ seed, ...withDials(context, tasks) })
      for (const { node } of tasks) {
        const { id, host } = node
        const ip = ipOf(node)
        enqueue.cancel(historyTimer(id).id)
        enqueue.raise({ type: 'history.expired', id }, historyTimer(id))
        if (ip !== undefined)
          enqueue({ type: 'connect', params: { node, ip, origin: 'staticdial', timeout: connectTimeout } })
        else if (host !== undefined) enqueue({ type: 'lookUp', params: { id, hostname: host, timeout: dnsTimeout } })
        else if (mayResolve(context, id)) enqueue({ type: 'resolve', params: { node } })
        // Discovery has just been asked, or there is none.
        else enqueue({ type: 'discard', params: { id, why: 'no IP address' } })
      }
    }),
    restResolving: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'node.resolved')
      const { id, node } = event
      const known = context.statics.get(id)
      if (!known) return
      const delay = nextResolveDelay(known, node !== undefined)
      enqueue({ type: 'restResolve', params: { id, delay } })
      enqueue.raise({ type: 'resolve.due', id }, { id: `resolve/${id}`, delay })
    }),
    dialHeld: enqueueActions(({ context, enqueue }) => {
      const node = context.held!
      enqueue.assign({ held: undefined, ...withDials(context, [{ node, origin: 'dyndial' }]) })
      enqueue.cancel(historyTimer(node.id).id)
      enqueue.raise({ type: 'history.expired', id: node.id }, historyTimer(node.id))
      enqueue({ type: 'connect', params: { node, ip: ipOf(node)!, origin: 'dyndial', timeout: connectTimeout } })
    }),
    awaitCrossing: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'peer.removed')
      const { id } = event
      const timer = { id: `crossing/${id}`, delay: context.selfId > id ? 0 : crossedDialDelay }
      enqueue.cancel(timer.id)
      enqueue.raise({ type: 'crossing.over', id }, timer)
    }),
    discardHeld: enqueueActions(({ context, enqueue }) => {
      const { id } = context.held!
      enqueue({ type: 'discard', params: { id, why: whyNot(context, context.held!)! } })
      enqueue.assign({ held: undefined })
    }),
  },
}).createMachine({
  id: 'dialer',
  description: "which node to dial, when, and how many at a time (geth's dial scheduler)",
  context: ({ input: { staticNodes, ...input } }) => ({ ...input, ...initialState(input, staticNodes), tried: 0 }),
  options: { maxIterations: 100 },
  initial: 'running',
  on: {
    'connect.failed': {
      guard: ofEvent('isDialing'),
      actions: ofEvent('endDial'),
    },
    'dial.ended': {
      guard: ofEvent('isDialing'),
      actions: ofEvent('endDial'),
    },
    'dns.resolved': {
      guard: ofEvent('isDialing'),
      actions: ofEvent('endDial'),
    },
    'node.resolved': {
      guard: ofEvent('isDialing'),
      actions: ofEvent('endDial'),
    },
  },
  states: {
    running: {
      type: 'parallel',
      always: { guard: 'canDialStatic', actions: 'dialStatics' },
      on: {
        'dns.resolved': [
          {
            guard: ofEvent('hasAddress'),
            actions: [
              ofEvent('noteAddress'),
              { type: 'connect', params: ({ context, event }) => resolved(context, event) },
            ],
          },
          {
            guard: ofEvent('isDialing'),
            actions: [
              { type: 'discard', params: ({ event }) => ({ id: event.id, why: 'no IP address' }) },
              ofEvent('endDial'),
            ],
          },
        ],
        'node.resolved': [
          {
            guard: ofEvent('isFound'),
            actions: [
              ofEvent('noteFound'),
              'restResolving',
              { type: 'connect', params: ({ context, event }) => found(context, event) },
            ],
          },
          {
            guard: ofEvent('isDialing'),
            actions: [
              'restResolving',
              { type: 'discard', params: ({ event }) => ({ id: event.id, why: 'not found by discovery' }) },
              ofEvent('endDial'),
            ],
          },
        ],
        'connect.failed': [
          {
            guard: ofEvent('mayResolve'),
            actions: { type: 'resolve', params: ({ context, event }) => ({ node: nodeOf(context, event.id) }) },
          },
          {
            guard: ofEvent('isDialing'),
            actions: [
              { type: 'discard', params: ({ event }) => ({ id: event.id, why: event.error.message }) },
              ofEvent('endDial'),
            ],
          },
        ],
        'resolve.due': { actions: ofEvent('endResolveRest') },
        'peer.added': { actions: ofEvent('notePeer') },
        'peer.removed': [
          { guard: ofEvent('isCrossed'), actions: [ofEvent('forgetPeer'), 'awaitCrossing'] },
          { actions: ofEvent('forgetPeer') },
        ],
        'crossing.over': { guard: ofEvent('isDialedOnce'), actions: ofEvent('noteCrossing') },
        'inbound.pending': { actions: ofEvent('notePending') },
        'inbound.completed': { actions: ofEvent('forgetPending') },
        'static.add': [{ guard: ofEvent('isStatic') }, { actions: ofEvent('addStatic') }],
        'static.remove': { actions: ofEvent('removeStatic') },
        'history.expired': { actions: ofEvent('forgetDialed') },
        'dialer.stop': 'stopping',
      },
      states: {
        candidates: {
          initial: 'full',
          states: {
            full: { always: { guard: 'hasFreeSlot', target: 'wanting' } },
            wanting: {
              entry: 'wantCandidate',
              on: {
                'candidate.found': { target: 'holding', actions: ofEvent('hold') },
              },
            },
            holding: {
              always: [
                { guard: 'canDialHeld', target: 'full', actions: 'dialHeld' },
                { guard: 'hasFreeSlot', target: 'full', actions: 'discardHeld' },
              ],
            },
          },
        },
        stats: {
          initial: 'counting',
          states: {
            counting: {
              after: {
                statsInterval: [
                  {
                    guard: 'isLooking',
                    target: 'counting',
                    reenter: true,
                    actions: [{ type: 'reportLooking', params: ({ context }) => stats(context) }, 'resetTried'],
                  },
                  { target: 'counting', reenter: true, actions: 'resetTried' },
                ],
              },
            },
          },
        },
      },
    },
    stopping: {
      tags: 'moving',
      entry: 'cancelDials',
      always: { guard: 'isIdle', target: 'stopped' },
    },
    stopped: { type: 'final' },
  },
})

function initialState(input: Omit<DialerInput, 'staticNodes' | 'ports'>, staticNodes: readonly Enode[]): DialState {
  const state: DialState = {
    ...input,
    dialing: new Map(),
    peers: new Set(),
    dialPeers: 0,
    pendingInbound: new Set(),
    history: new Map(),
    statics: new Map(staticNodes.map((node) => [node.id, { node }])),
    staticPool: [],
  }
  return { ...state, staticPool: [...state.statics.keys()].filter((id) => poolWith(state, id).length > 0) }
}

const isReachable = ({ netRestrict }: DialerContext, node: Enode): boolean => {
  const ip = ipOf(node)
  return ip !== undefined && node.tcp > 0 && (!netRestrict || isInNetlist(netRestrict, ip))
}

/** What changed may have made `id`, if it is static, one to dial again. */
const retrying = <Change extends Partial<DialerContext>>(context: DialerContext, id: string, change: Change) => ({
  ...change,
  staticPool: poolWith({ ...context, ...change }, id),
})

const whyNot = (context: DialerContext, node: Enode): string | undefined =>
  ipOf(node) === undefined ? 'no IP address' : checkDial(context, node)

function resolved({ dialing, statics }: DialerContext, { id, ip }: { id: string; ip?: string }): ConnectTarget {
  return { ...dialing.get(id)!, ip: (ip ?? statics.get(id)?.ip)!, timeout: connectTimeout }
}

const nodeOf = ({ dialing, statics }: DialerContext, id: string): Enode =>
  statics.get(id)?.node ?? dialing.get(id)!.node

function found({ dialing }: DialerContext, { id, node }: { id: string; node?: Enode }): ConnectTarget {
  return { ...dialing.get(id)!, node: node!, ip: ipOf(node!)!, timeout: connectTimeout }
}

const stats = ({ peers, tried, statics }: DialerContext) => ({ peers: peers.size, tried, statics: statics.size })
