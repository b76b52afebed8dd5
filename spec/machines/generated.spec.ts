import { expect } from 'chai'
import fc from 'fast-check'
import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import { dialerMachine } from '../../machines/dialer.ts'
import { maxBacklog } from '../../machines/inbound.ts'
import { nodeMachine } from '../../machines/node.ts'
import { serverMachine } from '../../machines/server.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { nodesOf } from '../chart.ts'

type Subject<Machine extends AnyStateMachine> = {
  readonly machine: Machine
  readonly input: InputFrom<Machine>
  /** What may happen, in any order and any number. Delays are added. */
  readonly events: readonly EventFromLogic<Machine>[]
  /** What every other walk begins with, to get where most can happen. */
  readonly first?: readonly EventFromLogic<Machine>[]
  /** What ends it, if it is not too busy. */
  readonly last?: readonly EventFromLogic<Machine>[]
  /** What is true in every state. */
  holds?(context: SnapshotFrom<Machine>['context']): void
}
const subject = <Machine extends AnyStateMachine>(one: Subject<Machine>) => one as unknown as Subject<AnyStateMachine>
const ports = new Proxy({}, { get: () => () => {} }) as never

const ids = ['a', 'b', 'self']
const conns = [1, 2, 3, 4]
const each = <A, B, E>(as: readonly A[], bs: readonly B[], event: (a: A, b: B) => E): E[] =>
  as.flatMap((a) => bs.map((b) => event(a, b)))
const node = (id: string, host?: string) => ({ ...toEnode(new Uint8Array(64), host, 30303), id })
const error = new Error('of the spec')
const addresses = { local: '', remote: '' }

const subjects = [
  subject({
    machine: serverMachine,
    input: {
      ...{ ports, selfId: 'self', hasListener: true, protocolCount: 1, trusted: new Set(['b']) },
      ...{ maxPeers: 2, maxDialed: 1, maxPendingPeers: 2 },
    },
    events: [
      ...(['server.start', 'listener.opened', 'listener.closed', 'dialer.stopped'] as const).map((type) => ({ type })),
      ...[{ type: 'server.stop' } as const, { type: 'listener.failed', error } as const],
      ...each(conns, ['8.8.8.8', '127.0.0.1'], (conn, ip) => ({ type: 'conn.accepted', conn, ip, now: 0 }) as const),
      ...each(conns, ids, (conn, id) => ({ type: 'conn.dialed', conn, id }) as const),
      ...each(conns, ids, (conn, id) => ({ type: 'posthandshake.reached', conn, id, inbound: conn < 3 }) as const),
      ...each(
        conns,
        ids,
        (conn, id) => ({ type: 'addpeer.reached', conn, id, inbound: conn < 3, matching: 1 }) as const,
      ),
      ...each(conns, [true, false], (conn, added) => ({ type: 'setup.ended', conn, id: 'a', added, now: 1 }) as const),
      ...each(conns, ids, (conn, id) => ({ type: 'peer.added', conn, id, ...addresses }) as const),
      ...each(conns, ids, (conn, id) => ({ type: 'peer.ended', conn, id, error, ...addresses }) as const),
      ...each(ids, [true, false], (id, trusted) => ({ type: 'trust.change', id, trusted }) as const),
      ...ids.map((id) => ({ type: 'peer.remove', id }) as const),
      ...ids.map((id) => ({ type: 'peer.add', node: node(id) }) as const),
    ],
    first: [{ type: 'server.start' }, { type: 'listener.opened' }],
    last: [{ type: 'server.stop' }, { type: 'listener.closed' }, { type: 'dialer.stopped' }],
    holds: ({ backlog, peers, maxPeers }) => {
      expect(backlog.length).to.be.at.most(maxBacklog)
      expect(peers.size).to.be.at.most(maxPeers + 1, 'the trusted one may be one too many')
      expect(peers.has('self')).to.equal(false)
    },
  }),
  subject({
    machine: dialerMachine,
    input: {
      ...{ ports, selfId: 'self', maxDialed: 2, maxActiveDials: 3, seed: 1 },
      staticNodes: [node('a', '10.0.0.1'), node('b', 'b.example')],
    },
    events: [
      ...each(ids, [undefined, '10.0.0.2', 'c.example'], (id, host) => {
        return { type: 'static.add', node: node(id, host) } as const
      }),
      ...each(['c', 'd', ...ids], [undefined, '10.0.0.3'], (id, host) => {
        return { type: 'candidate.found', node: node(id, host) } as const
      }),
      ...['c', 'd', ...ids].flatMap((id) => [
        ...[{ type: 'dns.resolved', id } as const, { type: 'dns.resolved', id, ip: '10.0.0.4' } as const],
        ...[{ type: 'connect.failed', id, error } as const, { type: 'dial.ended', id } as const],
        ...[{ type: 'peer.added', id, dialed: false } as const, { type: 'peer.removed', id, dialed: false } as const],
        ...[{ type: 'inbound.pending', id } as const, { type: 'inbound.completed', id } as const],
        ...[{ type: 'static.remove', id } as const, { type: 'history.expired', id } as const],
      ]),
      { type: 'dialer.stop' },
    ],
    last: [{ type: 'dialer.stop' }],
    holds: ({ dialing, maxActiveDials, staticPool, statics, history }) => {
      expect(dialing.size).to.be.at.most(maxActiveDials)
      for (const id of staticPool) {
        expect(statics.has(id) && !history.has(id) && !dialing.has(id)).to.equal(true, `${id} is in the pool`)
      }
    },
  }),
  subject({
    machine: nodeMachine,
    input: { ports },
    events: [
      ...['a', 'b'].map((name) => ({ type: 'service.register', name }) as const),
      ...[1, 2].flatMap((call) => [{ type: 'node.start', call } as const, { type: 'node.close', call } as const]),
      ...(['server.started', 'server.stopped', 'service.started', 'service.stopped'] as const).map((type) => ({
        type,
      })),
      ...[{ type: 'server.failed', error } as const, { type: 'service.failed', error } as const],
      ...[{ type: 'service.stopped', error } as const, { type: 'node.released', errors: [error] } as const],
    ],
    holds: ({ running, services }) => expect(running).to.be.within(0, services.length),
  }),
]

