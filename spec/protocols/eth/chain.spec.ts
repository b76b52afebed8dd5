import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect } from 'chai'
import { decodeBody, joinBlock, splitBlock } from '../../../protocols/chain/block.ts'
import { decodeHeader } from '../../../protocols/chain/header.ts'
import { txEnvelope, txType } from '../../../protocols/chain/transaction.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { skipItem } from '../../../protocols/lib/rlp.ts'
import { ethtests, requireEthtest } from '../../support/ethtest.ts'

/** Of a block's payload, what is compared. */
type Payload = {
  readonly blockHash: string
  readonly transactions: readonly string[]
  readonly withdrawals: readonly unknown[]
}

// The suites' own data; not part of the project.
describe("the chain of geth's devp2p suites", () => {
  for (const ethtest of ethtests)
    it(`${basename(ethtest.folder)} is linked blocks of the transactions of its payloads, of every type`, function () {
      const { chain, newPayloads, head } = requireEthtest(this, ethtest)
      const calls: { params: [Payload] }[] = JSON.parse(readFileSync(newPayloads, 'utf8'))
      const [first, ...payloads] = calls.map(({ params: [payload] }) => payload)
      let parent = first!.blockHash
      const types = new Set<number>()
      const blocks = splitAll(readFileSync(chain))
      expect(blocks).to.have.length(payloads.length)
      blocks.forEach((raw, i) => {
        const block = splitBlock(raw)
        const header = decodeHeader(block.header)
        const body = decodeBody(block.body)
        const payload = payloads[i]!
        expect(joinBlock(block)).to.deep.equal(raw)
        expect(header.number).to.equal(BigInt(i + 1))
        expect(header.time).to.equal(10n * header.number)
        expect(`0x${bytesToHex(header.parentHash)}`).to.equal(parent)
        expect(keccak256(body.uncles.raw)).to.deep.equal(header.unclesHash)
        expect(Array.from(body.transactions, (item) => `0x${bytesToHex(txEnvelope(item))}`)).to.deep.equal(
          payload.transactions,
        )
        expect(body.withdrawals!.count).to.equal(payload.withdrawals.length)
        for (const transaction of body.transactions) types.add(txType(transaction))
        parent = `0x${bytesToHex(header.hash)}`
        expect(parent).to.equal(payload.blockHash)
      })
      expect(parent).to.equal(`0x${head.hash}`)
      expect([...types].sort()).to.deep.equal([0, 1, 2, 3, 4])
    })
})

function splitAll(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = []
  for (let at = 0, end = 0; at < bytes.length; at = end) {
    end = skipItem(bytes, at)
    blocks.push(Uint8Array.from(bytes.subarray(at, end)))
  }
  return blocks
}
