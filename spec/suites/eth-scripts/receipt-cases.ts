import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { encodeReceipt, type Receipt } from '../../../protocols/chain/receipt.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import type { MessageOf } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import type { EthCase } from './eth-case.ts'
import type { EthtestBlock } from './ethtest-chain.ts'

export const receiptCases: readonly EthCase[] = [
  {
    name: 'GetReceipts',
    async run(trial) {
      const peer = await trial.join()
      const { blocks, largeReceipts } = trial.chain
      const asked = blocks
        .filter(({ header, body }) => body.transactions.count > 0 && header.number !== BigInt(largeReceipts))
        .slice(0, 3)
      await expectReceipts(peer, asked)
    },
  },
  {
    name: 'GetLargeReceipts',
    // More than 10 MiB of one block: in parts from eth/70 on, in one message before. geth's own test asks for nothing then.
    async run(trial) {
      const peer = await trial.join()
      const { blocks, largeReceipts } = trial.chain
      await expectReceipts(peer, blocks.slice(largeReceipts - 2, largeReceipts + 2))
    },
  },
]

/** Asks on until the last block is whole (EIP-7975); what came is what the headers say. */
async function expectReceipts(peer: ScriptedPeer, blocks: readonly EthtestBlock[]): Promise<void> {
  const received: Receipt[][] = []
  let isIncomplete: boolean = false
  while (received.length < blocks.length || isIncomplete) {
    const first: number = isIncomplete ? received.length - 1 : received.length
    const firstBlockReceiptIndex: number = isIncomplete ? received.at(-1)!.length : 0
    const hashes = blocks.slice(first).map(({ header }) => header.hash)
    const { receipts, lastBlockIncomplete }: MessageOf<'Receipts'> = await peer.request('GetReceipts', {
      hashes,
      firstBlockReceiptIndex,
    })
    expect(receipts.count).to.be.above(0)
    for (const list of receipts) {
      if (isIncomplete) received.at(-1)!.push(...list)
      else received.push([...list])
      isIncomplete = false
    }
    isIncomplete = lastBlockIncomplete
  }
  expect(received.map((list) => bytesToHex(listRoot(list.map(encodeReceipt))))).to.deep.equal(
    blocks.map(({ header }) => bytesToHex(header.receiptsRoot)),
  )
}
