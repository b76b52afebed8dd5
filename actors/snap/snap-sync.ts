import { type NodeItem, type SnapJob, snapLimits } from '../../machines/snap-plan.ts'
import {
  type Pivot,
  type SnapProgress,
  type SnapReport,
  type SnapSyncEvent,
  type SnapSyncPorts,
  snapSyncMachine,
} from '../../machines/snap-sync.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { HashList, LazyList } from '../../protocols/lib/lazy-list.ts'
import { encodeRlp } from '../../protocols/lib/rlp.ts'
import { readPathSet } from '../../protocols/snap/lookup-messages.ts'
import type { SnapVersion } from '../../protocols/snap/versions.ts'
import type { Chain } from '../chain/chain.ts'
import { ExecutionStopped } from '../chain/execution-port.ts'
import { CorruptDatabase, DatabaseFailed } from '../chain/store.ts'
import type { Executor } from '../execution/executor.ts'
import type { Missing, MissingNode } from '../execution/trie-heal.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { reportBug } from '../runtime/supervision.ts'
import { TimerWheel } from '../runtime/timer-wheel.ts'
import { readProgress, writeProgress } from './progress.ts'
import type { SnapPeer, SnapQuery } from './snap-peer.ts'

export type SnapSyncOptions = {
  readonly id: string
  readonly parent: string
  readonly chain: Pick<Chain, 'headerByHash' | 'commitPivot'>
  readonly executor: Pick<Executor, 'sync' | 'commitState'>
  /** That its peers must speak at least: those of snap/1 have trie nodes where those of snap/2 have access lists. */
  readonly version: SnapVersion
  report(how: SnapReport): void
  /** The state of the pivot is there, and the pivot is the head of the chain. */
  synced(): void
}

/** Fetches the state of a pivot from peers: runs {@link snapSyncMachine}. */
export class SnapSync {
  readonly #runtime: Runtime
  readonly #options: SnapSyncOptions
  readonly #wheel: TimerWheel
  #send: Send<typeof snapSyncMachine> = () => {}
  #lastPeer = 0
  /** By number. BOUNDED: the peers of the server. */
  readonly #peers = new Map<number, SnapPeer>()
  /** Peers by the ids of their nodes: one is asked once both its protocols are there (geth waitSnapExtension). BOUNDED: as those. */
  readonly #waiting = new Map<string, SnapPeer>()
  readonly #registered = new Set<string>()
  /** What takes back each request. BOUNDED: one of each kind for each peer. */
  readonly #underWay = new Map<() => void, number>()
  /** Raised when nothing that was asked for is wanted any more. */
  #round = 0
  #saved = ''
  #isStopped = false

