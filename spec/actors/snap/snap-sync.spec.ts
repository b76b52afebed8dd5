import { expect } from 'chai'
import type { SortedStore } from '../../../actors/chain/key-value-store.ts'
import { openStore } from '../../../actors/chain/store.ts'
import { codeKey, nodeKey, nodeWrite, type StateStore } from '../../../actors/execution/state-store.ts'
import type { SyncedBase } from '../../../actors/execution/state-sync.ts'
import { type SyncCalls, syncCalls } from '../../../actors/execution/sync-calls.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { answerSnap, type Backend } from '../../../actors/snap/answers.ts'
import type { SnapCaller, SnapPeer, SnapQuery } from '../../../actors/snap/snap-peer.ts'
import { SnapSync } from '../../../actors/snap/snap-sync.ts'
import { emptyCodeHash, encodeAccount, readSlimAccount } from '../../../protocols/chain/account.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { TrieReader } from '../../../protocols/chain/trie-reader.ts'
import { equalBytes } from '../../../protocols/lib/bytes.ts'
import { asBytes, LazyList } from '../../../protocols/lib/lazy-list.ts'
import { readItem } from '../../../protocols/lib/rlp.ts'
import { encode, type SnapRequest } from '../../../protocols/snap/messages.ts'
import { readRangedAccount } from '../../../protocols/snap/range-messages.ts'
import { accountOf, blockHash, type ServedAccount, ServedStates } from './served-states.ts'

// What a sync takes of peers that serve states of our own making: the sessions between are left out, and the thread.

