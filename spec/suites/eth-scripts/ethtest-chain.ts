import { readFileSync } from 'node:fs'
import { type BlockBody, decodeBody, splitBlock } from '../../../protocols/chain/block.ts'
import { type Genesis, parseGenesis } from '../../../protocols/chain/genesis.ts'
import { decodeHeader, type Header } from '../../../protocols/chain/header.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { skipItem } from '../../../protocols/lib/rlp.ts'
import { ethtest } from '../../support/ethtest.ts'

export type EthtestBlock = { readonly header: Header; readonly body: BlockBody }

/** The chain of geth's suites, as its files have it. */
export type EthtestChain = {
  readonly genesis: Genesis
  /** By number, the genesis first. BOUNDED: by the file. */
  readonly blocks: readonly EthtestBlock[]
  readonly head: EthtestBlock
  /** Private keys of those who have ether, by address in order. */
  readonly keys: readonly Uint8Array[]
  /** The number of the block with the large receipts. */
  readonly largeReceipts: number
  /** The name of the fork that the head is at. */
  readonly fork: string
}

export function readEthtestChain(): EthtestChain {
  const genesis = parseGenesis(readFileSync(ethtest.genesis, 'utf8'))
  const blocks = [{ header: genesis.header, body: decodeBody(genesis.body) }, ...readBlocks()]
  const accounts: Record<string, { key: string }> = JSON.parse(readFileSync(`${ethtest.folder}/accounts.json`, 'utf8'))
  const keys = Object.keys(accounts)
    .sort()
    .map((address) => hexToBytes(accounts[address]!.key.slice(2)))
  const { largeReceipts, forks } = ethtest
  return { genesis, blocks, head: blocks.at(-1)!, keys, largeReceipts, fork: forks.at(-1)!.name }
}

function readBlocks(): EthtestBlock[] {
  const bytes = readFileSync(ethtest.chain)
  const blocks: EthtestBlock[] = []
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = skipItem(bytes, start)
    const { header, body } = splitBlock(Uint8Array.from(bytes.subarray(start, end)))
    blocks.push({ header: decodeHeader(header), body: decodeBody(body) })
  }
  return blocks
}
