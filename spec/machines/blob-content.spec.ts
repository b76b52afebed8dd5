import { expect } from 'chai'
import { BlobContent, blobPoolLimits } from '../../machines/blob-content.ts'
import { type PoolTransaction, poolLimits } from '../../machines/pool-content.ts'
import { Pools } from '../../machines/pools.ts'
import { readItem } from '../../protocols/lib/rlp.ts'

type Given = Partial<PoolTransaction> & {
  readonly nonce: bigint
  readonly blobFeeCap?: bigint
  readonly bytes?: number
}
const item = readItem(Uint8Array.of(0xc0))
let count = 0
const tx = ({ blobFeeCap = 10n, bytes = 100, ...given }: Given): PoolTransaction => {
  const hash = `${++count}`
  return {
    ...{ hash, type: 3, from: 'a', gas: 21_000n, feeCap: 10n, tipCap: 10n, cost: 100n, size: 100 },
    ...{ authorities: [], item },
    blobs: {
      feeCap: blobFeeCap,
      hashes: [`b${hash}`],
      mask: new Uint8Array(16),
      sizeWithoutBlobs: 1,
      storedBytes: bytes,
    },
    ...given,
  }
}
const plain = (given: Given): PoolTransaction => {
  const { blobs, ...rest } = tx(given)
  return { ...rest, type: 2 }
}
const rich = { nonce: 0n, balance: 1_000_000n, hasCode: false }
const fees = { baseFee: 1n, blobFee: 1n }
const nonces = (all: Iterable<PoolTransaction>) => Array.from(all, ({ nonce }) => Number(nonce))

