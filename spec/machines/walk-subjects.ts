import { expect } from 'chai'
import type { AnyStateMachine, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate'
import { candidateMixMachine } from '../../machines/candidate-mix.ts'
import { dialerMachine } from '../../machines/dialer.ts'
import { discoveryTableMachine } from '../../machines/discovery-table.ts'
import { discv4NodeMachine, maxQueries } from '../../machines/discv4-node.ts'
import { discv5SessionMachine, maxCalls } from '../../machines/discv5-session.ts'
import { dnsTreeMachine, maxLinks, maxMissing } from '../../machines/dns-tree.ts'
import { downloaderMachine } from '../../machines/downloader.ts'
import { ethPeerMachine } from '../../machines/eth-peer.ts'
import { executorMachine } from '../../machines/executor.ts'
import { gossipWatchMachine } from '../../machines/gossip-watch.ts'
import { maxBacklog } from '../../machines/inbound.ts'
import { lookupMachine, maxAsked } from '../../machines/lookup.ts'
import { nodeMachine } from '../../machines/node.ts'
import { peerMachine } from '../../machines/peer.ts'
import { protocolManagerMachine } from '../../machines/protocol-manager.ts'
import { receiptFetcherMachine } from '../../machines/receipt-fetcher.ts'
import { rpcConnectionMachine } from '../../machines/rpc-connection.ts'
import { rpcServerMachine } from '../../machines/rpc-server.ts'
import { scriptedDiscv5Machine } from '../../machines/scripted-discv5.ts'
import { scriptedPeerMachine } from '../../machines/scripted-peer.ts'
import { serverMachine } from '../../machines/server.ts'
import { snapPeerMachine } from '../../machines/snap-peer.ts'
import { lowest, newPlan } from '../../machines/snap-plan.ts'
import { snapSyncMachine } from '../../machines/snap-sync.ts'
import { txFetcherMachine } from '../../machines/tx-fetcher.ts'
import { txPoolMachine } from '../../machines/tx-pool.ts'
import type { HandshakePacket, WhoareyouPacket } from '../../protocols/discv5/packet.ts'
import type { TreeEntry } from '../../protocols/dnsdisc/tree.ts'
import { nodeIdOf, toEnode } from '../../protocols/enode/enode.ts'
import { signRecord } from '../../protocols/enr/record.ts'
import type { EthAnswer } from '../../protocols/eth/messages.ts'
import { readReceiptList } from '../../protocols/eth/receipt-messages.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { type EthVersion, ethVersions, type MessageName, messageTable } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { LazyList } from '../../protocols/lib/lazy-list.ts'
import { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { type SnapMessageName, snapAnswerOf } from '../../protocols/snap/versions.ts'
import { noPorts } from '../no-ports.ts'

const treeRoot = (root: string) => ({ nodesRoot: root, linksRoot: 'links', seq: 1n, signature: new Uint8Array(65) })
const treeEntries: readonly TreeEntry[] = [
  { kind: 'branch', children: [] },
  { kind: 'branch', children: Array.from({ length: 40 }, (_, i) => `${i}`) },
  { kind: 'link', link: { domain: 'n', publicKey: new Uint8Array(64) } },
  { kind: 'node', record: signRecord(1n, {}, new Uint8Array(32).fill(1)) },
]

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

const ids = ['a', 'b', 'self']
const conns = [1, 2, 3, 4]
const each = <A, B, E>(as: readonly A[], bs: readonly B[], event: (a: A, b: B) => E): E[] =>
  as.flatMap((a) => bs.map((b) => event(a, b)))
const node = (id: string, host?: string) => ({ ...toEnode(new Uint8Array(64), host, 30303), id })
const error = new Error('of the spec')
const streamOpened = { type: 'stream.opened', remote: '127.0.0.1:30303' } as const
const rlpxSecured = { type: 'rlpx.secured', id: '5ac4' } as const
const payload = Uint8Array.of(0xc0)
const peerId = bytesToHex(nodeIdOf(new Uint8Array(64).fill(7)))
const hello = { version: 5, name: '', caps: [], listenPort: 0, id: new Uint8Array(64).fill(7) }
const someReceipts = {
  kind: 'Receipts',
  lastBlockIncomplete: false,
  receipts: LazyList.of([], readReceiptList(72)),
} as const

const snapPivot = { number: 5n, hash: lowest, root: lowest }
const nearlyFetched = { pivot: snapPivot, tasks: newPlan().tasks.map(({ last }) => ({ next: undefined, last })) }
const range = (latest: bigint) => ({ earliest: 0n, latest, latestHash: new Uint8Array(32).fill(1) })
const hashOf = (n: number) => new Uint8Array(32).fill(n)
const messageNames = [...new Set(ethVersions.flatMap(namesOf))]
function namesOf(version: EthVersion): MessageName[] {
  const table = messageTable(version)
  return Array.from({ length: table.length }, (_, code) => table.nameOf(code)).filter((name) => name !== undefined)
}
const udpPing = { hash: payload, udp: 1, tcp: 1, to: undefined }
const addresses = { local: '', remote: '' }

const scriptedPeerEvents: readonly EventFromLogic<typeof scriptedPeerMachine>[] = [
  ...[streamOpened, rlpxSecured],
  ...(['script.secure', 'hello.sent', 'status.sent'] as const).map((type) => ({ type })),
  ...(['status.received', 'ping.received', 'script.close'] as const).map((type) => ({ type })),
  ...[true, false].map((speaksEth) => ({ type: 'hello.received', speaksEth }) as const),
  ...(['dial.failed', 'stream.closed'] as const).map((type) => ({ type, error })),
  { type: 'disconnect.received', reason: DiscReason.TooManyPeers },
]

const downloaderEvents: readonly EventFromLogic<typeof downloaderMachine>[] = [
  ...[1, 2, 3].flatMap((peer) => [
    ...[range(5n), range(700n), undefined].map(
      (range) => ({ type: 'peer.joined', peer, range, headHash: hashOf(1), servesLists: peer !== 3 }) as const,
    ),
    ...[5n, 700n].map((latest) => ({ type: 'peer.range', peer, range: range(latest) }) as const),
    ...[1, 2].map((n) => ({ type: 'head.learnt', peer, head: { number: 700n, hash: hashOf(n) } }) as const),
    ...(['peer.left', 'task.failed', 'head.learnt'] as const).map((type) => ({ type, peer })),
    { type: 'peer.lied', peer, error } as const,
    ...(['peer.slow', 'peer.answered', 'peer.stalled', 'peer.spent', 'peer.ready'] as const).map((type) => ({
      ...{ type, peer },
    })),
    ...(['lists.slow', 'lists.answered'] as const).map((type) => ({ type, peer })),
    ...[0, 1, 2, 3].flatMap((job) => [
      ...[true, false].flatMap((meetsSkeleton) =>
        [192, 5].map((count) => ({ ...headersOf(peer, job), count, meetsSkeleton })),
      ),
      { type: 'bodies.fetched', peer, job, count: 1, bytes: 100 } as const,
      { type: 'job.failed', peer, job } as const,
      { type: 'lists.failed', peer, request: job } as const,
      ...([[], [6n]] as const).map((lacked) => {
        return { type: 'lists.fetched', request: job, count: 1, lacked, bytes: 0, kept: 0 } as const
      }),
    ]),
  ]),
  ...each([1, 2], [true, false], (n, isOurs) => ({ type: 'consensus.head', hash: hashOf(n), isOurs }) as const),
  ...each(
    [0n, 5n, 350n],
    [true, false],
    (number, isOurs) => ({ type: 'header.compared', number, hash: hashOf(1), isOurs }) as const,
  ),
  ...[5n, 700n].map((number) => ({ type: 'chain.head', number }) as const),
  ...(['pivot.proven', 'pivot.refuted', 'state.synced'] as const).map((type) => ({ type })),
  ...[{ type: 'head.adopted' } as const, { type: 'head.refused' } as const, { type: 'import.failed', error } as const],
  ...[
    { type: 'skeleton.empty' } as const,
    { type: 'skeleton.fetched', anchors: [197n, 389n, 700n], hash: hashOf(1) } as const,
  ],
  { type: 'leader.empty', number: 6n },
  ...each([1, 2], [true, false], (n, meetsOurs) => {
    return { type: 'contiguous.fetched', first: 6n, last: 700n, hash: hashOf(n), meetsOurs, listed: [6n] } as const
  }),
  ...[197n, 700n].map((last) => ({ type: 'blocks.imported', last, bytes: 0, listBytes: 0 }) as const),
  { type: 'downloader.stop' },
]

function headersOf(peer: number, job: number) {
  return { type: 'headers.answered', peer, job, first: 6n, last: 197n, listed: [6n, 7n] } as const
}

function downloaderHolds({
  sources,
  plan,
  lists,
  goal,
  target,
}: SnapshotFrom<typeof downloaderMachine>['context']): void {
  expect(lists.running.size).to.be.at.most(4, 'two of each that serves lists')
  expect(sources.size).to.be.at.most(3)
  expect(plan.running.size).to.be.at.most(3)
  if (goal.kind === 'longest') expect(target.hash).to.equal(undefined)
}

/** Every chart, with what may happen to it. */
export const walkSubjects = [
  subject({
    machine: serverMachine,
    input: {
      ...{ ports: noPorts, selfId: 'self', hasListener: true, protocolCount: 1, trusted: new Set(['b']) },
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
      ...{ ports: noPorts, selfId: 'self', maxDialed: 2, maxActiveDials: 3, seed: 1, canResolve: true },
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
        ...[{ type: 'node.resolved', id } as const, { type: 'resolve.due', id } as const],
        { type: 'node.resolved', id, node: node(id, '10.0.0.5') } as const,
        ...[{ type: 'connect.failed', id, error } as const, { type: 'dial.ended', id } as const],
        ...[
          { type: 'peer.added', id, dialed: false } as const,
          { type: 'peer.removed', id, dialed: false, crossed: false } as const,
        ],
        ...[{ type: 'peer.removed', id, dialed: true, crossed: true } as const, { type: 'crossing.over', id } as const],
        ...[{ type: 'inbound.pending', id } as const, { type: 'inbound.completed', id } as const],
        ...[{ type: 'static.remove', id } as const, { type: 'history.expired', id } as const],
      ]),
      { type: 'dialer.stop' },
    ],
    last: [{ type: 'dialer.stop' }],
    holds: ({ dialing, maxActiveDials, staticPool, statics, history }) => {
      expect(dialing.size).to.be.at.most(maxActiveDials)
      for (const id of staticPool) {
        expect(statics.has(id) && (history.get(id) ?? 'crossed') === 'crossed' && !dialing.has(id)).to.equal(
          true,
          `${id} is in the pool`,
        )
      }
    },
  }),
  subject({
    machine: candidateMixMachine,
    input: { ports: noPorts, sources: ['a', 'b'] },
    events: [
      { type: 'candidate.wanted' },
      ...['a', 'b', 'c'].map((source) => ({ type: 'candidate.offered', source, node: node('x', '10.0.0.1') }) as const),
      { type: 'mix.stop' },
    ],
    last: [{ type: 'mix.stop' }],
    holds: ({ offers, asked }) => {
      for (const source of offers.keys()) expect(asked.has(source)).to.equal(false)
      expect(offers.has('c')).to.equal(false)
    },
  }),
  subject({
    machine: nodeMachine,
    input: { ports: noPorts },
    events: [
      ...['a', 'b'].map((name) => ({ type: 'service.register', name }) as const),
      ...[1, 2].flatMap((call) => [{ type: 'node.start', call } as const, { type: 'node.close', call } as const]),
      ...(['server.started', 'server.stopped', 'service.started', 'service.stopped'] as const).map((type) => ({
        type,
      })),
      ...(['rpc.started', 'rpc.stopped'] as const).map((type) => ({ type })),
      ...(['server.failed', 'rpc.failed', 'service.failed'] as const).map((type) => ({ type, error })),
      ...[{ type: 'service.stopped', error } as const, { type: 'node.released', errors: [error] } as const],
    ],
    holds: ({ running, services }) => expect(running).to.be.within(0, services.length),
  }),
  subject({
    machine: txPoolMachine,
    input: { ports: noPorts },
    events: (['journal.read', 'head.changed', 'states.read', 'states.failed', 'pool.stop'] as const).map((type) => ({
      type,
    })),
    first: [{ type: 'journal.read' }],
    last: [{ type: 'pool.stop' }],
  }),
  subject({
    machine: executorMachine,
    input: { ports: noPorts },
    events: [
      ...[1, 2, 3].flatMap((job) =>
        each(['b', 'c', 'd'], ['a', 'b', 'c'], (hash, parent) => ({ type: 'block.given', job, hash, parent }) as const),
      ),
      ...[[], ['a'], ['b']].map((gone) => ({ type: 'block.executed', gone }) as const),
      { type: 'block.refused', reason: 'state root', detail: '' },
      { type: 'executor.opened', states: ['a'] },
      ...(['chain.lost', 'executor.stop', 'executor.closed'] as const).map((type) => ({ type })),
      { type: 'state.synced', states: ['p'] },
      { type: 'executor.failed', error },
    ],
    first: [{ type: 'executor.opened', states: ['a'] }],
    last: [{ type: 'executor.stop' }, { type: 'executor.closed' }],
  }),
  subject({
    machine: peerMachine,
    input: { ports: noPorts, protocols: [{ name: 'eth', version: 72, length: 22 }] },
    events: [
      ...[{ type: 'rlpx.secured', id: peerId } as const, { type: 'hello.accepted', hello } as const],
      { type: 'server.admitted' },
      ...[DiscReason.TooManyPeers, DiscReason.NetworkError].flatMap((reason) => [
        { type: 'server.refused', reason } as const,
        { type: 'peer.disconnect', reason } as const,
      ]),
      ...(['protocols.started', 'ping.received', 'write.blocked', 'write.drained'] as const).map((type) => ({ type })),
      ...(['hello.invalid', 'protocol.ended', 'read.failed', 'stream.closed'] as const).map((type) => ({
        type,
        error,
      })),
      { type: 'first.received', code: 0, payload },
      { type: 'disconnect.received', payload },
    ],
    first: [
      { type: 'rlpx.secured', id: peerId },
      { type: 'server.admitted' },
      { type: 'hello.accepted', hello },
      { type: 'server.admitted' },
      { type: 'protocols.started' },
    ],
    last: [
      { type: 'peer.disconnect', reason: DiscReason.Quitting },
      { type: 'stream.closed', error: undefined },
    ],
    holds: ({ reason }) => expect(reason).to.not.equal(DiscReason.NetworkError),
  }),
  subject({
    machine: snapPeerMachine,
    input: { ports: noPorts, isBesideEth: true },
    events: [
      ...Object.entries(snapAnswerOf)
        .flat()
        .map((type) => ({ type: type as SnapMessageName, payload })),
      ...(['write.blocked', 'write.drained', 'session.closed'] as const).map((type) => ({ type })),
      ...[{ type: 'code.unknown', code: 31 } as const, { type: 'fault.found', error } as const],
      { type: 'message.tooLong', size: 2 ** 24 },
      ...[1n, 2n].flatMap((id) => [
        { type: 'request.made', id, caller: Number(id), count: 2, payload, now: 0, name: 'GetByteCodes' } as const,
        { type: 'request.cancelled', id, caller: Number(id) } as const,
        ...[1, 5].map((count) => ({ type: 'answer.opened', id, want: 'ByteCodes', count, payload }) as const),
      ]),
      { type: 'requests.elapsed', now: 60_000 },
    ],
  }),
  subject({
    machine: snapSyncMachine,
    input: { ports: noPorts },
    events: [
      ...[lowest, 'a'.repeat(64)].map(
        (root) => ({ type: 'pivot.set', pivot: { number: 5n, hash: root, root } }) as const,
      ),
      { type: 'progress.found' },
      { type: 'progress.found', progress: nearlyFetched },
      ...[1, 2].flatMap((peer) => [
        ...(['peer.joined', 'peer.left', 'peer.slow', 'peer.answered'] as const).map((type) => ({ type, peer })),
        { type: 'peer.lied', peer, error } as const,
        ...[0, 1, 2, 3].map((job) => ({ type: 'job.empty', job, peer }) as const),
      ]),
      ...[0, 1, 2, 3, 4, 5].flatMap((job) => [
        ...[undefined, '07'.repeat(32)].map((next) => {
          const wanted = { storages: [{ account: lowest, root: lowest }], codes: [lowest] }
          return { type: 'accounts.taken', job, accounts: 1, bytes: 9, next, ...wanted } as const
        }),
        ...[undefined, { next: '07'.repeat(32), slots: 1 }].map(
          (cut) => ({ type: 'storage.taken', job, accounts: 1, slots: 1, bytes: 9, cut }) as const,
        ),
        ...[[], [lowest]].map((missing) => {
          return { type: 'codes.taken', job, codes: 1, bytes: 9, missing, isWhole: missing.length === 0 } as const
        }),
      ]),
      ...[lowest, 'a'.repeat(64)].map((root) => ({ type: 'trie.built', root, isWhole: true }) as const),
      ...[true, false].flatMap((isWhole) => [
        { type: 'missing.found', isWhole, nodes: [{ path: '00', hash: lowest }], codes: [lowest] } as const,
        ...[0, 1, 2, 3].map((job) => {
          const nodes = { missing: [], nodes: [{ account: lowest, path: '00', hash: lowest }], codes: [] }
          return { type: 'nodes.taken', job, count: 1, bytes: 9, isWhole, ...nodes } as const
        }),
      ]),
      ...(['state.committed', 'sync.stop'] as const).map((type) => ({ type })),
    ],
    first: [
      { type: 'peer.joined', peer: 1 },
      { type: 'pivot.set', pivot: snapPivot },
      { type: 'progress.found', progress: nearlyFetched },
    ],
  }),
  subject({
    machine: ethPeerMachine,
    input: { ports: noPorts, version: 72 },
    events: [
      ...messageNames.map((type) => ({ type, payload })),
      ...(['manager.started', 'manager.synced', 'write.blocked', 'write.drained', 'session.closed'] as const).map(
        (type) => ({ type }),
      ),
      ...[true, false].map((isSynced) => ({ type: 'manager.registered', isSynced }) as const),
      ...[range(5n), { ...range(5n), earliest: 6n }].map((range) => ({ type: 'range.opened', range }) as const),
      ...[1, 400_000].map((now) => ({ type: 'requests.elapsed', now }) as const),
      ...[{ type: 'code.unknown', code: 31 } as const, { type: 'fault.found', error } as const],
      ...[{ type: 'manager.refused', error } as const, { type: 'manager.dropped', reason: 8 } as const],
      { type: 'message.tooLong', name: 'Transactions', size: 2 ** 24 },
      { type: 'status.accepted', status: {} as Status },
      ...[1n, 2n].flatMap((id) => {
        const answer: EthAnswer = { ...someReceipts, id }
        return [
          { type: 'request.made', id, caller: 1, name: 'GetReceipts', count: 1, payload, now: 0 } as const,
          { type: 'request.cancelled', id, caller: 1 } as const,
          { type: 'answer.opened', answer, now: 2 } as const,
          { type: 'answer.checked', answer } as const,
        ]
      }),
    ],
    first: [
      { type: 'manager.started' },
      { type: 'Status', payload },
      { type: 'status.accepted', status: {} as Status },
      { type: 'manager.registered', isSynced: false },
    ],
    last: [{ type: 'session.closed' }],
    holds: ({ requests }) => expect(requests.pending.size).to.be.at.most(2),
  }),
  subject({
    machine: protocolManagerMachine,
    input: { ports: noPorts, maxPeers: 2 },
    events: [
      ...[{ type: 'manager.start', range: range(0n) } as const, { type: 'manager.stop' } as const],
      { type: 'manager.release' },
      ...[{ type: 'chain.head', range: range(64n) } as const, { type: 'chain.synced' } as const],
      ...[1, 2, 3].flatMap((session) => [
        ...(['session.arrived', 'session.ended', 'peer.remove'] as const).map((type) => ({ type, session })),
        ...[true, false].map((trusted) => {
          const who = {
            session,
            id: String(session % 2),
            version: 72 as const,
            trusted,
            range: range(1n),
            headHash: new Uint8Array(32),
            announcedLatest: trusted ? 100n : undefined,
          }
          return { type: 'peer.register', ...who } as const
        }),
      ]),
    ],
    first: [{ type: 'manager.start', range: range(0n) }],
    last: [
      { type: 'manager.stop' },
      ...[1, 2, 3].map((session) => ({ type: 'session.ended', session }) as const),
      { type: 'manager.release' },
    ],
    holds: ({ peers, maxPeers }) =>
      expect(peers.size).to.be.at.most(maxPeers + 1, 'the trusted one may be one too many'),
  }),
  subject({
    machine: downloaderMachine,
    input: { ports: noPorts, head: 5n, pollInterval: 3_000, followsConsensus: false },
    events: downloaderEvents,
    // Level with its peers: heads are polled.
    first: [
      { type: 'peer.joined', peer: 1, range: range(5n), headHash: hashOf(1), servesLists: true },
      { type: 'xstate.after.headPollInterval.downloader.idle' } as never,
    ],
    last: [{ type: 'downloader.stop' }],
    holds: downloaderHolds,
  }),
  subject({
    machine: downloaderMachine,
    input: { ports: noPorts, head: 5n, pollInterval: 3_000, followsConsensus: false },
    events: downloaderEvents,
    first: [
      { type: 'peer.joined', peer: 1, range: range(700n), headHash: hashOf(1), servesLists: true },
      { type: 'header.compared', number: 5n, hash: hashOf(1), isOurs: true },
      { type: 'skeleton.fetched', anchors: [197n, 389n, 700n], hash: hashOf(1) },
    ],
    last: [{ type: 'downloader.stop' }],
    holds: downloaderHolds,
  }),
  subject({
    machine: downloaderMachine,
    input: { ports: noPorts, head: 0n, pollInterval: 3_000, followsConsensus: false, syncMode: 'snap' },
    events: downloaderEvents,
    first: [
      { type: 'peer.joined', peer: 1, range: range(700n), headHash: hashOf(1), servesLists: true },
      { type: 'header.compared', number: 0n, hash: hashOf(1), isOurs: true },
    ],
  }),
  subject({
    machine: downloaderMachine,
    input: { ports: noPorts, head: 0n, pollInterval: 3_000, followsConsensus: true, syncMode: 'snap' },
    events: downloaderEvents,
    // A pivot, 64 blocks below what a consensus client named.
    first: [
      { type: 'peer.joined', peer: 1, range: range(700n), headHash: hashOf(1), servesLists: true },
      { type: 'consensus.head', hash: hashOf(1), isOurs: false },
      { type: 'head.learnt', peer: 1, head: { number: 66n, hash: hashOf(1) } },
      { type: 'header.compared', number: 0n, hash: hashOf(2), isOurs: true },
      { type: 'skeleton.fetched', anchors: [2n], hash: hashOf(2) },
      { type: 'blocks.imported', last: 2n, bytes: 0, listBytes: 0 },
    ],
  }),
  subject({
    machine: downloaderMachine,
    input: { ports: noPorts, head: 5n, pollInterval: 3_000, followsConsensus: true },
    events: downloaderEvents,
    first: [
      { type: 'peer.joined', peer: 1, range: range(700n), headHash: hashOf(1), servesLists: true },
      { type: 'consensus.head', hash: hashOf(1), isOurs: false },
      { type: 'head.learnt', peer: 1, head: { number: 6n, hash: hashOf(1) } },
      { type: 'header.compared', number: 6n, hash: hashOf(1), isOurs: false },
      { type: 'header.compared', number: 5n, hash: hashOf(1), isOurs: true },
      { type: 'skeleton.fetched', anchors: [6n], hash: hashOf(1) },
      { type: 'blocks.imported', last: 6n, bytes: 0, listBytes: 0 },
    ],
    last: [{ type: 'downloader.stop' }],
    holds: downloaderHolds,
  }),
  subject({
    machine: scriptedPeerMachine,
    input: { ports: noPorts, isDialing: true, through: 'tcp', hasStatus: false, answersPings: true },
    events: scriptedPeerEvents,
    first: [streamOpened, { type: 'script.secure' }, rlpxSecured],
    last: [{ type: 'script.close' }],
  }),
  subject({
    machine: scriptedPeerMachine,
    input: { ports: noPorts, isDialing: false, through: 'status', hasStatus: true, answersPings: false },
    events: scriptedPeerEvents,
    last: [{ type: 'script.close' }],
  }),
  ...(['session', 'packets'] as const).map((through) =>
    subject({
      machine: scriptedDiscv5Machine,
      input: { ports: noPorts, through, answersPings: true, hasKeys: through === 'packets' },
      events: [
        ...(['request.sent', 'challenge.sent', 'keys.agreed', 'script.close'] as const).map((type) => ({ type })),
        { type: 'whoareyou.received', packet: {} as WhoareyouPacket },
        { type: 'packet.unreadable', nonce: payload },
        { type: 'handshake.received', packet: {} as HandshakePacket },
        { type: 'ping.received', requestId: payload },
      ],
      last: [{ type: 'script.close' }],
    }),
  ),
  subject({
    machine: receiptFetcherMachine,
    input: { ports: noPorts, head: 3n },
    events: [
      ...[2n, 5n].map((number) => ({ type: 'chain.head', number }) as const),
      ...each([0, 2], [3n, 5n], (count, to) => ({ type: 'missing.found', count, to }) as const),
      ...[0, 1].map((left) => ({ type: 'receipts.stored', left }) as const),
      ...each([1, 2], ['receipts.none', 'peer.joined', 'peer.left', 'peer.slow'] as const, (peer, type) => ({
        type,
        peer,
      })),
      ...[1, 2].map((peer) => ({ type: 'peer.lied', peer, error: new Error('of the spec') }) as const),
      { type: 'fetcher.stop' },
    ],
    first: [
      { type: 'peer.joined', peer: 1 },
      { type: 'missing.found', count: 2, to: 3n },
    ],
    last: [{ type: 'fetcher.stop' }],
  }),
  subject({
    machine: txFetcherMachine,
    input: { ports: noPorts },
    events: [
      ...each(['txs.announced', 'wait.elapsed'] as const, [undefined, 100], (type, wait) => ({ type, wait })),
      ...(
        ['queue.changed', 'request.sent', 'request.none', 'answer.taken', 'request.failed', 'peer.left'] as const
      ).map((type) => ({ type })),
    ],
    first: [{ type: 'queue.changed' }, { type: 'request.sent' }],
    last: [{ type: 'peer.left' }],
  }),
  subject({
    machine: gossipWatchMachine,
    input: { ports: noPorts, fetches: true },
    events: [
      ...[
        { type: 'peer.running' } as const,
        { type: 'peer.lost', cause: 'of the spec' } as const,
        { type: 'watch.stop' } as const,
      ],
      ...[0, 2].flatMap((announced) =>
        [true, false].map((isAnswer) => ({ type: 'gossip.received', announced, isAnswer }) as const),
      ),
      ...(['request.received', 'fetch.done', 'fetch.overdue', 'gossip.emitted'] as const).map((type) => ({ type })),
    ],
    first: [{ type: 'peer.running' }],
    last: [{ type: 'watch.stop' }],
  }),
  subject({
    machine: rpcServerMachine,
    input: { ports: noPorts, shutdownTimeout: 5_000 },
    events: [
      ...[1, 2].flatMap((call) => [{ type: 'server.open', call } as const, { type: 'server.close', call } as const]),
      ...[{ type: 'listener.opened', address: 'a' } as const, { type: 'listener.failed', error } as const],
      { type: 'listener.closed' },
    ],
    first: [
      { type: 'server.open', call: 3 },
      { type: 'listener.opened', address: 'a' },
    ],
  }),
  subject({
    machine: rpcConnectionMachine,
    input: { ports: noPorts, hasPing: true, pingInterval: 30_000, pongTimeout: 30_000, writeTimeout: 10_000 },
    events: [
      ...(['pong.received', 'write.blocked', 'write.drained', 'calls.full', 'calls.freed'] as const).map((type) => ({
        type,
      })),
      ...(['write.overflowed', 'input.overflowed', 'server.closed', 'client.closed'] as const).map((type) => ({
        type,
      })),
      { type: 'client.malformed', why: 'no JSON' },
    ],
    last: [{ type: 'client.closed' }],
  }),
  subject({
    machine: discv4NodeMachine,
    input: { ports: noPorts, id: '', provenFor: 0, introducedFor: 0, findFails: 4, checks: 2 },
    events: [
      { type: 'ping.received', ping: udpPing },
      ...[1, 2].map((request) => ({ type: 'pong.received', request, pong: { seq: 1n, to: undefined } }) as const),
      { type: 'findnode.received', findnode: { target: payload, udp: 1 } },
      { type: 'enrrequest.received', request: { hash: payload, udp: 1 } },
      ...[0, 5, 16].map((count) => ({ type: 'neighbors.received', nodes: [node('a')], count }) as const),
      { type: 'record.received', query: 2, record: undefined },
      { type: 'check' },
      { type: 'query', query: 1, kind: 'FINDNODE' },
      { type: 'query', query: 2, kind: 'ENRREQUEST' },
      { type: 'node.forget' },
    ],
    first: [
      { type: 'ping.received', ping: udpPing },
      { type: 'pong.received', request: 1, pong: { seq: 1n, to: undefined } },
    ],
    last: [{ type: 'node.forget' }],
    holds: ({ queries, found }) => {
      expect(queries.length).to.be.at.most(maxQueries)
      expect(found.length).to.be.at.most(32)
    },
  }),
  subject({
    machine: discoveryTableMachine,
    input: { ports: noPorts, seed: 1 },
    events: [
      { type: 'lookup.ended' },
      { type: 'walk.wanted' },
      ...[0, 3].map((seen) => ({ type: 'walk.ended', seen }) as const),
      { type: 'refresh.wanted' },
      { type: 'discovery.stop' },
    ],
    last: [{ type: 'discovery.stop' }],
  }),
  subject({
    machine: lookupMachine,
    input: { ports: noPorts, target: peerId, self: bytesToHex(hashOf(99)), start: [node(bytesToHex(hashOf(1)))] },
    events: [
      ...each([1, 2, 3, 4], [[], [1, 2, 3], [4, 99]], (from, found) => ({
        ...({ type: 'node.answered', id: bytesToHex(hashOf(from)) } as const),
        nodes: found.map((one) => node(bytesToHex(hashOf(one)))),
      })),
      { type: 'lookup.stop' },
    ],
    last: [{ type: 'lookup.stop' }],
    holds: ({ asked, waiting, closest }) => {
      expect(asked.size).to.be.at.most(maxAsked)
      expect(waiting.size).to.be.at.most(3)
      expect(closest.length).to.be.at.most(16)
    },
  }),
  subject({
    machine: dnsTreeMachine,
    input: { ports: noPorts, seed: 1 },
    events: [
      { type: 'node.wanted' },
      ...['a', 'b'].map((root) => ({ type: 'root.resolved', root: treeRoot(root) }) as const),
      { type: 'root.failed' },
      ...treeEntries.map((entry) => ({ type: 'entry.resolved', entry }) as const),
      { type: 'entry.failed' },
      { type: 'tree.stop' },
    ],
    first: [
      { type: 'node.wanted' },
      { type: 'root.resolved', root: treeRoot('a') },
      { type: 'entry.resolved', entry: treeEntries[0]! },
    ],
    last: [{ type: 'tree.stop' }],
    holds: ({ links, nodes, found }) => {
      expect(Math.max(links.length, nodes.length)).to.be.at.most(maxMissing)
      expect(found.length).to.be.at.most(maxLinks)
    },
  }),
  subject({
    machine: discv5SessionMachine,
    input: { ports: noPorts, id: '' },
    events: [
      ...(['answer.accepted', 'answer.refused', 'whoareyou.received', 'response.received', 'call.ended'] as const).map(
        (type) => ({ type }),
      ),
      ...[1, 2].flatMap((call) => [{ type: 'call.made', call } as const]),
      { type: 'session.end' },
      { type: 'packet.unreadable', nonce: 'ff' },
      { type: 'handshake.received', packet: { kind: 'handshake' } as HandshakePacket },
    ],
    first: [{ type: 'call.made', call: 3 }, { type: 'whoareyou.received' }],
    last: [{ type: 'session.end' }],
    holds: ({ calls }) => expect(calls.length).to.be.at.most(maxCalls),
  }),
]
