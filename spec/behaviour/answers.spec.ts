import { expect } from 'chai'
import type { NewBlock } from '../../actors/chain/chain-reader.ts'
import { devGenesis } from '../../actors/chain/dev-genesis.ts'
import { readBody } from '../../protocols/chain/block.ts'
import { readHeader } from '../../protocols/chain/header.ts'
import type { GetBlockHeaders } from '../../protocols/eth/block-messages.ts'
import { decode, type EthMessage } from '../../protocols/eth/messages.ts'
import { LazyList } from '../../protocols/lib/lazy-list.ts'
import { makeBlocks } from '../actors/chain/make-chain.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { meet } from '../support/stages.ts'
import { Bystander } from './bystander.ts'

// geth-behaviour of the tracker: an answer belongs to a request, has its kind, and no more items than were asked for.

describe('our node, answered wrongly', () => {
  let node: OwnNode
  let bystander: Bystander
  before(async function () {
    this.timeout(30_000)
    node = await startOwnNode({ ethVersions: [69], headPollInterval: 3_600_000 })
    bystander = await Bystander.join(node.enode)
  })
  after(async () => {
    bystander?.leave()
    await node?.stop()
  })

  refuses('the same answer twice', (id, asked) => [headers(id, asked), headers(id, asked)], 'disc 0x10')
  refuses('an answer with another id', (id, asked) => [headers(id ^ 1n, asked)], 'disc 0x10')
  refuses('bodies where headers were asked for', (id) => [bodies(id, [])], 'disc 0x10')
  refuses('more headers than were asked for', (id, asked) => [headers(id, [...asked, ...asked])], 'disc 0x10')
  refuses('headers that are no headers', (id) => [headers(id, [Uint8Array.of(0xc1, 1)])], 'disc 0x10')

  function refuses(
    what: string,
    answer: (id: bigint, asked: readonly Uint8Array[]) => readonly EthMessage[],
    word: string,
  ): void {
    it(`drops a peer that gives ${what}, and no other`, async () => {
      const peer = await meet(node.enode)
      const { header } = chain.at(-1)!
      await peer.status({ range: { earliest: 0n, latest: header.number, latestHash: header.hash } })
      const { payload } = await peer.next('GetBlockHeaders')
      const request = decode(69, 'GetBlockHeaders', payload)
      for (const message of answer(request.id, asked(request))) peer.send(message)
      await peer.closed()
      expect(peer.log.map(({ label }) => label)).to.include(word)
      await bystander.ask()
    })
  }
})

/** Longer than the node's own by a few blocks. */
const chain: readonly NewBlock[] = makeBlocks(devGenesis(), devGenesis().header, 45)

/** The headers that an honest peer would give. */
function asked({ origin, amount, skip, reverse }: GetBlockHeaders): Uint8Array[] {
  const step = (Number(skip) + 1) * (reverse ? -1 : 1)
  const numbers = Array.from({ length: Number(amount) }, (_, i) => Number(origin) + i * step)
  return numbers.flatMap((number) => chain[number - 1]?.header.raw ?? [])
}

function headers(id: bigint, raw: readonly Uint8Array[]): EthMessage {
  return { kind: 'BlockHeaders', id, headers: LazyList.of(raw, readHeader) }
}

function bodies(id: bigint, raw: readonly Uint8Array[]): EthMessage {
  return { kind: 'BlockBodies', id, bodies: LazyList.of(raw, readBody) }
}