  constructor(runtime: Runtime, options: SnapSyncOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#wheel = new TimerWheel(runtime.clock)
    const { id, parent } = options
    startActor(runtime, snapSyncMachine, {
      id,
      parent,
      input: (send) => {
        this.#send = send
        return { ports: this.#ports() }
      },
    })
  }

  setPivot({ number, hash, stateRoot }: Header): void {
    const pivot = { number, hash: bytesToHex(hash), root: bytesToHex(stateRoot) }
    this.#dispatch({ type: 'pivot.set', pivot })
  }

  /** A peer speaks snap. */
  joined(peer: SnapPeer): void {
    if (peer.version < this.#options.version) return
    this.#waiting.set(peer.peer.id, peer)
    this.#meet(peer.peer.id)
  }

  left(peer: SnapPeer): void {
    if (this.#waiting.get(peer.peer.id) === peer) this.#waiting.delete(peer.peer.id)
    for (const [number, one] of this.#peers) if (one === peer) this.#forget(number)
  }

  /** The eth session of a node is registered. */
  registered(id: string): void {
    this.#registered.add(id)
    this.#meet(id)
  }

  unregistered(id: string): void {
    this.#registered.delete(id)
    for (const [number, { peer }] of this.#peers) if (peer.id === id) this.#forget(number)
  }

  stop(): void {
    this.#isStopped = true
    this.#dispatch({ type: 'sync.stop' })
  }

  #meet(id: string): void {
    const peer = this.#waiting.get(id)
    if (!peer || !this.#registered.has(id)) return
    this.#waiting.delete(id)
    this.#peers.set(++this.#lastPeer, peer)
    this.#dispatch({ type: 'peer.joined', peer: this.#lastPeer })
  }

  #forget(number: number): void {
    this.#peers.delete(number)
    this.#withdraw((peer) => peer === number)
    this.#dispatch({ type: 'peer.left', peer: number })
  }

  #dispatch(event: SnapSyncEvent): void {
    this.#send(event)
  }

  #ports(): SnapSyncPorts {
    const { executor, report } = this.#options
    return {
      open: () =>
        this.#await(executor.sync('open', {}), ({ progress }) =>
          this.#dispatch({ type: 'progress.found', ...(progress && readProgress(progress)) }),
        ),
      ask: (job) => this.#ask(job),
      withdraw: () => {
        this.#round++
        this.#withdraw(() => true)
      },
      save: (progress) => this.#save(progress),
      build: () =>
        this.#await(executor.sync('build', {}), ({ root, isWhole }) =>
          this.#dispatch({ type: 'trie.built', root: bytesToHex(root), isWhole }),
        ),
      commit: ({ pivot }) => this.#await(this.#commit(pivot), () => this.#dispatch({ type: 'state.committed' })),
      heal: ({ root }) => {
        const round = this.#round
        this.#await(executor.sync('heal', { root: hexToBytes(root) }), ({ isWhole, ...missing }) => {
          if (round === this.#round) this.#dispatch({ type: 'missing.found', isWhole, ...toMissing(missing) })
        })
      },
      drop: ({ peer, error }) => {
        this.#peers.get(peer)?.accused(error)
        this.#peers.delete(peer)
      },
      report: (how) => {
        report(how)
        if (!how.isSyncing) this.#options.synced()
      },
    }
  }

  #ask(job: SnapJob): void {
    const { peer: number } = job
    const round = this.#round
    const peer = this.#peers.get(number)
    if (!peer) return
    let cancel = () => {}
    let isLate = false
    const withdraw = () => {
      this.#wheel.disarm(deadline)
      cancel()
    }
    const deadline = this.#wheel.arm(snapLimits.answerTimeout, () => {
      isLate = true
      this.#dispatch({ type: 'peer.slow', peer: number })
    })
    this.#underWay.set(withdraw, number)
    const isOver = () => {
      this.#wheel.disarm(deadline)
      return !this.#underWay.delete(withdraw)
    }
    cancel = peer.ask(queryOf(job), {
      resolve: (payload) => {
        if (isOver()) return
        if (isLate) return this.#dispatch({ type: 'peer.answered', peer: number })
        if (payload.length > maxAnswerBytes) return this.#lied(number, `an answer of ${payload.length} bytes`)
        this.#await(this.#take(job, payload.slice()), (event) => {
          if (round !== this.#round) return
          if (event.type === 'bad') this.#lied(number, event.reason)
          else this.#dispatch(event)
        })
      },
      // It is gone, which is reported by itself, or its answer is not waited for any more: it may be asked for something else.
      reject: () => {
        if (!isOver() && isLate) this.#dispatch({ type: 'peer.answered', peer: number })
      },
    })
  }

  #lied(peer: number, reason: string): void {
    this.#dispatch({ type: 'peer.lied', peer, error: new BadState(reason) })
  }

  async #take(job: SnapJob, payload: Uint8Array): Promise<SnapSyncEvent | { type: 'bad'; reason: string }> {
    const { executor } = this.#options
    const { id, peer } = job
    const root = hexToBytes(job.root)
    const untaken = (taken: { kind: 'none' } | { kind: 'bad'; reason: string }) =>
      taken.kind === 'none'
        ? ({ type: 'job.empty', job: id, peer } as const)
        : ({ type: 'bad', reason: taken.reason } as const)
    if (job.kind === 'accounts') {
      const [origin, limit] = [hexToBytes(job.origin), hexToBytes(job.limit)]
      const taken = await executor.sync('accounts', { payload, root, origin, limit })
      if (taken.kind !== 'taken') return untaken(taken)
      const { accounts, bytes, next, storages, codes } = taken
      return {
        ...{ type: 'accounts.taken', job: id, accounts, bytes },
        next: next && bytesToHex(next),
        storages: storages.map(({ account, root }) => ({ account: bytesToHex(account), root: bytesToHex(root) })),
        codes: codes.map(bytesToHex),
      }
    }
    if (job.kind === 'codes') {
      const taken = await executor.sync('codes', { payload, hashes: job.items.map(({ hash }) => hexToBytes(hash)) })
      if (taken.kind !== 'taken') return untaken(taken)
      const { codes, bytes, missing, isWhole } = taken
      return { type: 'codes.taken', job: id, codes, bytes, missing: missing.map(bytesToHex), isWhole }
    }
    if (job.kind === 'nodes') {
      const taken = await executor.sync('nodes', { payload, wanted: job.items.map(toNode) })
      if (taken.kind !== 'taken') return untaken(taken)
      const { count, bytes, isWhole, missing, ...found } = taken
      const facts = { job: id, count, bytes, isWhole }
      return { type: 'nodes.taken', ...facts, ...toMissing(found), missing: missing.map(toItem) }
    }
    const [first] = job.items
    const taken = await executor.sync('storage', {
      payload,
      accounts: job.items.map(({ account, root }) => ({ account: hexToBytes(account), root: hexToBytes(root) })),
      ...{ origin: hexToBytes(first!.from), limit: hexToBytes(first!.to) },
    })
    if (taken.kind !== 'taken') return untaken(taken)
    const { accounts, slots, bytes, cut } = taken
    const left = cut && { next: bytesToHex(cut.next), slots: cut.slots }
    return { type: 'storage.taken', job: id, accounts, slots, bytes, cut: left }
  }

  #save(progress: SnapProgress): void {
    const text = writeProgress(progress)
    if (text === this.#saved) return
    this.#saved = text
    this.#await(this.#options.executor.sync('save', { progress: new TextEncoder().encode(text) }), () => {})
  }

  /** First the state, then the head: of a process that ends in between the next finds the state above its head, and moves it. */
  async #commit({ hash, number, root }: Pivot): Promise<void> {
    const { chain, executor } = this.#options
    const own = hexToBytes(hash)
    const ancestors: Uint8Array[] = []
    for (let at = chain.headerByHash(own); at && at.number > 0n && ancestors.length < knownAncestors; ) {
      ancestors.push(at.parentHash)
      at = chain.headerByHash(at.parentHash)
    }
    await executor.commitState({ hash: own, number, stateRoot: hexToBytes(root), ancestors })
    await chain.commitPivot(own)
  }

  #withdraw(isMeant: (peer: number) => boolean): void {
    for (const [withdraw, peer] of this.#underWay) {
      if (!isMeant(peer)) continue
      this.#underWay.delete(withdraw)
      withdraw()
    }
  }

  /** A database that fails has reported it to the node, and so has an execution that ended. */
  #await<T>(asked: Promise<T>, done: (value: T) => void): void {
    asked.then(done).catch((error: unknown) => {
      if (this.#isStopped || reported.some((known) => error instanceof known)) return
      reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'node' })
    })
  }
}

