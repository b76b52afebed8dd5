import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { engineApi } from '../../actors/apis/engine.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { data, quantity } from '../../actors/rpc/json/hex.ts'
import { decode, type MessageOf } from '../../protocols/eth/messages.ts'
import type { EthVersion } from '../../protocols/eth/versions.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { readPayloads } from '../actors/apis/payloads.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { type Ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth, type RpcRequest } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('block access lists, beside geth', function () {
  this.timeout(120_000)
  let path: string
  let chain: Ethtest
  /** By the hash of their block, in hex. */
  let lists: ReadonlyMap<string, string>
  let geth: Geth | undefined
  let node: PeerchartNode | undefined

  before(async function () {
    path = requireClient(this, findGeth(), 'geth')
    chain = requireEthtest(this)
    lists = new Map((await readPayloads(chain)).flatMap(({ params: [payload] }) => listOf(payload as Payload)))
    if (lists.size === 0) this.skip()
  })
  afterEach(() => Promise.all([geth?.stop(), node?.stop()]))

  /** Our node, which a consensus client has sent every block. */
  const startWithHead = async () => {
    const { genesis, networkId, update } = chain
    node = await createNode({ genesis, networkId, port: 0 })
    const apis = [engineApi({ chain: node.chain, eth: node.eth, version: '0.1.0' })]
    for (const { method, params } of await readPayloads(chain)) await callApi(apis, method, ...params)
    await callApi(apis, 'engine_forkchoiceUpdatedV3', update.params[0])
    await node.start()
    return node
  }

  it('that newPayload brought are given to a geth that syncs from us: it asks for many at a time', async () => {
    const ours = await startWithHead()
    expect(ours.chain.head.number).to.equal(chain.head.number)
    const asked = messagesOf(ours, 'GetBlockAccessLists', 'message.received')
    const answered = messagesOf(ours, 'BlockAccessLists', 'message.sent')
    const { genesis, networkId, newPayloads, update, head } = chain
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    await geth.rpc('admin_addPeer', ours.enode)
    await eventually('they meet', async () => (await geth!.rpc<unknown[]>('admin_peers')).length > 0)
    const payloads: RpcRequest[] = JSON.parse(await readFile(newPayloads, 'utf8'))
    await geth.engine(payloads.at(-1)!)
    await geth.engine(update)
    const number = quantity(head.number)
    await eventually('the head', async () => (await geth!.rpc('eth_blockNumber')) === number, 60_000)

    const hashes = asked.flatMap(({ hashes }) => Array.from(hashes, data))
    expect([...lists.keys()]).to.include.members(hashes)
    // Which of them it still asks for when their blocks are there already is up to its pace. Of a peer that lacks them it asks
    // for one at a time, in as many requests as there are blocks.
    expect(Math.max(...asked.map(({ hashes }) => hashes.count))).to.equal(128)
    expect(asked.length, 'requests').to.be.at.most(12)
    const given = answered.flatMap(({ accessLists }) => Array.from(accessLists.items(), ({ raw }) => data(raw)))
    expect(given).to.deep.equal(hashes.map((hash) => lists.get(hash)))
  })

  it('are asked of a geth that we sync from, and stored with their blocks', async () => {
    const { genesis, chain: file, networkId, head } = chain
    geth = await Geth.start({ path, genesis, networkId, chain: file })
    const { enode } = geth
    const sync = async () => {
      await node?.stop()
      node = await createNode({ genesis, networkId, port: 0, peers: [enode], headPollInterval: 100 })
      const { chain } = node
      const asked = messagesOf(node, 'GetBlockAccessLists', 'message.sent')
      await node.start()
      await eventually('the head', async () => chain.head.number === head.number)
      const stored = [...lists.keys()].flatMap((hash) => {
        const list = chain.accessListByHash(hexToBytes(hash.slice(2)))
        return list ? [[hash, data(list)] as const] : []
      })
      expect(asked.length, 'requests').to.be.at.most(8)
      return new Map(stored)
    }
    // No block waits for its list: where geth is busy some come too late, and a sync later brings all.
    let stored = await sync()
    for (let more = 4; more > 0 && stored.size < lists.size; more--) stored = await sync()
    expect(stored).to.deep.equal(lists)
  })
})

type Payload = { readonly blockHash: string; readonly blockAccessList?: string }
const listOf = ({ blockHash, blockAccessList: list }: Payload) =>
  list === undefined ? [] : [[blockHash, list] as const]

/** What goes over the wire from now on. */
function messagesOf<Name extends 'GetBlockAccessLists' | 'BlockAccessLists'>(
  node: PeerchartNode,
  name: Name,
  way: 'message.received' | 'message.sent',
): readonly MessageOf<Name>[] {
  const messages: MessageOf<Name>[] = []
  node.feed.subscribe((entry, { payload }) => {
    if (entry.type !== way || entry.protocol !== 'eth' || !payload) return
    if (entry.code === (name === 'GetBlockAccessLists' ? 0x12 : 0x13))
      messages.push(decode(entry.version as EthVersion, name, payload.slice()))
  })
  return messages
}