describe('a sync of a state', function () {
  this.timeout(20_000)
  const codes = [1, 2].map((byte) => new Uint8Array(50).fill(byte))
  const contract = accountOf('contract', { slots: 40, code: codes[0]! })
  const large = accountOf('large', { slots: 2_300, code: codes[1]! })
  const few = Array.from({ length: 120 }, (_, i) => accountOf(`account ${i}`))
  const first = [contract, large, ...few]
  /** A block later: one has changed, one is new, one is gone, and one has other storage. */
  const second = [
    { ...few[0]!, balance: 7n },
    ...[accountOf('new', { slots: 3, code: codes[0]! }), ...few.slice(2), large],
    { ...accountOf('contract', { slots: 41, code: codes[0]! }) },
  ]
  let states: ServedStates
  before(async () => {
    states = await ServedStates.open({ accounts: first, codes })
    await states.add({ accounts: second, codes })
  })

  const pivotOf = (at: number) => ({ number: BigInt(at), hash: blockHash(at), stateRoot: states.roots[at]! }) as Header

  /** Of its stores another can go on: as of a process that was killed. */
  type Stores = { readonly store: SortedStore; readonly directory: undefined }

  class Syncing {
    readonly sync: SnapSync
    readonly asked: string[] = []
    readonly accused: string[] = []
    readonly #synced: Promise<void>
    readonly #calls: SyncCalls
    committed: SyncedBase | undefined

    constructor(calls: SyncCalls) {
      this.#calls = calls
      let synced = () => {}
      this.#synced = new Promise((resolve) => {
        synced = resolve
      })
      this.sync = new SnapSync(processRuntime(), {
        ...{ id: 'eth/snap', parent: 'eth', version: 1, report: () => {}, synced },
        chain: { headerByHash: () => undefined, commitPivot: async () => {} },
        executor: {
          sync: (name, params) => this.#calls[name](params as never) as never,
          commitState: async (base) => {
            this.committed = base
          },
        },
      })
    }

    get done(): Promise<void> {
      return this.#synced
    }

    /** @param answer what it makes of the right one; nothing is no answer */
    meet(
      name: string,
      answer: (payload: Uint8Array, query: SnapQuery) => Uint8Array | undefined = (right) => right,
    ): void {
      const peer = {
        version: 1,
        peer: { id: name },
        ask: (query: SnapQuery, caller: SnapCaller) => {
          this.asked.push(`${name} ${query.kind}`)
          void answerOf(states.backend, query).then((right) => {
            const payload = answer(right, query)
            if (payload) caller.resolve(payload)
          })
          return () => {}
        },
        accused: () => void this.accused.push(name),
      }
      this.sync.joined(peer as unknown as SnapPeer)
      this.sync.registered(name)
    }
  }

  const newStores = async () => ({ store: await openStore(), directory: undefined })
  const callsOf = (stores: Stores) => syncCalls({ ...stores, committed: (_: StateStore) => {} })

  it('has every account, slot and code of the pivot', async () => {
    const stores = await newStores()
    const syncing = new Syncing(callsOf(stores))
    syncing.meet('one')
    syncing.sync.setPivot(pivotOf(0))
    await syncing.done
    expect(syncing.committed).to.deep.include({ hash: blockHash(0), stateRoot: states.roots[0] })
    expectState(stores.store, states.roots[0]!, first)
  })

  it('asks several peers at once, and ends one that lies', async () => {
    for (const lie of ['AccountRange', 'StorageRanges', 'ByteCodes'] as const) {
      const stores = await newStores()
      const syncing = new Syncing(callsOf(stores))
      for (const name of ['one', 'two']) syncing.meet(name)
      // The last byte of what it says: of a proof, of a slot, of a code.
      syncing.meet('liar', (right, { kind }) =>
        kind === `Get${lie}` ? right.with(right.length - 1, right.at(-1)! ^ 1) : right,
      )
      syncing.sync.setPivot(pivotOf(0))
      await syncing.done
      expect(syncing.accused).to.deep.equal(syncing.asked.includes(`liar Get${lie}`) ? ['liar'] : [])
      for (const name of ['one', 'two']) expect(syncing.asked).to.include(`${name} GetAccountRange`)
      expectState(stores.store, states.roots[0]!, first)
    }
  })

  it('asks a peer that does not have the state no more, and goes on with one that has', async () => {
    const stores = await newStores()
    const syncing = new Syncing(callsOf(stores))
    const nothing = encode(1, { ...emptyRange, id: 1n })
    syncing.meet('without', () => nothing)
    syncing.meet('with')
    syncing.sync.setPivot(pivotOf(0))
    await syncing.done
    expect(syncing.asked.filter((line) => line.startsWith('without'))).to.deep.equal(['without GetAccountRange'])
    expectState(stores.store, states.roots[0]!, first)
  })

  it('goes on after its process was killed where everything before was there', async () => {
    const stores = await newStores()
    const calls = callsOf(stores)
    const killed = new Syncing(calls)
    let answers = 0
    killed.meet('one', (right) => (++answers > 9 ? undefined : right))
    killed.sync.setPivot(pivotOf(0))
    await until(async () => answers > 9)
    killed.sync.stop()
    const whole = new Syncing(callsOf(await newStores()))
    whole.meet('one')
    whole.sync.setPivot(pivotOf(0))
    await whole.done
    const resumed = new Syncing(calls)
    resumed.meet('one')
    resumed.sync.setPivot(pivotOf(0))
    await resumed.done
    expect(resumed.asked.length).to.be.below(whole.asked.length)
    expectState(stores.store, states.roots[0]!, first)
  })

  it('goes to another pivot in the middle: what it lacks of that is healed, node by node', async () => {
    const stores = await newStores()
    const syncing = new Syncing(callsOf(stores))
    let answers = 0
    syncing.meet('one', (right) => {
      if (++answers === 12) syncing.sync.setPivot(pivotOf(1))
      return right
    })
    syncing.sync.setPivot(pivotOf(0))
    await syncing.done
    expect(syncing.committed).to.deep.include({ hash: blockHash(1), stateRoot: states.roots[1] })
    expect(syncing.asked).to.include('one GetTrieNodes')
    expectState(stores.store, states.roots[1]!, second)
  })

  async function until(isDone: () => Promise<boolean>): Promise<void> {
    while (!(await isDone())) await new Promise((resolve) => setImmediate(resolve))
  }

  function expectState(store: SortedStore, root: Uint8Array, accounts: readonly ServedAccount[]): void {
    const read = (key: string) => store.get(nodeWrite(key, root).key)!
    const ordered = accounts.toSorted((a, b) => Buffer.compare(a.hash, b.hash))
    const found = [...new TrieReader((hash) => read(nodeKey(hash)), root).leaves(new Uint8Array(32))]
    expect(found).to.deep.equal(ordered.map((account) => ({ key: account.hash, value: encodeAccount(account) })))
    for (const { hash, slots } of ordered) {
      const { storageRoot, codeHash } = readSlimAccount(readItem(found.find(({ key }) => equalBytes(key, hash))!.value))
      const its = new TrieReader((node) => read(nodeKey(node, hash)), storageRoot)
      expect([...its.leaves(new Uint8Array(32))]).to.deep.equal(slots)
      if (!equalBytes(codeHash, emptyCodeHash)) expect(read(codeKey(codeHash))).to.have.length(50)
    }
  }
})

const emptyRange = {
  kind: 'AccountRange',
  accounts: LazyList.of([], readRangedAccount),
  proof: LazyList.of([], asBytes),
} as const

async function answerOf(backend: Backend, query: SnapQuery): Promise<Uint8Array> {
  const steps = answerSnap(backend, { ...query, id: 1n } as SnapRequest)
  let step = steps.next()
  while (!step.done) step = steps.next(await step.value)
  return encode(step.value.kind === 'AccessLists' ? 2 : 1, step.value)
}
