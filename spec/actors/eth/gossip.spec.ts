import { expect } from 'chai'
import { Gossip } from '../../../actors/eth/gossip.ts'
import type { TxPool } from '../../../actors/pool/tx-pool.ts'
import type { Steps } from '../../../actors/runtime/time-slicer.ts'
import { PoolContent, type PoolTransaction } from '../../../machines/pool-content.ts'
import type { EthMessage } from '../../../protocols/eth/messages.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { encodeRlp, readItem } from '../../../protocols/lib/rlp.ts'

describe('the gossip of transactions', () => {
  const hashOf = (n: number) => n.toString(16).padStart(12, '0').padEnd(64, '7')
  const tx = (n: number, more: Partial<PoolTransaction> = {}): PoolTransaction => ({
    ...{ hash: hashOf(n), type: 2, from: 'aa', nonce: BigInt(n), gas: 21_000n, feeCap: 1n, tipCap: 1n, cost: 0n },
    ...{ size: 100, authorities: [], item: readItem(encodeRlp([Uint8Array.of(n & 0xff, n >> 8)])) },
    ...more,
  })
  let content: PoolContent
  let gossip: Gossip
  beforeEach(() => {
    content = new PoolContent()
    gossip = new Gossip({ content } as unknown as TxPool, { key: new Uint8Array(16), random: () => 0.5 })
  })
  const run = <T>(steps: Steps<T>): T => {
    for (;;) {
      const { done, value } = steps.next()
      if (done) return value
    }
  }
  const state = { nonce: 0n, balance: 1n, hasCode: false }
  const pool = (...all: PoolTransaction[]) => {
    for (const one of all) content.add(one, state, 0)
    return all
  }
  const peerOf = (n: number) => {
    const sent: EthMessage[] = []
    return {
      version: 69,
      id: `${n}`,
      canSend: true,
      sent,
      sendMessage: (message: EthMessage) => void sent.push(message),
    }
  }
  const join = (count: number) => {
    const peers = Array.from({ length: count }, (_, n) => peerOf(n))
    for (const peer of peers) gossip.joined(peer)
    return peers
  }
  /** What a peer was sent: `whole 2`, `hashes 7`. */
  const shown = ({ sent }: { sent: EthMessage[] }) =>
    sent.map((message) =>
      message.kind === 'Transactions'
        ? `whole ${message.transactions.count}`
        : message.kind === 'NewPooledTransactionHashes'
          ? `hashes ${message.hashes.count}`
          : message.kind,
    )
  const kinds = (peers: readonly { sent: EthMessage[] }[]) =>
    peers.map((peer) => shown(peer).join()).sort((a, b) => (a < b ? 1 : -1))

  it('sends a transaction whole to the square root of the peers, and its hash to the others', () => {
    const peers = join(10)
    gossip.broadcast(pool(tx(0)))
    expect(kinds(peers)).to.deep.equal([...Array(4).fill('whole 1'), ...Array(6).fill('hashes 1')])
    const before = peers.filter((peer) => shown(peer)[0] === 'whole 1')
    // All of one sender go to the same.
    gossip.broadcast(pool(tx(1)))
    expect(peers.filter((peer) => shown(peer)[1] === 'whole 1')).to.deep.equal(before)
  })
  it('sends what is big by its hash alone', () => {
    const peers = join(1)
    gossip.broadcast(pool(tx(0, { size: 4_097 }), tx(1, { size: 4_096 })))
    expect(kinds(peers)).to.deep.equal(['whole 1,hashes 1'])
    const [, announced] = peers[0]!.sent
    expect(announced).to.include({ kind: 'NewPooledTransactionHashes' })
    const { types, sizes, hashes } = announced as EthMessage & { kind: 'NewPooledTransactionHashes' }
    expect([[...types], [...sizes], Array.from(hashes, bytesToHex)]).to.deep.equal([[2], [4_097], [hashOf(0)]])
  })
  it('sends nothing to those that know it: because they sent or announced it, or were sent it', () => {
    const [one, other, third] = join(3)
    run(gossip.received(one!, [tx(0)]))
    run(gossip.announced(other!, HashList.of([hexToBytes(hashOf(0))])))
    gossip.broadcast(pool(tx(0)))
    expect([shown(one!), shown(other!), shown(third!).length]).to.deep.equal([[], [], 1])
    gossip.broadcast([tx(0)])
    expect(shown(third!).length).to.equal(1)
  })
  it('takes announcements of any length, and transactions, step by step', () => {
    const [peer] = join(1)
    const many = Array.from({ length: 100_000 }, (_, n) => n)
    const stepsOf = (steps: Steps<void>) => [...steps].length
    expect(stepsOf(gossip.announced(peer!, HashList.of(many.map((n) => hexToBytes(hashOf(n))))))).to.be.above(150)
    expect(
      stepsOf(
        gossip.received(
          peer!,
          many.slice(0, 5_000).map((n) => ({ ...tx(n), hash: hashOf(n) })),
        ),
      ),
    ).to.be.above(9)
    gossip.broadcast(pool(tx(99_999)))
    expect(shown(peer!)).to.deep.equal([])
  })
  it('announces all that can be executed to who comes', () => {
    pool(tx(0), tx(1), tx(3))
    const [peer] = join(1)
    expect(shown(peer!)).to.deep.equal(['hashes 2'])
  })
  it('waits for those that do not read, and cuts what it sends them in packets of 100 KiB', () => {
    const [peer] = join(1)
    peer!.canSend = false
    const all = pool(...Array.from({ length: 5_000 }, (_, n) => tx(n, { size: 5_000 })))
    gossip.broadcast(all)
    expect(shown(peer!)).to.deep.equal([])
    peer!.canSend = true
    gossip.flush(peer!)
    // The newest 4,096.
    expect(shown(peer!)).to.deep.equal(['hashes 3200', 'hashes 896'])
    gossip.left(peer!)
    gossip.flush(peer!)
    expect(peer!.sent.length).to.equal(2)
  })
  it('serves what it has of 4,096 hashes, up to 2 MiB', () => {
    const [peer] = join(1)
    pool(tx(0), tx(1, { size: 2 ** 21 }), tx(2))
    const ask = (hashes: readonly number[]) =>
      run(gossip.pooled(peer!, HashList.of(hashes.map((n) => hexToBytes(hashOf(n)))))).count
    expect(ask([0, 9, 2])).to.equal(2)
    expect(ask([0, 1, 2])).to.equal(2)
    expect(ask([...Array.from({ length: 4_096 }, () => 9), 0])).to.equal(0)
  })
})
