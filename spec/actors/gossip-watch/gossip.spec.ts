import { expect } from 'chai'
import { readGossip } from '../../../actors/gossip-watch/gossip.ts'
import { SeenTransactions } from '../../../actors/gossip-watch/seen-transactions.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { encode } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { asItem, HashList, LazyList, Uint32List } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, readItem } from '../../../protocols/lib/rlp.ts'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const hex = (byte: number) => bytesToHex(hash(byte))

describe('gossip', () => {
  it('is announcements, with types and sizes', () => {
    const payload = encode(70, {
      ...{ kind: 'NewPooledTransactionHashes', types: Uint8Array.of(2, 3) },
      ...{ sizes: Uint32List.of([100, 131_500]), hashes: HashList.of([hash(1), hash(2)]) },
    })
    expect(readGossip(70, { name: 'NewPooledTransactionHashes', payload })).to.deep.equal([
      { hash: hex(1), type: 2, size: 100, how: 'announced' },
      { hash: hex(2), type: 3, size: 131_500, how: 'announced' },
    ])
  })
  it('is whole transactions, legacy and typed', () => {
    const items = [encodeRlp([1, 2, 3]), encodeRlp(Uint8Array.of(2, 0xc1, 7))]
    const payload = encode(69, { kind: 'Transactions', transactions: LazyList.of(items, asItem) })
    const [legacy, typed] = readGossip(69, { name: 'Transactions', payload })
    expect(legacy).to.deep.equal({
      ...{ hash: bytesToHex(txHash(readItem(items[0]!))), type: 0, size: 4, how: 'sent', raw: items[0] },
    })
    expect(typed).to.deep.include({ type: 2, size: 3, raw: Uint8Array.of(2, 0xc1, 7) })
  })
  it('is the newest block of a peer', () => {
    const update = { kind: 'BlockRangeUpdate', earliest: 0n, latest: 9n, latestHash: hash(3) } as const
    const head = [{ head: { number: 9n, hash: hash(3) } }]
    expect(readGossip(72, { name: 'BlockRangeUpdate', payload: encode(72, update) })).to.deep.equal(head)
    const payload = encodeRlp([[hash(3), 9]])
    expect(readGossip(68, { name: 'NewBlockHashes', payload })).to.deep.equal(head)
  })
  for (const [what, name, payload] of [
    ['another message', 'BlockHeaders', encodeRlp([1, []])],
    ['a base message', 'Ping', Uint8Array.of(0xc0)],
    ['announcements that are none', 'NewPooledTransactionHashes', encodeRlp([7])],
    ['transactions that are none', 'Transactions', encodeRlp([new Uint8Array(0)])],
    ['bytes that are no RLP', 'Transactions', Uint8Array.of(0xf8, 0xff)],
  ] as const)
    it(`is nothing in ${what}`, () => expect(readGossip(70, { name, payload })).to.deep.equal([]))
  it('is read as far as it goes where lengths differ', () => {
    const payload = encodeRlp([Uint8Array.of(2), [], [hash(1), hash(2)]])
    expect(readGossip(70, { name: 'NewPooledTransactionHashes', payload })).to.deep.include({
      ...{ hash: hex(2), type: 0, size: 0, how: 'announced' },
    })
  })
})

describe('sightings', () => {
  const gossip = (byte: number, how: 'announced' | 'sent' = 'announced') => ({ hash: hex(byte), type: 2, size: 1, how })

  it('report a transaction once, whichever peer repeats it', () => {
    const sightings = new SeenTransactions(() => 0)
    expect([gossip(1), gossip(1, 'sent'), gossip(2, 'sent')].map((one) => sightings.isNew(one))).to.deep.equal([
      ...[true, false, true],
    ])
    expect(sightings.summary).to.deep.equal({ seen: 2, announced: 1, sent: 1, again: 1, fetched: 0 })
  })
  it('report every block', () => {
    const sightings = new SeenTransactions(() => 0)
    const head = { head: { number: 1n, hash: hash(1) } }
    expect([head, head].map((one) => sightings.isNew(one))).to.deep.equal([true, true])
  })
  it('stay within their bound, and forget what is beyond it', () => {
    const sightings = new SeenTransactions(() => 0, 3)
    for (let i = 1; i <= 4; i++) sightings.isNew(gossip(i))
    expect(sightings.isNew(gossip(4))).to.equal(false)
    expect(sightings.isNew(gossip(1))).to.equal(true)
  })
  it('sum up how long lines took, where nothing was fetched', () => {
    const sightings = new SeenTransactions(() => 0)
    expect(sightings.summary).to.not.have.property('latency')
    for (const ms of [1, 2, 3]) sightings.noteLine(ms)
    expect(sightings.summary).to.deep.include({ fetched: 0, latency: { of: 'line', p50: 2, p99: 3 } })
  })
  it('sum up how long fetches took, where there were any', () => {
    const sightings = new SeenTransactions(() => 0)
    sightings.noteLine(30)
    sightings.noteFetched(20)
    expect(sightings.summary).to.deep.include({ fetched: 1, latency: { of: 'fetch', p50: 20, p99: 20 } })
  })
})