describe('on a walk of random events', () => {
  for (const { machine, input, events, first = [], last = [], holds } of subjects)
    describe(machine.id, () => {
      const nodes = new Set(nodesOf(machine.root))
      const delays = nodesOf(machine.root).flatMap((node) => [...node.transitions.keys()].filter(isDelay))
      const steps = fc.array(fc.constantFrom(...events, ...delays.map((type) => ({ type }))), { maxLength: 60 })
      const walks = fc.tuple(fc.boolean(), steps).map(([isLed, steps]) => (isLed ? [...first, ...steps] : steps))

      it('never throws, stays in its states and its bounds, and has no effect without a name', () =>
        fc.assert(
          fc.property(walks, (walk) => {
            let [snapshot, effects] = begin(machine, input)
            for (const event of walk) {
              ;[snapshot, effects] = transition(machine, snapshot as never, event) as unknown as Step
              expect(snapshot.status).to.not.equal('error')
              for (const node of snapshot._nodes) expect(nodes.has(node)).to.equal(true)
              expect(unnamed(machine, effects)).to.deep.equal([])
              holds?.(snapshot.context)
            }
          }),
          { seed: 1, numRuns: 200 },
        ))
      if (Object.values(machine.states).some(({ type }) => type === 'final'))
        it('is silent once it has ended', () => {
          const some = fc.array(fc.constantFrom(...events), { maxLength: 3 })
          const ending = fc.tuple(some, steps).map(([some, steps]) => [...first, ...some, ...last, ...steps])
          let ends = 0
          fc.assert(
            fc.property(ending, (walk) => {
              let calls = 0
              const ports = new Proxy({}, { get: () => () => void calls++ })
              const actor = createActor(machine, { clock: stoppedClock, input: { ...(input as object), ports } })
              actor.start()
              for (const event of walk) {
                const wasDone = actor.getSnapshot().status === 'done'
                const before = calls
                actor.send(event)
                if (wasDone) expect(calls).to.equal(before)
                if (wasDone) ends++
              }
              actor.stop()
            }),
            { seed: 2, numRuns: 200 },
          )
          expect(ends).to.be.greaterThan(0, 'no walk came to an end')
        })
    })
})

type Step = [snapshot: AnyMachineSnapshot, effects: { type: string }[]]

/** A chart's delays are among the events. */
const stoppedClock = { setTimeout() {}, clearTimeout() {} }

function isDelay(event: string): boolean {
  return event.startsWith('xstate.after.')
}

function begin(machine: AnyStateMachine, input: unknown): Step {
  return initialTransition(machine, input as never) as unknown as Step
}

function unnamed({ implementations }: AnyStateMachine, effects: Step[1]): string[] {
  return effects
    .map(({ type }) => type)
    .filter((type) => !(type in implementations.actions) && !type.startsWith('xstate.'))
}
