import { expect } from 'chai'
import { devAccounts } from '../../actors/chain/dev-genesis.ts'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { blobsOf } from '../../actors/pool/blob-store.ts'
import { data } from '../../actors/rpc/json/hex.ts'
import { processScheduler } from '../../actors/runtime/process-runtime.ts'
import { TimeSlicer } from '../../actors/runtime/time-slicer.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { readItem } from '../../protocols/lib/rlp.ts'
import { blobOf } from '../suites/eth-scripts/blob.ts'
import { signBlobTx } from '../suites/eth-scripts/sign.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { Geth } from '../support/geth.ts'
import { requireRelease } from './geth-release.ts'

const genesis = 'actors/chain/dev-genesis.json'

describe('blob transactions between geth and our node', function () {
  this.timeout(60_000)
  let geth: Geth
  const nodes: PeerchartNode[] = []
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    await requireRelease(this, path, '1.17.6')
    for (const version of [71, 72] as const)
      nodes.push(await createNode({ genesis, execute: true, port: 0, ethVersions: [version] }))
    const { networkId, genesis: first } = nodes[0]!.chain
    geth = await Geth.start({ path, genesis, networkId, args: ['--syncmode', 'full'] })
    const head = data(first.hash)
    const state = { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head }
    await geth.engineAnswer({ method: 'engine_forkchoiceUpdatedV3', params: [state, null] })
    for (const node of nodes) {
      await node.start()
      node.eth.follow({ number: 0n, hash: first.hash, isOurs: true })
      node.addPeer(geth.enode)
      await until(() => node.peers().length === 1)
    }
  })
  after(async () => {
    for (const node of nodes) await node.stop()
    await geth?.stop()
  })
  const sign = (from: number, values: readonly bigint[]) => {
    const { chainId } = nodes[0]!.chain.config
    const fields = { chainId, nonce: 0n, to: new Uint8Array(20).fill(0xab), gas: 21_000n }
    const fees = { tip: 1_000_000_000n, feeCap: 10_000_000_000n, blobFeeCap: 1_000_000n }
    return signBlobTx({ ...fields, ...fees }, values, devAccounts[from]!.privateKey, true)
  }
  /** A transaction that is given to our node reaches geth's pool. */
  const reachesGeth = async (node: PeerchartNode, from: number) => {
    const tx = sign(from, [5n, 6n])
    const slicer = new TimeSlicer(processScheduler())
    expect(await slicer.run(node.pool!.addLocal(readItem(tx.item)))).to.equal(bytesToHex(tx.hash))
    const next = () => geth.rpc('eth_getTransactionCount', data(devAccounts[from]!.address), 'pending')
    await until(async () => (await next()) === '0x1')
    expect(node.peers().length).to.equal(1)
  }

  it('bring their blobs from geth to us up to eth/71', async () => {
    const tx = sign(0, [3n, 4n])
    await geth.rpc('eth_sendRawTransaction', data(readItem(tx.item).content))
    const hash = bytesToHex(tx.hash)
    const { content, blobs } = nodes[0]!.pool!
    await until(() => content.has(hash))
    expect(blobsOf((await blobs.get(hash))!)).to.deep.equal([blobOf(3n), blobOf(4n)])
  })
  it('bring their blobs from us to geth up to eth/71', () => reachesGeth(nodes[0]!, 1))
  it('have their cells asked of us by geth from eth/72 on', () => reachesGeth(nodes[1]!, 2))
})

/** Resolves once that is so: the spec's own limit ends it. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50))
}
