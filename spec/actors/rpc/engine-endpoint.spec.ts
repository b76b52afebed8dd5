import { expect } from 'chai'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import type { RpcAnswer } from '../../support/geth.ts'
import { jwt } from '../../support/jwt.ts'
import { paramsOf } from '../apis/payloads.ts'
import { makeBlocks } from '../chain/make-chain.ts'

describe('the engine API of a node', () => {
  const secret = new Uint8Array(32).fill(7)
  const blocks = makeBlocks(devGenesis(), devGenesis().header, 3)
  const hashOf = (number: number) => data(blocks[number - 1]!.header.hash)
  let node: PeerchartNode
  before(async () => {
    const rpc = { http: { port: 0, api: ['eth', 'engine'] }, auth: { port: 0, secret } }
    node = await createNode({ genesis: devGenesisJson, port: 0, noDial: true, rpc })
    await node.start()
  })
  after(() => node.stop())

  const post = async (url: string | undefined, method: string, params: readonly unknown[], token = jwt(secret)) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const response = await fetch(url!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      // In chunks, without a length: as Go sends what it reads from a file.
      body: new Blob([body.slice(0, 10), body.slice(10)]).stream(),
      duplex: 'half',
    } as RequestInit)
    return response.status === 200 ? ((await response.json()) as RpcAnswer) : response.status
  }

  it('sets the head for who shows a token, in chunks or not', async () => {
    for (const block of blocks) {
      const { header } = block
      const version = header.requestsHash ? 4 : 3
      const answer = (await post(node.rpc?.auth, `engine_newPayloadV${version}`, paramsOf(block))) as RpcAnswer
      expect(answer.result).to.include({ status: 'ACCEPTED' })
    }
    const state = { headBlockHash: hashOf(3), safeBlockHash: hashOf(2), finalizedBlockHash: hashOf(1) }
    const answer = (await post(node.rpc?.auth, 'engine_forkchoiceUpdatedV3', [state])) as RpcAnswer
    expect(answer.result).to.deep.include({ payloadId: null })
    expect(data(node.chain.head.hash)).to.equal(hashOf(3))
    for (const [tag, number] of [
      ['latest', '0x3'],
      ['safe', '0x2'],
      ['finalized', '0x1'],
    ] as const) {
      const { result } = (await post(node.rpc?.http, 'eth_getBlockByNumber', [tag, false])) as RpcAnswer
      expect(result).to.include({ number })
    }
  })

  it('is for no one else', async () => {
    const state = { headBlockHash: hashOf(1) }
    const old = jwt(secret, Math.floor(Date.now() / 1_000) - 90)
    for (const token of ['', 'x.y.z', old, jwt(new Uint8Array(32))])
      expect(await post(node.rpc?.auth, 'engine_forkchoiceUpdatedV3', [state], token)).to.equal(401)
    const { error } = (await post(node.rpc?.http, 'engine_forkchoiceUpdatedV3', [state])) as RpcAnswer
    expect(error?.code).to.equal(-32_601)
    expect(node.chain.head.number).to.equal(3n)
  })
})
