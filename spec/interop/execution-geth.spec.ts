import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { data, quantity } from '../../actors/rpc/json/hex.ts'
import { decodeReceiptWithoutBloom, encodeReceipt } from '../../protocols/chain/receipt.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import { requireEthtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { eventually } from './own-ethtest-node.ts'

type Proof = {
  readonly accountProof: string[]
  readonly balance: string
  readonly storageProof: { readonly value: string; readonly proof: string[] }[]
}

describe('our node, executing the chain that a geth has,', function () {
  this.timeout(240_000)
  let geth: Geth
  let node: PeerchartNode
  before(async function () {
    geth = await ethtestGeth(this)
    const { genesis, networkId, head } = requireEthtest(this)
    node = await createNode({ genesis, networkId, execute: true, port: 0, peers: [geth.enode], headPollInterval: 500 })
    await node.start()
    await eventually('the head', async () => node.chain.head.number === head.number, 120_000)
  })
  after(() => node?.stop())

  it('has its head, and has executed every block of it', async () => {
    const { hash } = await geth.rpc<{ hash: string }>('eth_getHeaderByNumber', 'latest')
    expect(data(node.chain.head.hash)).to.equal(hash)
    expect(node.states!.hasState(node.chain.head.hash)).to.equal(true)
    for (let number = 0n; number <= node.chain.head.number; number++)
      expect(node.chain.isExecuted(node.chain.canonicalHash(number)!), `${number}`).to.equal(true)
  })
  it('has its receipts', async () => {
    for (let number = 1n; number <= node.chain.head.number; number++) {
      const stored = node.chain.receiptsByHash(node.chain.canonicalHash(number)!)!
      const items = [...new RlpReader(readItem(stored).content).rest()]
      const ours = items.map((item) => data(encodeReceipt(decodeReceiptWithoutBloom(item))))
      expect(ours, `${number}`).to.deep.equal(await geth.rpc('debug_getRawReceipts', quantity(number)))
    }
  })
  it('proves its accounts and their storage', async () => {
    const { folder } = requireEthtest({} as Mocha.Context)
    const { accounts } = JSON.parse(readFileSync(`${folder}/headstate.json`, 'utf8')) as HeadState
    const block = node.chain.head.hash
    const some = Object.entries(accounts).filter((_, i) => i % 7 === 0)
    for (const [name, { address = name, storage = {} }] of some) {
      const slots = [...Object.keys(storage).slice(0, 2), `0x${'00'.repeat(32)}`]
      const theirs = await geth.rpc<Proof>('eth_getProof', address, slots, 'latest')
      const params = {
        block,
        address: hexToBytes(address.slice(2)),
        slots: slots.map((slot) => hexToBytes(slot.slice(2))),
      }
      const ours = await node.states!.query('proof', params)
      expect(ours.nodes.map(data), address).to.deep.equal(theirs.accountProof)
      expect(quantity(ours.account.balance)).to.equal(theirs.balance)
      expect(ours.storage.map(({ nodes }) => nodes.map(data))).to.deep.equal(
        theirs.storageProof.map(({ proof }) => proof),
      )
      expect(ours.storage.map(({ value }) => quantity(BigInt(data(value))))).to.deep.equal(
        theirs.storageProof.map(({ value }) => value),
      )
    }
  })
})

type HeadState = {
  readonly accounts: Readonly<Record<string, { readonly address?: string; readonly storage?: Record<string, string> }>>
}
