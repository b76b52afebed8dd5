import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import type { ChainPort } from '../../../actors/eth/chain-port.ts'
import { Pacer } from '../../../actors/eth/pacer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { downloadLimits } from '../../../machines/download-limits.ts'
import type { EthAnswer, EthRequest } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { changedHeader, makeBlocks } from '../chain/make-chain.ts'
import { chainOf, genesis, World } from './world.ts'

const { maxRequests, paceWindow } = downloadLimits

describe('a pacer', () => {
  let clock: VirtualClock
  let heard: string[]
  let pacer: Pacer
  beforeEach(() => {
    clock = new VirtualClock(1_000)
    heard = []
    pacer = new Pacer({
      clock,
      spent: (peer) => heard.push(`${peer} is spent`),
      ready: (peer) => heard.push(`${peer} is ready`),
    })
  })
  const ask = (peer: number, times: number, client = 'Another/v1.0.0') => {
    for (let i = 0; i < times; i++) pacer.asked(peer, client)
  }

  it('lets a peer be asked so many things in a minute and no more', () => {
    ask(1, maxRequests - 1)
    expect(heard).to.deep.equal([])
    ask(1, 1)
    expect(heard).to.deep.equal(['1 is spent'])
  })
  it('reports a peer once, though it is asked on', () => {
    ask(1, maxRequests + 50)
    expect(heard).to.deep.equal(['1 is spent'])
  })
  it('counts any minute, not that of a clock', () => {
    ask(1, maxRequests / 2)
    clock.advance(paceWindow - 1)
    ask(1, maxRequests / 2 - 1)
    expect(heard).to.deep.equal([])
    clock.advance(1)
    ask(1, maxRequests / 2)
    expect(heard).to.deep.equal([])
    ask(1, 1)
    expect(heard).to.deep.equal(['1 is spent'])
  })
  it('lets it be asked again when a quarter of them is a minute old', () => {
    ask(1, maxRequests / 8)
    clock.advance(1_000)
    ask(1, maxRequests / 8)
    clock.advance(20_000)
    ask(1, (maxRequests * 6) / 8)
    clock.advance(paceWindow - 20_001)
    expect(heard).to.deep.equal(['1 is spent'])
    clock.advance(1)
    expect(heard).to.deep.equal(['1 is spent', '1 is ready'])
    ask(1, maxRequests / 4)
    expect(heard).to.deep.equal(['1 is spent', '1 is ready', '1 is spent'])
  })
  for (const client of ['Geth/v1.17.10-stable/linux-amd64/go1.26.8', 'Peerchart/node-1/v0.1.0/linux-amd64/node20.20.2'])
    it(`lets ${client} be asked any number: it takes that`, () => {
      ask(1, 10 * maxRequests, client)
      expect([heard, clock.pending]).to.deep.equal([[], 0])
    })
  it('paces a client that only has such a name in its own', () => {
    ask(1, maxRequests, 'Another/Geth/v1.0.0')
    expect(heard).to.deep.equal(['1 is spent'])
  })
  it('counts each peer for itself, and nothing of one that is gone', () => {
    ask(1, maxRequests - 1)
    ask(2, maxRequests - 1)
    expect(heard).to.deep.equal([])
    ask(1, 1)
    pacer.forget(1)
    pacer.forget(2)
    expect(clock.pending).to.equal(0)
    ask(1, maxRequests - 1)
    expect(heard).to.deep.equal(['1 is spent'])
  })
})

describe('a sync of 30,000 small blocks', function () {
  this.timeout(60_000)
  const count = 30_000
  let blocks: readonly NewBlock[]
  before(() => {
    blocks = smallBlocks(count)
  })

  it('keeps a peer that disconnects on 500 requests in a minute', async () => {
    const world = new World()
    const ours = trustingChain(await chainOf([]), blocks)
    const service = world.service(ours)
    service.start()
    const times: number[] = []
    let most = 0
    const peer = world.remote(service, {
      chain: await chainOf([]),
      status: (status) => ({ ...status, range: { ...status.range, latest: BigInt(count) } }),
      answer: (request) => {
        const now = world.clock.now()
        while (times[0]! <= now - 60_000) times.shift()
        most = Math.max(most, times.push(now))
        if (times.length >= 500) peer.session.end(new DiscError(DiscReason.UselessPeer))
        return answerFrom(blocks, request)
      },
    })
    const isOver = () => ours.head.number === BigInt(count) || peer.disconnected !== undefined
    while (!isOver() && world.clock.now() < 1_000_000) await world.run(1_000)
    expect(peer.disconnected).to.equal(undefined)
    expect(ours.head.number).to.equal(BigInt(count))
    expect(most).to.be.within(maxRequests, 480)
    await Promise.all([service.stop(), world.run(1_000)])
    expect(world.clock.pending).to.equal(0)
  })
})

/** The genesis, and blocks without transactions on it: the index of each is its number. */
function smallBlocks(count: number): readonly NewBlock[] {
  const { header: template, body } = makeBlocks(genesis, genesis.header, 3)[2]!
  const blocks: NewBlock[] = [genesis]
  for (let n = 1; n <= count; n++) {
    const { header: parent } = blocks[n - 1]!
    const change = { number: BigInt(n), parentHash: parent.hash, time: parent.time + 10n }
    blocks.push({ header: changedHeader(template, change), body })
  }
  return blocks
}

/** Of each body at most 64 at a time, so that 30,000 take more than 500 requests. */
function answerFrom(blocks: readonly NewBlock[], request: EthRequest): EthAnswer {
  if (request.kind === 'GetBlockHeaders') {
    const step = Number(request.skip) + 1
    const numbers = Array.from({ length: Number(request.amount) }, (_, i) => Number(request.origin) + i * step)
    const headers = numbers.flatMap((number) => blocks[number]?.header.raw ?? [])
    return { kind: 'BlockHeaders', id: request.id, headers: LazyList.of(headers, unread) }
  }
  if (request.kind !== 'GetBlockBodies') throw new Error(`${request.kind} in a sync`)
  const { body } = blocks[1]!
  const bodies = Array.from({ length: Math.min(request.hashes.count, 64) }, () => body)
  return { kind: 'BlockBodies', id: request.id, bodies: LazyList.of(bodies, unread) }
}

/** Of what is only sent. */
const unread = () => undefined as never

/** Takes what it is given: what a block costs to verify is not the question. */
function trustingChain(chain: Chain, blocks: readonly NewBlock[]): ChainPort {
  const { genesis, config, networkId, heads$, forkFilter, followsConsensus } = chain
  const has = new Set([bytesToHex(genesis.hash)])
  return {
    ...{ genesis, config, networkId, heads$, forkFilter, followsConsensus },
    get head() {
      return blocks[has.size - 1]!.header
    },
    forkId: () => chain.forkId(),
    hasBlock: (hash) => has.has(bytesToHex(hash)),
    canonicalHash: (number) => blocks[Number(number)]!.header.hash,
    headerByNumber: (number) => blocks[Number(number)]?.header,
    headerByHash: () => undefined,
    bodyByHash: () => undefined,
    accessListByHash: () => undefined,
    receiptsByHash: () => undefined,
    storeAccessLists: async () => {},
    storeReceipts: async () => {},
    insertBlocks: async (inserted) => {
      for (const { header } of inserted) has.add(bytesToHex(header.hash))
    },
    snapHead: undefined,
    pivot: undefined,
    insertUnexecuted: async () => {},
    setForkchoice: () => Promise.reject(new Error('no consensus client')),
  }
}
