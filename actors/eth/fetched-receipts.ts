import type { Header } from '../../protocols/chain/header.ts'
import { encodeReceipt, encodeReceiptWithoutBloom, type Receipt } from '../../protocols/chain/receipt.ts'
import { listRootSteps } from '../../protocols/chain/trie-root.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import { type LazyList, MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { encodeList, RlpError } from '../../protocols/lib/rlp.ts'

// Receipts as peers give them, and what is believed of an answer. Read step by step.

/** A block whose receipts are asked for, and how many transactions it has. */
export type Wanted = { readonly header: Header; readonly count: number }

/** RLP of the list of a block's receipts, each as eth/69 has them: as a chain stores it. */
export type FetchedReceipts = { readonly header: Header; readonly receipts: Uint8Array }

/** Of a block whose receipts come in parts (EIP-7975): those so far. BOUNDED: by its transactions, and by its gas. */
export type Part = {
  readonly stored: readonly Uint8Array[]
  readonly encoded: readonly Uint8Array[]
  readonly bytes: number
}

export const noPart: Part = { stored: [], encoded: [], bytes: 0 }

export type ReceiptsRead = { readonly whole: readonly FetchedReceipts[]; readonly part: Part }

/**
 * Takes the receipts of `wanted`, in their order, as far as they go.
 * @param answer `part`: what came before of the first
 * @returns those that are whole, each verified by its header, and what came of the next
 * @throws {MalformedItem} receipts are not their block's
 */
export function* readReceipts(
  wanted: readonly Wanted[],
  answer: { readonly lists: LazyList<LazyList<Receipt>>; readonly isIncomplete: boolean; readonly part: Part },
): Generator<void, ReceiptsRead> {
  const whole: FetchedReceipts[] = []
  let part = answer.part
  let index = 0
  for (const list of answer.lists) {
    const block = wanted[index]
    if (!block) throw wrong(index, `${answer.lists.count} lists for ${wanted.length} blocks`)
    part = yield* joined(part, block, list, index)
    if (++index === answer.lists.count && answer.isIncomplete) break
    const { header, count } = block
    if (part.encoded.length !== count)
      throw wrong(index, `${part.encoded.length} receipts of block ${header.number}, which has ${count} transactions`)
    if (!equalBytes(yield* listRootSteps(part.encoded), header.receiptsRoot))
      throw wrong(index, `not the receipts of block ${header.number}`)
    whole.push({ header, receipts: encodeList(part.stored) })
    part = noPart
    yield
  }
  return { whole, part }
}

function* joined(
  before: Part,
  { header, count }: Wanted,
  list: LazyList<Receipt>,
  index: number,
): Generator<void, Part> {
  const stored = [...before.stored]
  const encoded = [...before.encoded]
  let { bytes } = before
  for (const receipt of list) {
    const one = encodeReceiptWithoutBloom(receipt)
    bytes += one.length
    if (stored.push(one) > count || bytes > mostBytes(header, stored.length))
      throw wrong(index, `more receipts than block ${header.number} can have`)
    try {
      encoded.push(encodeReceipt(receipt))
    } catch (cause) {
      if (cause instanceof RlpError) throw new MalformedItem(index, cause)
      throw cause
    }
    if (stored.length % receiptsAStep === 0) yield
  }
  return { stored, encoded, bytes }
}

/** A byte of a log costs 8 gas (Yellow Paper, G_logdata), its topics more. */
const mostBytes = ({ gasUsed }: Header, count: number) => Number(gasUsed / 8n) + count * mostOfOne
/** What a receipt has beside its logs, and the logs of transfers (EIP-7708), which cost nothing. */
const mostOfOne = 1_024
const receiptsAStep = 16

const wrong = (index: number, what: string) => new MalformedItem(index, new RlpError(what))
