import { expect } from 'chai'
import { PoolContent, type PoolTransaction, poolLimits } from '../../machines/pool-content.ts'
import { readItem } from '../../protocols/lib/rlp.ts'

describe('what a pool has', () => {
  type Given = Partial<PoolTransaction> & { readonly nonce: bigint }
  const item = readItem(Uint8Array.of(0xc0))
  let count = 0
  const tx = (given: Given): PoolTransaction => ({
    ...{ hash: `${++count}`, type: 2, from: 'a', gas: 21_000n, feeCap: 10n, tipCap: 10n, cost: 100n, size: 100 },
    ...{ authorities: [], item },
    ...given,
  })
  const rich = { nonce: 0n, balance: 1_000_000n, hasCode: false }
  const head = { baseFee: 0n, gasLimit: 30_000_000n }
  let pool: PoolContent
  beforeEach(() => {
    pool = new PoolContent()
  })
  const add = (given: Given, state = rich, now = 0) => pool.add(tx(given), state, now).map(({ nonce }) => Number(nonce))
  const nonces = (all: readonly PoolTransaction[]) => all.map(({ nonce }) => Number(nonce))
  const refusal = (given: Given | PoolTransaction, state = rich) => {
    try {
      pool.add('hash' in given ? (given as PoolTransaction) : tx(given), state, 0)
    } catch (error) {
      return (error as Error).message
    }
    return undefined
  }
  const counts = () => [pool.pending, pool.queued]

  it('is pending up to the first nonce that is missing, and queued from there on', () => {
    expect(add({ nonce: 0n })).to.deep.equal([0])
    expect(add({ nonce: 2n })).to.deep.equal([])
    expect(add({ nonce: 3n })).to.deep.equal([])
    expect(counts()).to.deep.equal([1, 2])
    expect([nonces(pool.pendingOf('a')), nonces(pool.queuedOf('a'))]).to.deep.equal([[0], [2, 3]])
    expect(pool.nextNonce('a')).to.equal(1n)
    expect(add({ nonce: 1n })).to.deep.equal([1, 2, 3])
    expect([counts(), pool.nextNonce('a')]).to.deep.equal([[4, 0], 4n])
    expect([pool.nextNonce('b'), pool.pendingOf('b')]).to.deep.equal([undefined, []])
  })
  it('refuses what it knows, what is too old and what cannot be paid, as geth does', () => {
    const one = tx({ nonce: 5n })
    expect(refusal(one, { ...rich, nonce: 5n, balance: 150n })).to.equal(undefined)
    expect(refusal(one)).to.equal('already known')
    expect(refusal({ nonce: 4n })).to.equal('nonce too low: next nonce 5, tx nonce 4')
    expect(refusal({ nonce: 0n, from: 'b', cost: 7n }, { ...rich, balance: 5n })).to.equal(
      'insufficient funds for gas * price + value: balance 5, tx cost 7, overshot 2',
    )
    expect(refusal({ nonce: 6n })).to.equal(
      'insufficient funds for gas * price + value: balance 150, queued cost 100, tx cost 100, overshot 50',
    )
    expect(refusal({ nonce: 5n, feeCap: 20n, tipCap: 20n, cost: 151n })).to.match(/^insufficient funds/)
    expect(counts()).to.deep.equal([1, 0])
  })
  it('replaces one by another that offers a tenth more of both, pending or queued, and announces the successor alone', () => {
    for (const nonce of [0n, 1n, 5n]) add({ nonce })
    for (const [feeCap, tipCap] of [
      [10n, 10n],
      [10n, 11n],
      [11n, 10n],
    ] as const)
      expect(refusal({ nonce: 0n, feeCap, tipCap })).to.equal('replacement transaction underpriced')
    expect(add({ nonce: 0n, feeCap: 11n, tipCap: 11n })).to.deep.equal([0])
    expect(add({ nonce: 5n, feeCap: 11n, tipCap: 11n })).to.deep.equal([])
    expect(counts()).to.deep.equal([2, 1])
    expect(pool.pendingOf('a')[0]!.feeCap).to.equal(11n)
  })
  it('says what a replacement would cost beside all else', () => {
    const poor = { ...rich, balance: 250n }
    add({ nonce: 0n }, poor)
    add({ nonce: 1n }, poor)
    expect(refusal({ nonce: 0n, feeCap: 20n, tipCap: 20n, cost: 200n }, poor)).to.equal(
      'insufficient funds for gas * price + value: balance 250, queued cost 200, tx bumped 100, overshot 50',
    )
  })
  it('has more than 2,050 of one sender', () => {
    for (let nonce = 0n; nonce < 2_100n; nonce++) add({ nonce })
    expect(counts()).to.deep.equal([2_100, 0])
  })
  it('keeps 64 queued ones of a sender, those that come next, and 1,024 in all, of those heard of last', () => {
    for (let nonce = 1n; nonce <= 100n; nonce++) add({ nonce })
    expect(nonces(pool.queuedOf('a')).at(-1)).to.equal(64)
    for (let sender = 0; sender < 40; sender++)
      for (let nonce = 1n; nonce <= 30n; nonce++) add({ nonce, from: `s${sender}` })
    expect(counts()).to.deep.equal([0, 1_024])
    expect(pool.queuedOf('a')).to.deep.equal([])
    expect(pool.queuedOf('s39').length).to.equal(30)
  })
  it('takes no more than so many slots: what pays most stays, and as much is not enough', () => {
    pool = new PoolContent({ ...poolLimits, slots: 3 })
    for (const [from, price] of [
      ['a', 5n],
      ['b', 7n],
      ['c', 9n],
    ] as const)
      add({ nonce: 0n, from, feeCap: price, tipCap: price })
    expect(refusal({ nonce: 0n, from: 'd', feeCap: 5n, tipCap: 5n })).to.equal('transaction underpriced')
    expect(add({ nonce: 0n, from: 'd', feeCap: 6n, tipCap: 6n })).to.deep.equal([0])
    expect([...pool.senders]).to.deep.equal(['b', 'c', 'd'])
    // Two slots drive two out, or nothing.
    expect(refusal({ nonce: 0n, from: 'e', feeCap: 7n, tipCap: 7n, size: 40_000 })).to.equal('transaction underpriced')
    expect([...pool.senders]).to.deep.equal(['b', 'c', 'd'])
    expect(add({ nonce: 0n, from: 'e', feeCap: 8n, tipCap: 8n, size: 40_000 })).to.deep.equal([0])
    expect([...pool.senders]).to.deep.equal(['c', 'e'])
  })
  it('lets nothing that cannot be executed drive out what can', () => {
    pool = new PoolContent({ ...poolLimits, slots: 1 })
    add({ nonce: 0n })
    expect(refusal({ nonce: 5n, from: 'b', feeCap: 99n, tipCap: 99n })).to.equal(
      'future transaction tries to replace pending',
    )
    expect(add({ nonce: 0n, from: 'b', feeCap: 99n, tipCap: 99n })).to.deep.equal([0])
  })
  it('compares what the next block’s maker would get, then the fee cap', () => {
    pool = new PoolContent({ ...poolLimits, slots: 2 })
    add({ nonce: 0n, from: 'a', feeCap: 100n, tipCap: 1n })
    add({ nonce: 0n, from: 'b', feeCap: 60n, tipCap: 10n })
    pool.reset(new Map(), { ...head, baseFee: 59n })
    // Both give 1 now: the lower fee cap is the cheaper.
    add({ nonce: 0n, from: 'c', feeCap: 200n, tipCap: 50n })
    expect([...pool.senders]).to.deep.equal(['a', 'c'])
  })
  it('has 5,120 pending ones: above that the senders with the most lose their last', () => {
    pool = new PoolContent({ ...poolLimits, pending: 40 })
    for (let nonce = 0n; nonce < 30n; nonce++) add({ nonce })
    for (let nonce = 0n; nonce < 16n; nonce++) add({ nonce, from: 'b' })
    expect([nonces(pool.pendingOf('a')).length, pool.pendingOf('b').length]).to.deep.equal([24, 16])
  })
  it('lets go of what a new head has, or cannot be paid on it, and queues what stood on that', () => {
    for (const nonce of [0n, 1n, 2n, 3n]) add({ nonce, cost: nonce === 2n ? 500n : 100n })
    expect(nonces(pool.reset(new Map([['a', { ...rich, nonce: 1n, balance: 450n }]]), head))).to.deep.equal([])
    expect([nonces(pool.pendingOf('a')), nonces(pool.queuedOf('a'))]).to.deep.equal([[1], [3]])
    expect(add({ nonce: 2n }, { ...rich, nonce: 1n })).to.deep.equal([2, 3])
    pool.reset(new Map([['a', { ...rich, nonce: 9n }]]), head)
    expect([counts(), [...pool.senders]]).to.deep.equal([[0, 0], []])
  })
  it('promotes what a new head has made room for', () => {
    add({ nonce: 1n })
    expect(nonces(pool.reset(new Map([['a', { ...rich, nonce: 1n }]]), head))).to.deep.equal([1])
    expect(counts()).to.deep.equal([1, 0])
  })
  it('takes back what a reorganisation left without a block, before what stood on it is queued', () => {
    const late = { ...rich, nonce: 3n }
    for (const nonce of [3n, 4n]) add({ nonce }, late)
    const returned = [tx({ nonce: 1n }), tx({ nonce: 2n }), tx({ nonce: 0n, from: 'b' }), tx({ nonce: 0n, from: 'x' })]
    const states = new Map([
      ['a', { ...rich, nonce: 1n }],
      ['b', { ...rich, nonce: 1n }],
    ])
    pool.reset(states, head, returned)
    expect([nonces(pool.pendingOf('a')), [...pool.senders]]).to.deep.equal([[1, 2, 3, 4], ['a']])
  })
  it('takes one at a time of an account whose code another may change', () => {
    const delegated = { ...rich, hasCode: true }
    expect(refusal({ nonce: 1n }, delegated)).to.equal('gapped-nonce tx from delegated accounts')
    add({ nonce: 0n }, delegated)
    expect(refusal({ nonce: 1n }, delegated)).to.equal('in-flight transaction limit reached for delegated accounts')
    expect(add({ nonce: 0n, feeCap: 20n, tipCap: 20n }, delegated)).to.deep.equal([0])
    add({ nonce: 0n, from: 'b', authorities: ['c'] })
    expect(refusal({ nonce: 1n, from: 'c' })).to.equal('gapped-nonce tx from delegated accounts')
    for (const nonce of [0n, 1n]) add({ nonce, from: 'd' })
    expect(refusal({ nonce: 0n, from: 'e', authorities: ['d'] })).to.equal('authority already reserved')
    pool.reset(new Map([['b', { ...rich, nonce: 1n }]]), head)
    expect(refusal({ nonce: 1n, from: 'c' })).to.equal(undefined)
  })
  it('gives what can be executed, the best paid first, those of one sender by nonce', () => {
    const prices = { a: [5n, 50n], b: [9n, 1n], c: [7n] }
    for (const [from, all] of Object.entries(prices))
      for (const [nonce, price] of all.entries()) add({ nonce: BigInt(nonce), from, feeCap: price, tipCap: price })
    add({ nonce: 7n, from: 'c', feeCap: 99n, tipCap: 99n })
    expect(Array.from(pool.best(), ({ from, nonce }) => `${from}${nonce}`)).to.deep.equal([
      'b0',
      'c0',
      'a0',
      'a1',
      'b1',
    ])
  })
  it('forgets what was queued for three hours, and keeps what is pending', () => {
    add({ nonce: 0n })
    add({ nonce: 2n }, rich, 1_000)
    pool.expire(poolLimits.lifetime + 999)
    expect(counts()).to.deep.equal([1, 1])
    pool.expire(poolLimits.lifetime + 1_000)
    expect(counts()).to.deep.equal([1, 0])
  })
  it('stays within its bounds, and counts right, whatever comes', () => {
    pool = new PoolContent({
      ...poolLimits,
      slots: 60,
      pending: 40,
      queued: 20,
      queuedOfSender: 8,
      pendingOfSender: 4,
    })
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const state = new Map(Array.from('abcdefghij', (from) => [from, { ...rich }]))
    for (let i = 0; i < 1_000; i++) {
      const from = 'abcdefghij'[random(10)]!
      const price = BigInt(1 + random(50))
      refusal(
        {
          from,
          nonce: state.get(from)!.nonce + BigInt(random(9)),
          feeCap: price,
          tipCap: price,
          size: 1 + random(70_000),
        },
        state.get(from),
      )
      if (i % 97 === 0) {
        state.set(from, { ...state.get(from)!, nonce: BigInt(random(4)) + state.get(from)!.nonce })
        pool.reset(state, { ...head, baseFee: BigInt(random(30)) })
      }
      const all = [...pool.senders].map((one) => [pool.pendingOf(one), pool.queuedOf(one)] as const)
      const [pending, queued] = [all.flatMap(([one]) => one), all.flatMap(([, one]) => one)]
      expect(counts()).to.deep.equal([pending.length, queued.length])
      expect(pending.length <= 40 && queued.length <= 20).to.equal(true)
      const slots = [...pending, ...queued].reduce((sum, { size }) => sum + Math.ceil(size / poolLimits.slotBytes), 0)
      expect(slots <= 60).to.equal(true)
      for (const [pending] of all)
        expect(nonces(pending)).to.deep.equal(pending.map(({ from }, n) => Number(state.get(from)!.nonce) + n))
    }
  })
})
