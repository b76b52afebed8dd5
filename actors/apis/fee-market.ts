import { blobParams, isBlockForkActive, isTimeForkActive } from '../../protocols/chain/chain-config.ts'
import {
  blobBaseFee,
  blobGasPerBlob,
  initialBaseFee,
  nextBaseFee,
  nextExcessBlobGas,
} from '../../protocols/chain/fees.ts'
import type { Header } from '../../protocols/chain/header.ts'
import type { Senders } from '../../protocols/chain/senders.ts'
import { decodeTransaction, readTransaction } from '../../protocols/chain/transaction-fields.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { BlockTag } from '../rpc/block-params.ts'
import { quantity } from '../rpc/json/hex.ts'
import { RpcError } from '../rpc/rpc-error.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { BlockChain, Blocks } from './blocks.ts'
import type { ReceiptChain, Receipts } from './receipts.ts'

/** What gas has cost in the last blocks, and what is offered for it (geth eth/gasprice). */
export class FeeMarket {
  readonly #chain: BlockChain & ReceiptChain
  readonly #blocks: Blocks
  readonly #receipts: Receipts
  readonly #senders: Senders
  /** Of the head that it was made at; what follows from no block is what was suggested before. */
  #suggested: { readonly head: Uint8Array | undefined; readonly tip: bigint } = { head: undefined, tip: 0n }

  constructor(chain: BlockChain & ReceiptChain, blocks: Blocks, receipts: Receipts, senders: Senders) {
    this.#chain = chain
    this.#blocks = blocks
    this.#receipts = receipts
    this.#senders = senders
  }

