import type { ChainConfig } from '../../protocols/chain/chain-config.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { decodeReceiptWithoutBloom, encodeReceipt, type Receipt } from '../../protocols/chain/receipt.ts'
import type { Senders } from '../../protocols/chain/senders.ts'
import { decodeTransaction } from '../../protocols/chain/transaction-fields.ts'
import { LazyList } from '../../protocols/lib/lazy-list.ts'
import { type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { BlockName } from '../rpc/block-params.ts'
import { data } from '../rpc/json/hex.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { Blocks } from './blocks.ts'
import type { TransactionLookup } from './eth-transactions.ts'
import type { Block } from './json/block.ts'
import { receiptJson } from './json/receipt.ts'

// What transactions did (geth internal/ethapi/api.go).

export type ReceiptChain = TransactionLookup & {
  readonly config: ChainConfig
  /** @returns RLP of the list of a block's receipts, each as eth/69 has them; undefined of a block that was not executed */
  receiptsByHash(hash: Uint8Array): Uint8Array | undefined
}

/** Receipts of blocks, as callers read them. */
export class Receipts {
  readonly #chain: ReceiptChain
  readonly #blocks: Blocks
  readonly #senders: Senders

  constructor(chain: ReceiptChain, blocks: Blocks, senders: Senders) {
    this.#chain = chain
    this.#blocks = blocks
    this.#senders = senders
  }

  /** @returns null where the chain has no such transaction */
  *ofTransaction(hash: Uint8Array): Steps<unknown> {
    const found = this.#chain.transactionByHash(hash)
    const block = found && this.#blocks.blockByHash(found.header.hash)
    if (!found || !block) return null
    let at = 0
    for (const executed of this.executed(block)) {
      if (at++ === found.index) return this.#json(block.header, executed)
      if (at % fewReceipts === 0) yield
    }
    return null
  }

  /** @returns null where there is no such block */
  *ofBlock(name: BlockName): Steps<unknown> {
    if ('tag' in name && name.tag === 'pending') throw new RpcError('pending receipts is not available')
    const block = this.#blocks.named(name)
    if (!block) return null
    const receipts: unknown[] = []
    for (const executed of this.executed(block)) {
      receipts.push(this.#json(block.header, executed))
      yield
    }
    return receipts
  }

  /** @returns each as the receipt trie holds it; none where there is no such block */
  *raw(name: BlockName): Steps<string[]> {
    const block = this.#blocks.named(name)
    const encoded: string[] = []
    for (const { receipt } of block ? this.executed(block) : []) {
      encoded.push(data(encodeReceipt(receipt)))
      yield
    }
    return encoded
  }

  /** @throws {RpcError} the block was not executed */
  *executed({ header, body }: Block): Generator<ExecutedItem> {
    if (body.transactions.count === 0) return
    const raw = this.#chain.receiptsByHash(header.hash)
    if (!raw) throw new RpcError(`receipts of block ${header.number} are not available`)
    const receipts = new LazyList(readItem(raw), decodeReceiptWithoutBloom)[Symbol.iterator]()
    let [index, gasBefore, firstLog] = [0, 0n, 0]
    for (const item of body.transactions.items()) {
      const { value: receipt } = receipts.next() as { value: Receipt | undefined }
      if (!receipt) throw new RpcError(`receipts length mismatch: ${body.transactions.count} vs ${index}`)
      yield { item, index: index++, receipt, gasUsed: receipt.cumulativeGasUsed - gasBefore, firstLog }
      gasBefore = receipt.cumulativeGasUsed
      firstLog += receipt.logs.count
    }
  }

  #json(header: Header, { item, ...executed }: ExecutedItem): unknown {
    const tx = decodeTransaction(item)
    return receiptJson(this.#chain.config, header, { ...executed, tx, from: this.#senders.of(tx, header) })
  }
}

/** A transaction as the body has it, and what it did; places are in the block. */
export type ExecutedItem = {
  readonly item: RlpItem
  readonly index: number
  readonly receipt: Receipt
  readonly gasUsed: bigint
  readonly firstLog: number
}

/** That one step reads. */
const fewReceipts = 32
