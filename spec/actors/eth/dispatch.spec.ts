import { expect } from 'chai'
import type { Chain } from '../../../actors/chain/chain.ts'
import type { FeedEntry, TransitionEntry } from '../../../actors/trace/entries.ts'
import { protocolManagerMachine } from '../../../machines/protocol-manager.ts'
import type { EthRequest } from '../../../protocols/eth/messages.ts'
import { messageTable } from '../../../protocols/eth/versions.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { encodeList } from '../../../protocols/lib/rlp.ts'
import { chainOf, mainBlocks, type ScriptedRemote, World } from './world.ts'

describe('the dispatch of a message', () => {
  let world: World
  let chain: Chain
  let remote: ScriptedRemote
  let entries: FeedEntry[]
  beforeEach(async () => {
    world = new World()
    chain = await chainOf(mainBlocks.slice(0, 300))
    const service = world.service(chain, { headPollInterval: 10 ** 9 })
    service.start()
    remote = world.remote(service, { chain, version: 72 })
    await world.run(100)
    entries = []
    world.feed.subscribe((entry) => entries.push(entry))
  })

  const steps = () => entries.filter((entry): entry is TransitionEntry => entry.type === 'transition')
  const hashes = HashList.of([mainBlocks[0]!.header.hash])
  const requests = [
    { kind: 'GetBlockHeaders', id: 1n, origin: 1n, amount: 3n, skip: 0n, reverse: false },
    { kind: 'GetBlockBodies', id: 1n, hashes },
    { kind: 'GetReceipts', id: 1n, firstBlockReceiptIndex: 0n, hashes },
    { kind: 'GetPooledTransactions', id: 1n, hashes },
    { kind: 'GetBlockAccessLists', id: 1n, hashes },
    { kind: 'GetCells', id: 1n, hashes, mask: new Uint8Array(16).fill(0xff) },
  ] as const satisfies readonly EthRequest[]
  for (const request of requests)
    it(`of ${request.kind} is one step of one chart, the answer with it`, async () => {
      remote.send(request)
      await world.run(100)
      expect(remote.heard).to.have.length(1)
      expect(steps().map(({ chart, event, effects }) => ({ chart, event, effects }))).to.deep.equal([
        { chart: 'eth-peer', event: request.kind, effects: ['serve'] },
      ])
    })

  for (const name of ['BlockHeaders', 'BlockBodies', 'Receipts', 'BlockAccessLists', 'GetBlockBodies'] as const)
    it(`of a million empty items in ${name} is worked on a part at a time`, async () => {
      const items = new Uint8Array(2 ** 20).fill(0xc0)
      const fields = name === 'Receipts' ? [Uint8Array.of(1), Uint8Array.of(0x80)] : [Uint8Array.of(1)]
      const list =
        name === 'GetBlockBodies' ? HashList.of(Array(32_768).fill(items.subarray(0, 32))).raw : encodeList([items])
      remote.sendRaw(messageTable(72).codeOf(name)!, encodeList([...fields, list]))
      await world.run(100)
      expect(remote.far.steps).to.be.at.least(15)
    })
  it('is nothing to the protocol manager, whatever comes', async () => {
    for (const request of requests) remote.send(request)
    remote.send({ kind: 'BlockRangeUpdate', earliest: 0n, latest: 7n, latestHash: mainBlocks[6]!.header.hash })
    remote.sendRaw(8, Uint8Array.of(0xc0))
    await world.run(100)
    expect(steps().length).to.be.above(requests.length)
    expect(steps().filter(({ chart }) => chart === protocolManagerMachine.id)).to.deep.equal([])
  })
})