  *gasPrice(): Steps<string> {
    const tip = yield* this.suggestTip()
    return quantity(tip + (this.#chain.head.baseFee ?? 0n))
  }

  *maxPriorityFee(): Steps<string> {
    return quantity(yield* this.suggestTip())
  }

  /** @returns what the last blocks took, in wei for each gas, without those that are next to nothing */
  *suggestTip(): Steps<bigint> {
    const { head } = this.#chain
    if (this.#suggested.head && equalBytes(this.#suggested.head, head.hash)) return this.#suggested.tip
    const tips: bigint[] = []
    let blocks = sampledBlocks
    for (let number = head.number; number > 0n && blocks > 0; number--, blocks--) {
      const found = yield* this.#lowestTips(number)
      // Of a block that says little another is asked, up to twice as many.
      if (found.length <= 1 && tips.length + 1 + blocks < 2 * sampledBlocks) blocks++
      for (const tip of found.length > 0 ? found : [this.#suggested.tip]) tips.push(tip)
      if (tips.length > mostTips) break
    }
    const sorted = tips.sort((a, b) => (a < b ? -1 : 1))
    const tip = sorted[Math.floor(((sorted.length - 1) * percentile) / 100)] ?? this.#suggested.tip
    this.#suggested = { head: head.hash, tip: tip > maxPrice ? maxPrice : tip }
    return this.#suggested.tip
  }

  /** @param percentiles of the gas of each block, sorted by what it paid for */
  *history(count: bigint, last: BlockTag, percentiles: readonly number[]): Steps<Record<string, unknown>> {
    checkPercentiles(percentiles)
    const range = this.#range(count, last)
    if (!range) return { oldestBlock: '0x0', gasUsedRatio: null }
    const [first, end] = range
    const fees: BlockFees[] = []
    for (let number = first; number <= end; number++) {
      const header = this.#chain.headerByNumber(number)
      if (!header) break
      fees.push({ ...this.#feesOf(header), reward: yield* this.#rewards(header, percentiles) })
      yield
    }
    const after = fees.at(-1)
    if (!after) return { oldestBlock: '0x0', gasUsedRatio: null }
    return {
      oldestBlock: quantity(first),
      ...(percentiles.length > 0 && { reward: fees.map(({ reward }) => reward.map(quantity)) }),
      baseFeePerGas: [...fees.map(({ baseFee }) => quantity(baseFee)), quantity(after.nextBaseFee)],
      gasUsedRatio: fees.map(({ gasUsedRatio }) => gasUsedRatio),
      baseFeePerBlobGas: [...fees.map(({ blobFee }) => quantity(blobFee)), quantity(after.nextBlobFee)],
      blobGasUsedRatio: fees.map(({ blobGasUsedRatio }) => blobGasUsedRatio),
    }
  }

  /** @returns the numbers of the first and the last; undefined when there are none */
  #range(given: bigint, last: BlockTag): readonly [bigint, bigint] | undefined {
    const { head } = this.#chain
    let count = given > maxHistory ? maxHistory : given
    if (count < 1n) return undefined
    if (typeof last === 'bigint' && last > head.number)
      throw new RpcError(`request beyond head block: requested ${last}, head ${head.number}`)
    // There is no pending block: it counts as one of them.
    if (last === 'pending') count--
    const end = last === 'pending' ? head.number : typeof last === 'bigint' ? last : this.#blocks.headerAt(last)?.number
    if (end === undefined || count === 0n) return undefined
    return [end + 1n < count ? 0n : end + 1n - count, end]
  }

  #feesOf(header: Header): Omit<BlockFees, 'reward'> {
    const { config } = this.#chain
    const { baseFee, gasLimit, gasUsed, excessBlobGas, blobGasUsed } = header
    const params = blobParams(config, header)
    const feeAt = (excess: bigint) => (params && blobBaseFee(excess, params.baseFeeUpdateFraction)) ?? 0n
    const hasReservePrice = isTimeForkActive(config, 'osaka', header)
    const isLondonNext = isBlockForkActive(config, 'london', header.number + 1n)
    const maxBlobGas = (params?.max ?? 0n) * blobGasPerBlob
    return {
      baseFee: baseFee ?? 0n,
      nextBaseFee: !isLondonNext
        ? 0n
        : baseFee === undefined
          ? initialBaseFee
          : nextBaseFee({ baseFee, gasLimit, gasUsed }),
      gasUsedRatio: Number(gasUsed) / Number(gasLimit),
      blobFee: excessBlobGas === undefined ? 0n : feeAt(excessBlobGas),
      nextBlobFee:
        excessBlobGas === undefined || !params ? 0n : feeAt(nextExcessBlobGas({ ...params, hasReservePrice }, header)),
      blobGasUsedRatio: maxBlobGas === 0n ? 0 : Number(blobGasUsed ?? 0n) / Number(maxBlobGas),
    }
  }

  *#rewards(header: Header, percentiles: readonly number[]): Steps<bigint[]> {
    if (percentiles.length === 0) return []
    const block = this.#blocks.blockByHash(header.hash)
    const paid: { readonly gasUsed: bigint; readonly tip: bigint }[] = []
    for (const { item, gasUsed } of block ? this.#receipts.executed(block) : []) {
      paid.push({ gasUsed, tip: tipOf(readTransaction(item), header.baseFee) })
      if (paid.length % fewTransactions === 0) yield
    }
    if (paid.length === 0) return percentiles.map(() => 0n)
    paid.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
    let [at, sum] = [0, paid[0]!.gasUsed]
    return percentiles.map((one) => {
      const threshold = BigInt(Math.trunc((Number(header.gasUsed) * one) / 100))
      while (sum < threshold && at < paid.length - 1) sum += paid[++at]!.gasUsed
      return paid[at]!.tip
    })
  }

  /** Of a block, without those of its maker, and those that are next to nothing. */
  *#lowestTips(number: bigint): Steps<bigint[]> {
    const header = this.#chain.headerByNumber(number)
    const block = header && this.#blocks.blockByHash(header.hash)
    if (!block) return []
    const offers: { readonly tip: bigint; readonly sender: () => Uint8Array }[] = []
    for (const item of block.body.transactions.items()) {
      const tip = tipOf(readTransaction(item), header.baseFee)
      if (tip >= ignoredPrice) offers.push({ tip, sender: () => this.#senders.of(decodeTransaction(item), header) })
      if (offers.length % fewTransactions === 0) yield
    }
    offers.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
    const tips: bigint[] = []
    for (const { tip, sender } of offers) {
      if (tips.length === sampledTransactions) break
      if (!equalBytes(sender(), header.coinbase)) tips.push(tip)
      yield
    }
    return tips
  }
}

type BlockFees = {
  readonly baseFee: bigint
  readonly nextBaseFee: bigint
  readonly gasUsedRatio: number
  readonly blobFee: bigint
  readonly nextBlobFee: bigint
  readonly blobGasUsedRatio: number
  readonly reward: readonly bigint[]
}

/** EIP-1559. */
function tipOf(
  {
    gasPrice,
    maxFeePerGas,
    maxPriorityFeePerGas,
  }: Pick<ReturnType<typeof readTransaction>, 'gasPrice' | 'maxFeePerGas' | 'maxPriorityFeePerGas'>,
  baseFee = 0n,
): bigint {
  const [cap, most] = [maxFeePerGas ?? gasPrice ?? 0n, maxPriorityFeePerGas ?? gasPrice ?? 0n]
  return cap - baseFee < most ? cap - baseFee : most
}

function checkPercentiles(percentiles: readonly number[]): void {
  const refuse = (reason: string) => new RpcError(`invalid reward percentile: ${reason}`)
  if (percentiles.length > maxPercentiles) throw refuse(`over the query limit ${maxPercentiles}`)
  for (const [i, one] of percentiles.entries()) {
    if (one < 0 || one > 100) throw refuse(one.toFixed(6))
    const before = percentiles[i - 1]
    if (before !== undefined && one <= before) throw refuse(`#${i - 1}:${before.toFixed(6)} >= #${i}:${one.toFixed(6)}`)
  }
}

/** geth `FullNodeGPO`, and what it samples. */
const sampledBlocks = 20
const percentile = 60
const sampledTransactions = 3
const mostTips = 2 * sampledBlocks * sampledTransactions
const maxHistory = 1_024n
const maxPrice = 500_000_000_000n
const ignoredPrice = 2n
const maxPercentiles = 100
/** That one step reads. */
const fewTransactions = 128
