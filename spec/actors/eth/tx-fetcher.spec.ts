import { expect } from 'chai'
import { Subject } from 'rxjs'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import type { TxPool } from '../../../actors/pool/tx-pool.ts'
import { PoolContent } from '../../../machines/pool-content.ts'
import { PoolError, type PoolFault } from '../../../protocols/chain/pool-error.ts'
import type { EthAnswer, EthRequest, MessageOf } from '../../../protocols/eth/messages.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, type RlpItem, readItem } from '../../../protocols/lib/rlp.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { chainOf, genesis, type ScriptedRemote, World } from './world.ts'

describe('the fetcher of transactions', () => {
  let world: World
  let chain: Chain
  let service: EthService
  /** What the pool was given, by number. */
  let given: number[]
  let refused: Map<string, PoolFault>
  /** What one of them is said to be. */
  type Claim = { readonly tx: Tx; readonly type?: number; readonly size?: number }
  type Tx = { readonly n: number; readonly raw: Uint8Array; readonly hash: string; readonly size: number }
  const tx = (n: number): Tx => {
    const raw = encodeRlp([BigInt(n), 1n, 21_000n, new Uint8Array(20), 1n, new Uint8Array(), 27n, 1n, 1n])
    return { n, raw, hash: bytesToHex(keccak256(raw)), size: raw.length }
  }
  const many = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => tx(from + i))
  const numberOf = new Map(many(1, 400).map(({ n, hash }) => [hash, n]))

  beforeEach(async () => {
    chain = await chainOf(makeBlocks(genesis, genesis.header, 3))
    world = new World()
    given = []
    refused = new Map()
    const content = new PoolContent()
    const here = new Set<string>()
    content.has = (hash) => here.has(hash)
    const pool = {
      content,
      ready$: new Subject(),
      takesType: (type: number) => type <= 2,
      *add(all: readonly { item: RlpItem; hash: string }[]) {
        yield
        return all.map(({ hash }) => {
          given.push(numberOf.get(hash)!)
          const fault = refused.get(hash) ?? (here.has(hash) ? 'known' : undefined)
          if (fault) return new PoolError(fault, 'of the spec')
          here.add(hash)
          return undefined
        })
      },
    }
    service = world.service(chain, { synced: true, pool: pool as unknown as TxPool })
    service.start()
  })
  afterEach(() => service.stop())

  type Answer = (asked: readonly number[]) => readonly Tx[] | undefined
  /** A peer that answers with `answer`; nothing when that returns nothing. */
  const join = async (answer: Answer = () => undefined, version: 69 | 72 = 69) => {
    const remote = world.remote(service, {
      chain,
      version,
      answer: (request: EthRequest, honest: () => EthAnswer) => {
        if (request.kind !== 'GetPooledTransactions') return honest()
        const txs = answer(numbersOf(request))
        return txs && { kind: 'PooledTransactions', id: request.id, transactions: listOf(txs) }
      },
    })
    await world.run(20)
    return remote
  }
  const whole: Answer = (asked) => asked.map(tx)
  const listOf = (txs: readonly Tx[]) =>
    LazyList.of(
      txs.map(({ raw }) => raw),
      asItem,
    )
  const numbersOf = ({ hashes }: { hashes: HashList }) =>
    Array.from(hashes, (hash) => numberOf.get(bytesToHex(hash)) ?? -1)
  const announce = (remote: ScriptedRemote, ...claims: (Claim | Tx)[]) => {
    const all = claims.map((claim) => ('tx' in claim ? claim : { tx: claim }))
    remote.send({
      kind: 'NewPooledTransactionHashes',
      types: Uint8Array.from(all, ({ type = 0 }) => type),
      sizes: Uint32List.of(all.map(({ tx, size = tx.size }) => size)),
      hashes: HashList.of(all.map(({ tx }) => hexToBytes(tx.hash))),
    })
  }
  const send = (remote: ScriptedRemote, ...txs: Tx[]) =>
    remote.send({ kind: 'Transactions', transactions: listOf(txs) })
  /** What a peer was asked for, request by request. */
  const asked = ({ heard }: ScriptedRemote) =>
    heard.flatMap((message) => (message.kind === 'GetPooledTransactions' ? [numbersOf(message)] : []))
  const charts = () => world.feed.actors.filter(({ chart }) => chart === 'tx-fetcher').length

  it('asks for what is announced after half a second, and gives it to the pool', async () => {
    const remote = await join(whole)
    announce(remote, tx(1), tx(2))
    await world.run(490)
    expect(asked(remote)).to.deep.equal([])
    await world.run(30)
    expect([asked(remote), given]).to.deep.equal([[[1, 2]], [1, 2]])
    announce(remote, tx(3), tx(1))
    await world.run(600)
    expect([asked(remote), given, remote.disconnected]).to.deep.equal([[[1, 2], [3]], [1, 2, 3], undefined])
  })
  it('asks for nothing that has come whole, is known or is of no type that the pool takes', async () => {
    const remote = await join(whole)
    const other = await join()
    announce(remote, tx(1), { tx: tx(2), type: 3 }, { tx: tx(3), type: 0x7f })
    send(other, tx(1))
    await world.run(600)
    announce(other, tx(1))
    await world.run(600)
    expect([asked(remote), asked(other), given]).to.deep.equal([[], [], [1]])
  })
  it('does not ask again for what a block has, until a reorganisation takes it back', async () => {
    const remote = await join(whole)
    const [next] = makeBlocks(genesis, chain.head, 1, { transactions: [tx(1).raw] })
    await chain.insertBlocks([next!])
    await world.run(10)
    announce(remote, tx(1), tx(2))
    await world.run(600)
    expect(asked(remote)).to.deep.equal([[2]])
    const fork = makeBlocks(genesis, chain.headerByNumber(3n)!, 2, { salt: 7n })
    await chain.insertBlocks(fork)
    await world.run(10)
    announce(remote, tx(1))
    await world.run(600)
    expect(asked(remote)).to.deep.equal([[2], [1]])
  })
  it('asks in requests of 256, one at a time', async () => {
    const remote = await join(whole)
    announce(remote, ...many(1, 300))
    await world.run(600)
    expect(asked(remote).map(({ length }) => length)).to.deep.equal([256, 44])
    expect(given).to.deep.equal(many(1, 300).map(({ n }) => n))
  })
  it('asks another when a peer does not answer within 5 s, which it keeps and asks no more', async () => {
    const silent = await join()
    const other = await join(whole)
    announce(silent, tx(1), tx(2))
    await world.run(100)
    announce(other, tx(1), tx(2))
    await world.run(5_300)
    expect([asked(silent), asked(other)]).to.deep.equal([[[1, 2]], []])
    await world.run(200)
    expect([asked(other), given]).to.deep.equal([[[1, 2]], [1, 2]])
    announce(silent, tx(3))
    await world.run(20_000)
    expect([asked(silent), silent.disconnected]).to.deep.equal([[[1, 2]], undefined])
  })
  it('asks a slow peer again once it has answered', async () => {
    const slow = await join()
    announce(slow, tx(1))
    await world.run(6_000)
    announce(slow, tx(2))
    await world.run(1_000)
    const [request] = slow.heard.filter(({ kind }) => kind === 'GetPooledTransactions') as [
      MessageOf<'GetPooledTransactions'>,
    ]
    slow.send({ kind: 'PooledTransactions', id: request.id, transactions: listOf([tx(1)]) })
    await world.run(100)
    expect([given, asked(slow)]).to.deep.equal([[1], [[1], [2]]])
  })
  it('asks another for what an answer does not have, and for nothing more when no peer has it', async () => {
    const empty = await join(() => [])
    const second = await join((all) => all.slice(1).map(tx))
    announce(empty, tx(1), tx(2))
    await world.run(100)
    announce(second, tx(1), tx(2))
    await world.run(2_000)
    expect([asked(empty), asked(second), given]).to.deep.equal([[[1, 2]], [[1, 2]], [2]])
    await world.run(10_000)
    expect([asked(empty).length, asked(second).length, empty.disconnected, second.disconnected]).to.deep.equal([
      ...[1, 1, undefined, undefined],
    ])
  })
  it('asks another when the peer that it asked leaves', async () => {
    const gone = await join()
    const other = await join(whole)
    announce(gone, tx(1))
    await world.run(100)
    announce(other, tx(1))
    await world.run(500)
    expect([asked(gone), asked(other)]).to.deep.equal([[[1]], []])
    gone.session.vanish()
    await world.run(100)
    expect([asked(other), given, charts()]).to.deep.equal([[[1]], [1], 1])
  })
  for (const [what, claim, reason] of [
    ['another type', { type: 1 }, 0x03],
    ['9 bytes more', { size: tx(1).size + 9 }, 0x03],
    ['8 bytes more', { size: tx(1).size + 8 }, undefined],
    ['8 bytes less', { size: tx(1).size - 8 }, undefined],
  ] as const)
    for (const isWhole of [true, false])
      it(`${reason ? 'disconnects' : 'keeps'} who has announced ${what}, when it comes ${isWhole ? 'whole from another' : 'from it'}`, async () => {
        const liar = await join(whole)
        const other = await join()
        announce(liar, { tx: tx(1), ...claim })
        if (isWhole) send(other, tx(1))
        await world.run(600)
        expect([given, liar.disconnected, other.disconnected]).to.deep.equal([[1], reason, undefined])
      })
  it('takes what an answer has that was not asked for, as geth does, and asks others for the rest', async () => {
    const strange = await join(() => [tx(9)])
    const other = await join(whole)
    announce(strange, tx(1))
    await world.run(100)
    announce(other, tx(1))
    await world.run(600)
    expect([given, asked(other), strange.disconnected]).to.deep.equal([[9, 1], [[1]], undefined])
  })
  for (const [what, txs] of [
    ['more than was asked for', [tx(1), tx(2)]],
    ['the same one twice', [tx(1), tx(1)]],
  ] as const)
    it(`disconnects who answers with ${what}`, async () => {
      const remote = await join(() => txs)
      announce(remote, tx(1), ...(txs[1].n === 1 ? [tx(3)] : []))
      await world.run(600)
      expect([given, remote.disconnected]).to.deep.equal([[], 0x10])
    })
  it('disconnects for an answer to nothing', async () => {
    const remote = await join()
    remote.send({ kind: 'PooledTransactions', id: 7n, transactions: listOf([tx(1)]) })
    await world.run(100)
    expect([given, remote.disconnected]).to.deep.equal([[], 0x10])
  })
  it('does not ask again for what was too cheap for five minutes', async () => {
    refused.set(tx(1).hash, 'underpriced').set(tx(2).hash, 'nonce')
    const remote = await join(whole)
    announce(remote, tx(1), tx(2))
    await world.run(1_000)
    announce(remote, tx(1), tx(2))
    await world.run(1_000)
    expect(asked(remote)).to.deep.equal([[1, 2], [2]])
    await world.run(300_000)
    announce(remote, tx(1))
    await world.run(1_000)
    expect(asked(remote)).to.deep.equal([[1, 2], [2], [1]])
  })
  it('reads on 200 ms later where more than a quarter is refused', async () => {
    const txs = many(1, 8)
    for (const { hash } of txs.slice(0, 3)) refused.set(hash, 'nonce')
    const remote = await join()
    send(remote, ...txs)
    send(remote, tx(9))
    await world.run(190)
    expect(given).to.deep.equal(txs.map(({ n }) => n))
    await world.run(20)
    expect(given.at(-1)).to.equal(9)
    refused.delete(tx(3).hash)
    send(remote, ...txs)
    send(remote, tx(10))
    await world.run(20)
    expect(given.at(-1)).to.equal(10)
  })
  it('keeps of a peer 4,096 announcements, and of one that has left nothing', async () => {
    const remote = await join()
    const strange = Array.from({ length: 5_000 }, (_, i) => keccak256(Uint8Array.of(i & 0xff, i >> 8)))
    const types = new Uint8Array(5_000)
    const sizes = Uint32List.of(strange.map(() => 100))
    remote.send({ kind: 'NewPooledTransactionHashes', types, sizes, hashes: HashList.of(strange) })
    await world.run(600)
    expect([asked(remote).map(({ length }) => length), charts(), remote.disconnected]).to.deep.equal([
      ...[[256], 1, undefined],
    ])
    remote.session.vanish()
    await world.run(10)
    expect(charts()).to.equal(0)
  })
  it('takes no blob transaction without its blobs, as little as geth does', async () => {
    const body = encodeRlp([1n, 1n, 1n, 1n, 21_000n, new Uint8Array(20), 0n, new Uint8Array(), [], 1n, [], 0n, 1n, 1n])
    const item = encodeRlp(concatBytes(Uint8Array.of(3), body))
    const hash = bytesToHex(keccak256(readItem(item).content))
    const remote = await join(() => [{ n: 0, raw: item, hash, size: item.length }])
    announce(remote, { tx: { n: 0, raw: item, hash, size: item.length }, type: 2 })
    await world.run(600)
    expect(remote.disconnected).to.equal(0x10)
  })
})
