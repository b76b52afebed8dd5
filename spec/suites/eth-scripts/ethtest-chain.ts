import { readFileSync } from 'node:fs'
import { type Genesis, parseGenesis } from '../../../actors/chain/genesis.ts'
import { type BlockBody, decodeBody, splitBlock } from '../../../protocols/eth/block.ts'
import { decodeHeader, type Header } from '../../../protocols/eth/header.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { skipItem } from '../../../protocols/lib/rlp.ts'
import { ethtestFolder } from '../../harness/ethtest.ts'

export type EthtestBlock = { readonly header: Header; readonly body: BlockBody }

/** The chain of geth's suites, as its files have it. */
export type EthtestChain = {
  readonly genesis: Genesis
  /** By number, the genesis first. BOUNDED: 601. */
  readonly blocks: readonly EthtestBlock[]
  readonly head: EthtestBlock
  /** Private keys of those who have ether, by address in order. */
  readonly keys: readonly Uint8Array[]
  /** The number of the block with the large receipts. */
  readonly largeReceipts: number
}

export function readEthtestChain(): EthtestChain {
  const genesis = parseGenesis(readFileSync(`${ethtestFolder}/genesis.json`, 'utf8'))
  const blocks = [{ header: genesis.header, body: decodeBody(genesis.body) }, ...readBlocks()]
  const accounts: Record<string, { key: string }> = json('accounts')
  const keys = Object.keys(accounts)
    .sort()
    .map((address) => hexToBytes(accounts[address]!.key.slice(2)))
  const { 'tx-largereceipt': large } = json<{ 'tx-largereceipt': { block: string } }>('txinfo')
  return { genesis, blocks, head: blocks.at(-1)!, keys, largeReceipts: Number(large.block ?? large) }
}

function readBlocks(): EthtestBlock[] {
  const bytes = readFileSync(`${ethtestFolder}/chain.rlp`)
  const blocks: EthtestBlock[] = []
  for (let start = 0, end = 0; start < bytes.length; start = end) {
    end = skipItem(bytes, start)
    const { header, body } = splitBlock(Uint8Array.from(bytes.subarray(start, end)))
    blocks.push({ header: decodeHeader(header), body: decodeBody(body) })
  }
  return blocks
}

const json = <Content>(name: string): Content => JSON.parse(readFileSync(`${ethtestFolder}/${name}.json`, 'utf8'))