describe('what a pool has with blobs', () => {
  let pool: BlobContent
  beforeEach(() => {
    pool = new BlobContent()
  })
  const add = (given: Given, state = rich, now = 0) => nonces(pool.add(tx(given), state, now))
  const refusal = (given: Given | PoolTransaction, state = rich) => {
    try {
      pool.add('hash' in given ? (given as PoolTransaction) : tx(given), state, 0)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  const gone = () => pool.takeGone().map(({ hash, isIncluded }) => [hash, isIncluded])

  it('has no gaps; who has sent much may be ahead of itself for a minute', () => {
    expect(add({ nonce: 0n })).to.deep.equal([0])
    expect(refusal({ nonce: 2n })).to.equal('nonce too high: tx nonce 2, gapped nonce 1')
    expect(refusal({ nonce: 0n, from: 'b' }, { ...rich, nonce: 1n })).to.equal(
      'nonce too low: next nonce 1, tx nonce 0',
    )
    const old = { ...rich, nonce: 100n }
    expect([add({ nonce: 103n, from: 'c' }, old), add({ nonce: 102n, from: 'c' }, old)]).to.deep.equal([[], []])
    expect(refusal({ nonce: 104n, from: 'c' }, old)).to.equal('nonce too high: tx nonce 104, gapped nonce 100')
    expect([pool.pending, pool.queued, nonces(pool.queuedOf('c'))]).to.deep.equal([1, 2, [103, 102]])
    expect([...pool.senders()]).to.deep.equal(['a', 'c'])
    expect(add({ nonce: 100n, from: 'c' }, old)).to.deep.equal([100])
    expect(add({ nonce: 101n, from: 'c' }, old)).to.deep.equal([101, 102, 103])
    expect([pool.queued, pool.nextNonce('c'), pool.nextNonce('d')]).to.deep.equal([0, 104n, undefined])
    expect(add({ nonce: 102n, from: 'd' }, old, 5)).to.deep.equal([])
    pool.expire(blobPoolLimits.gappedLifetime + 4)
    expect(pool.queued).to.equal(1)
    pool.expire(blobPoolLimits.gappedLifetime + 5)
    expect([pool.queued, gone().length, [...pool.senders()]]).to.deep.equal([0, 1, ['a', 'c']])
  })
  it('lets go of one whose turn comes when it can no longer be paid', () => {
    const old = { ...rich, nonce: 10n, balance: 150n }
    expect(add({ nonce: 11n }, old)).to.deep.equal([])
    expect(add({ nonce: 10n }, old)).to.deep.equal([10])
    expect([pool.queued, pool.pending, gone().length]).to.deep.equal([0, 1, 1])
  })
  it('refuses what it knows, what cannot be paid, the seventeenth of a sender, more than one of a delegated account', () => {
    const one = tx({ nonce: 0n })
    expect(refusal(one, { ...rich, balance: 150n })).to.equal(undefined)
    expect(refusal(one)).to.equal('already known')
    expect(refusal({ nonce: 1n })).to.equal(
      'insufficient funds for gas * price + value: balance 150, queued cost 100, tx cost 100, overshot 50',
    )
    expect(refusal({ nonce: 0n, cost: 151n })).to.equal(
      'insufficient funds for gas * price + value: balance 150, tx cost 151, overshot 1',
    )
    for (let nonce = 0n; nonce < 16n; nonce++) add({ nonce, from: 'b' })
    expect(refusal({ nonce: 16n, from: 'b' })).to.equal('account limit exceeded: pooled 16 txs')
    const delegated = { ...rich, hasCode: true }
    expect(add({ nonce: 0n, from: 'c' }, delegated)).to.deep.equal([0])
    expect(refusal({ nonce: 1n, from: 'c' }, delegated)).to.equal(
      'in-flight transaction limit reached for delegated accounts',
    )
    expect(refusal({ nonce: 0n, from: 'c', feeCap: 20n, tipCap: 20n, blobFeeCap: 20n })).to.equal(undefined)
  })
  it('replaces one by another that offers twice as much of all three fees', () => {
    const old = tx({ nonce: 0n })
    pool.add(old, rich, 0)
    const offer = (feeCap: bigint, tipCap: bigint, blobFeeCap: bigint) =>
      refusal({ nonce: 0n, feeCap, tipCap, blobFeeCap })?.replace('replacement transaction underpriced: new tx ', '')
    expect(offer(10n, 20n, 20n)).to.equal('gas fee cap 10 <= 10 queued')
    expect(offer(20n, 10n, 20n)).to.equal('gas tip cap 10 <= 10 queued')
    expect(offer(20n, 20n, 10n)).to.equal('blob gas fee cap 10 <= 10 queued')
    expect(offer(19n, 20n, 20n)).to.equal('gas fee cap 19 < 10 queued + 100% replacement penalty')
    expect(offer(20n, 19n, 20n)).to.equal('gas tip cap 19 < 10 queued + 100% replacement penalty')
    expect(offer(20n, 20n, 19n)).to.equal('blob gas fee cap 19 < 10 queued + 100% replacement penalty')
    expect(offer(20n, 20n, 20n)).to.equal(undefined)
    expect([pool.pending, pool.bytes, gone(), pool.withBlob(old.blobs!.hashes[0]!)]).to.deep.equal([
      ...[1, 100, [[old.hash, false]], undefined],
    ])
  })
  it('finds the transaction that has a blob, also when two have it', () => {
    const [one, other] = [tx({ nonce: 0n }), tx({ nonce: 0n, from: 'b' })]
    const { hashes } = one.blobs!
    pool.add(one, rich, 0)
    pool.add({ ...other, blobs: { ...other.blobs!, hashes } }, rich, 0)
    expect(pool.withBlob(hashes[0]!)).to.equal(one)
    pool.reset(new Map([['a', { ...rich, nonce: 1n }]]), fees, [], 0)
    expect(pool.withBlob(hashes[0]!)?.hash).to.equal(other.hash)
  })
  it('drops the last of those that pay least when there are too many bytes, and refuses itself if that is it', () => {
    pool = new BlobContent({ ...blobPoolLimits, bytes: 300 })
    pool.reset(new Map(), { baseFee: 100n, blobFee: 100n }, [], 0)
    add({ nonce: 0n, feeCap: 200n, blobFeeCap: 200n })
    add({ nonce: 0n, from: 'b', feeCap: 50n, blobFeeCap: 200n })
    add({ nonce: 1n, from: 'b', feeCap: 200n, blobFeeCap: 200n })
    expect(refusal({ nonce: 0n, from: 'c', feeCap: 200n, blobFeeCap: 2n })).to.equal('transaction underpriced')
    expect([pool.has('c'), pool.pending]).to.deep.equal([false, 3])
    add({ nonce: 0n, from: 'd', feeCap: 200n, blobFeeCap: 200n })
    expect([nonces(pool.pendingOf('b')), pool.bytes]).to.deep.equal([[0], 300])
  })
  it('announces what may be in one of the next blocks, and the rest once the fees have fallen', () => {
    pool.reset(new Map(), { baseFee: 1_000n, blobFee: 1n }, [], 0)
    expect(add({ nonce: 0n, feeCap: 900n })).to.deep.equal([0])
    expect(add({ nonce: 1n, feeCap: 500n })).to.deep.equal([])
    expect(add({ nonce: 2n, feeCap: 2_000n })).to.deep.equal([])
    expect(nonces(pool.reset(new Map(), { baseFee: 550n, blobFee: 1n }, [], 0))).to.deep.equal([1, 2])
    expect(pool.reset(new Map(), fees, [], 0)).to.deep.equal([])
  })
  it('keeps to the head: what was included leaves, what cannot be paid any more, and what stands on it', () => {
    const all = [0n, 1n, 2n].map((nonce) => tx({ nonce }))
    for (const one of all) pool.add(one, rich, 0)
    pool.reset(new Map([['a', { ...rich, nonce: 1n, balance: 150n }]]), fees, [], 0)
    expect([nonces(pool.pendingOf('a')), gone()]).to.deep.equal([
      [1],
      [
        [all[0]!.hash, true],
        [all[2]!.hash, false],
      ],
    ])
    // A reorganisation gives back the first; what it cannot be without goes when it is not given.
    expect(nonces(pool.reset(new Map([['a', rich]]), fees, [all[0]!], 0))).to.deep.equal([0])
    expect(nonces(pool.pendingOf('a'))).to.deep.equal([0, 1])
    pool.reset(new Map([['a', { ...rich, nonce: 1n }]]), fees, [], 0)
    pool.reset(new Map([['a', rich]]), fees, [], 0)
    expect([pool.pending, [...pool.senders()]]).to.deep.equal([0, []])
  })
})

describe('what a pool has of both kinds', () => {
  it('has an account in one of the two', () => {
    const pools = new Pools(poolLimits)
    const add = (one: PoolTransaction) => pools.add(one, rich, 0)
    const [one, other] = [tx({ nonce: 0n }), plain({ nonce: 0n, from: 'b' })]
    pools.check(one, rich)
    add(one)
    add(other)
    expect(() => add(plain({ nonce: 1n }))).to.throw('address already reserved')
    expect(() => pools.check(tx({ nonce: 1n, from: 'b' }), rich)).to.throw('address already reserved')
    expect([pools.pending, pools.queued, [...pools.senders]]).to.deep.equal([2, 0, ['b', 'a']])
    expect([pools.get(one.hash), pools.get(other.hash), pools.has('x')]).to.deep.equal([one, other, false])
    expect([pools.nextNonce('a'), pools.nextNonce('b')]).to.deep.equal([1n, 1n])
    expect([pools.pendingOf('a'), pools.pendingOf('b'), pools.queuedOf('a')]).to.deep.equal([[one], [other], []])
    pools.reset(new Map([['a', { ...rich, nonce: 1n }]]), { ...fees, gasLimit: 30_000_000n }, [], 0)
    expect([pools.pending, pools.takeGone()]).to.deep.equal([1, [{ hash: one.hash, isIncluded: true }]])
    add(plain({ nonce: 0n }))
    pools.expire(0)
  })
  it('gives the best paid of both first', () => {
    const pools = new Pools(poolLimits)
    for (const one of [
      tx({ nonce: 0n, tipCap: 2n }),
      tx({ nonce: 1n, tipCap: 9n }),
      plain({ nonce: 0n, from: 'b', tipCap: 5n }),
    ])
      pools.add(one, rich, 0)
    expect(Array.from(pools.best(), ({ from, nonce }) => `${from}${nonce}`)).to.deep.equal(['b0', 'a0', 'a1'])
  })
  it('counts as delegated who gave another leave to change their code', () => {
    const pools = new Pools(poolLimits)
    pools.add(plain({ nonce: 0n, from: 'b', authorities: ['a'] }), rich, 0)
    pools.add(tx({ nonce: 0n }), rich, 0)
    expect(() => pools.check(tx({ nonce: 1n }), rich)).to.throw('in-flight transaction limit')
  })
})
