import { expect } from 'chai'
import { createNode } from '../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../actors/peerchart/peerchart-node.ts'
import { data, quantity } from '../../actors/rpc/json/hex.ts'
import { decodeReceiptWithoutBloom, encodeReceipt } from '../../protocols/chain/receipt.ts'
import { RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import { requireEthtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('our node, which executes nothing and fetches receipts,', function () {
  this.timeout(120_000)
  let geth: Geth
  let node: PeerchartNode
  before(async function () {
    geth = await ethtestGeth(this)
    const { genesis, networkId } = requireEthtest(this)
    node = await createNode({ genesis, networkId, receipts: true, port: 0, peers: [geth.enode], headPollInterval: 500 })
    await node.start()
  })
  after(() => node?.stop())

  it('has those of every block: some of all are compared with what geth has', async function () {
    const { head } = requireEthtest(this)
    const { chain } = node
    const receiptsOf = (number: bigint) => chain.receiptsByHash(chain.canonicalHash(number)!)
    await eventually(
      'the receipts',
      async () => chain.head.number === head.number && !!receiptsOf(head.number),
      100_000,
    )
    for (let number = 1n; number <= head.number; number += 23n) {
      const items = [...new RlpReader(readItem(receiptsOf(number)!).content).rest()]
      const ours = items.map((item) => data(encodeReceipt(decodeReceiptWithoutBloom(item))))
      expect(ours, `${number}`).to.deep.equal(await geth.rpc('debug_getRawReceipts', quantity(number)))
    }
  })
})
