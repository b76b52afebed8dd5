import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'chai'
import { decodeBody, joinBlock, splitBlock } from '../../../protocols/eth/block.ts'
import { decodeHeader } from '../../../protocols/eth/header.ts'
import { txType } from '../../../protocols/eth/transaction.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { skipItem } from '../../../protocols/lib/rlp.ts'

// The suites' own data; not part of the project.
const chainFile = resolve('../shared/ethtest/chain.rlp')
const isThere = existsSync(chainFile)

describe(`the chain of geth's devp2p suites${isThere ? '' : ` (not found: ${chainFile})`}`, () => {
  const whenThere = isThere ? it : it.skip
  whenThere('is 600 linked blocks with 603 transactions of every type', () => {
    let parent = 'bd6a252af394d80904c5993b859574bd4669642cea00a116970ec7887db67533'
    const types: Record<number, number> = {}
    let withdrawals = 0
    const blocks = splitAll(readFileSync(chainFile))
    blocks.forEach((raw, i) => {
      const block = splitBlock(raw)
      const header = decodeHeader(block.header)
      const body = decodeBody(block.body)
      expect(joinBlock(block)).to.deep.equal(raw)
      expect(header.number).to.equal(BigInt(i + 1))
      expect(header.time).to.equal(10n * header.number)
      expect(bytesToHex(header.parentHash)).to.equal(parent)
      expect(keccak256(body.uncles.raw)).to.deep.equal(header.unclesHash)
      for (const transaction of body.transactions) types[txType(transaction)] = (types[txType(transaction)] ?? 0) + 1
      withdrawals += body.withdrawals!.count > 0 ? 1 : 0
      parent = bytesToHex(header.hash)
    })
    expect(blocks).to.have.length(600)
    expect(parent).to.equal('44e3809c9a3cda717f00aea3a9da336d149612c8d5657fbc0028176ef8d94d2a')
    expect(types).to.deep.equal({ 0: 331, 1: 108, 2: 109, 3: 54, 4: 1 })
    expect(withdrawals).to.equal(54)
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
