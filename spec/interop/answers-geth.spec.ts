import { expect } from 'chai'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import type { EthRequest } from '../../protocols/eth/messages.ts'
import { answerOf, type EthVersion } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { HashList } from '../../protocols/lib/lazy-list.ts'
import { session } from '../behaviour/attacks/framing.ts'
import { extremeRequests } from '../behaviour/attacks/numbers.ts'
import { getHeaders } from '../behaviour/provocations/requests.ts'
import { ethtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import type { OwnNode } from '../support/own-node.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { startOnEthtest } from './own-ethtest-node.ts'

describe('our node and geth, asked the same on the same chain, answer byte for byte the same', () => {
  let geth: Geth
  let node: OwnNode
  before(async function () {
    geth = await ethtestGeth(this)
    node = await startOnEthtest('head')
  })
  after(() => node?.stop())

  for (const version of [69, 70, 71, 72] as const) {
    it(`every number of every request of eth/${version} at its extremes`, () =>
      compare(version, [...extremeRequests(version)]))
    it(`headers by number and by hash at eth/${version}, each way, with and without gaps`, async () =>
      compare(version, [
        ...walks(
          ethtest.head.number,
          await hashes(geth.enode, [0n, 1n, 54n, ethtest.head.number - 1n, ethtest.head.number]),
        ),
      ]))
    it(`bodies of every block at eth/${version}`, async () => {
      const all = await hashes(geth.enode, [0n], ethtest.head.number + 1n)
      const of = (some: Uint8Array[]): EthRequest => ({ kind: 'GetBlockBodies', id: 7n, hashes: HashList.of(some) })
      await compare(version, [of(all), of(all.slice(100, 228)), of([all[54]!, all[75]!]), of([all[1]!, all[1]!])])
    })
  }

  async function compare(version: EthVersion, requests: readonly EthRequest[]): Promise<void> {
    const peers = await Promise.all([session(geth.enode, version), session(node.enode, version)])
    try {
      for (const request of requests) {
        const [theirs, ours] = await Promise.all(peers.map((peer) => answer(peer, request)))
        expect(bytesToHex(ours!) === bytesToHex(theirs!), describeRequest(request)).to.equal(true)
      }
    } finally {
      for (const peer of peers) peer.close()
    }
  }
})

function* walks(head: bigint, origins: readonly Uint8Array[]): Generator<EthRequest> {
  for (const origin of [...origins, 0n, 1n, 54n, 300n, head - 1n, head, head + 1n, head + 400n])
    for (const amount of [1n, 2n, 192n, 1_025n])
      for (const skip of [0n, 1n, 191n, head])
        for (const reverse of [false, true]) yield getHeaders({ origin, amount, skip, reverse })
}

/** @returns the hashes of `amount` blocks from each of `origins` */
async function hashes(enode: string, origins: readonly bigint[], amount = 1n): Promise<Uint8Array[]> {
  const peer = await session(enode)
  const found: Uint8Array[] = []
  for (const origin of origins) {
    const { headers } = await peer.request(getHeaders({ origin, amount }))
    found.push(...Array.from(headers, ({ hash }) => hash))
  }
  peer.close()
  return found
}

async function answer(peer: ScriptedPeer, request: EthRequest): Promise<Uint8Array> {
  peer.send(request)
  const { payload } = await peer.next(answerOf[request.kind])
  return payload
}

function describeRequest(request: EthRequest): string {
  const fields = Object.entries(request).map(
    ([name, value]) => `${name} ${value instanceof Uint8Array ? bytesToHex(value) : value}`,
  )
  return fields.join(', ')
}
