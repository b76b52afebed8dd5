import type { Header } from '../../protocols/chain/header.ts'
import type { Senders } from '../../protocols/chain/senders.ts'
import { txEnvelope } from '../../protocols/chain/transaction.ts'
import { keccak256Steps } from '../../protocols/lib/keccak.ts'
import { type Method, method } from '../rpc/api.ts'
import { blockTag } from '../rpc/block-params.ts'
import { data, quantity } from '../rpc/json/hex.ts'
import { boolean, hash, index } from '../rpc/params.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { Blocks } from './blocks.ts'
import { includedJson } from './eth-transactions.ts'
import { type Block, blockJson, uncleJson } from './json/block.ts'
import { headerJson } from './json/header.ts'

/** Those of `eth` that are about blocks: null for one that is not known. */
export function blockMethods(blocks: Blocks, senders: Senders): Record<string, Method> {
  const json = (block: Block, isFull: boolean) => (isFull ? fullSteps(block, senders) : hashesSteps(block))
  return {
    getBlockByNumber: method([blockTag, boolean], (tag, isFull) =>
      orNull(blocks.blockAt(tag), (block) => json(block, isFull)),
    ),
    getBlockByHash: method([hash, boolean], (hash, isFull) =>
      orNull(blocks.blockByHash(hash), (block) => json(block, isFull)),
    ),
    getHeaderByNumber: method([blockTag], (tag) => orNull(blocks.headerAtOrNone(tag), headerJson)),
    getHeaderByHash: method([hash], (hash) => orNull(blocks.headerByHash(hash), headerJson)),
    getBlockTransactionCountByNumber: method([blockTag], (tag) => orNull(blocks.blockAt(tag), transactionCount)),
    getBlockTransactionCountByHash: method([hash], (hash) => orNull(blocks.blockByHash(hash), transactionCount)),
    getUncleCountByBlockNumber: method([blockTag], (tag) => orNull(blocks.blockAt(tag), uncleCount)),
    getUncleCountByBlockHash: method([hash], (hash) => orNull(blocks.blockByHash(hash), uncleCount)),
    getUncleByBlockNumberAndIndex: method([blockTag, index], (tag, index) =>
      orNull(uncleAt(blocks.blockAt(tag), index), uncleJson),
    ),
    getUncleByBlockHashAndIndex: method([hash, index], (hash, index) =>
      orNull(uncleAt(blocks.blockByHash(hash), index), uncleJson),
    ),
  }
}

/** @returns null for what is not there */
const orNull = <T>(value: T | undefined, json: (value: T) => unknown): unknown =>
  value === undefined ? null : json(value)

function* fullSteps(block: Block, senders: Senders): Steps<Record<string, unknown>> {
  const { header, body } = block
  const transactions: unknown[] = []
  for (const item of body.transactions.items()) {
    transactions.push(includedJson({ header, index: transactions.length, item }, senders))
    yield
  }
  return blockJson(block, transactions)
}

function* hashesSteps(block: Block): Steps<Record<string, unknown>> {
  const hashes: string[] = []
  for (const item of block.body.transactions.items()) {
    hashes.push(data(yield* keccak256Steps(txEnvelope(item))))
    if (hashes.length % 128 === 0) yield
  }
  return blockJson(block, hashes)
}

const transactionCount = ({ body }: Block) => quantity(body.transactions.count)
const uncleCount = ({ body }: Block) => quantity(body.uncles.count)
const uncleAt = (block: Block | undefined, index: bigint): Header | undefined =>
  block && [...block.body.uncles][Number(index)]