function queryOf(job: SnapJob): SnapQuery {
  const root = hexToBytes(job.root)
  switch (job.kind) {
    case 'accounts': {
      const [origin, limit] = [hexToBytes(job.origin), hexToBytes(job.limit)]
      return { kind: 'GetAccountRange', root, origin, limit, bytes: BigInt(job.bytes) }
    }
    case 'storage': {
      const accountHashes = HashList.of(job.items.map(({ account }) => hexToBytes(account)))
      const [origin, limit] = [hexToBytes(job.items[0]!.from), hexToBytes(job.items[0]!.to)]
      return { kind: 'GetStorageRanges', root, accountHashes, origin, limit, bytes: BigInt(job.bytes) }
    }
    case 'codes': {
      const hashes = HashList.of(job.items.map(({ hash }) => hexToBytes(hash)))
      return { kind: 'GetByteCodes', hashes, bytes: BigInt(snapLimits.maxBytes) }
    }
    case 'nodes':
      return { kind: 'GetTrieNodes', root, paths: pathSets(job.items), bytes: BigInt(snapLimits.maxBytes) }
  }
}

/** A set for each node of the trie of accounts, one for each account: its hash before the paths in its storage. */
function pathSets(items: readonly NodeItem[]): LazyList<LazyList<Uint8Array>> {
  const sets: Uint8Array[][] = []
  let account: string | undefined
  for (const item of items) {
    if (item.account === undefined) sets.push([hexToBytes(item.path)])
    else if (item.account === account) sets.at(-1)!.push(hexToBytes(item.path))
    else sets.push([hexToBytes(item.account), hexToBytes(item.path)])
    account = item.account
  }
  return LazyList.of(
    sets.map((set) => encodeRlp(set)),
    readPathSet,
  )
}

const toNode = ({ account, path, hash }: NodeItem): MissingNode => ({
  ...(account !== undefined && { account: hexToBytes(account) }),
  ...{ path: hexToBytes(path), hash: hexToBytes(hash) },
})
const toItem = ({ account, path, hash }: MissingNode): NodeItem => ({
  ...(account && { account: bytesToHex(account) }),
  ...{ path: bytesToHex(path), hash: bytesToHex(hash) },
})
const toMissing = ({ nodes, codes }: Missing) => ({ nodes: nodes.map(toItem), codes: codes.map(bytesToHex) })

/** More than geth gives, which ends 2 MiB at the item that goes beyond it: three such answers of each peer may wait for the thread. */
const maxAnswerBytes = 4 * 2 ** 20
/** That BLOCKHASH reaches. */
const knownAncestors = 256
const reported = [DatabaseFailed, CorruptDatabase, ExecutionStopped]

/** An answer that is not what it says: geth ends the session with SubprotocolError (0x10). */
class BadState extends Error {
  override readonly name = 'BadState'
}
