import { type BlockBody, blockSize, decodeWithdrawal } from '../../../protocols/chain/block.ts'
import type { Header } from '../../../protocols/chain/header.ts'
import { type RlpItem, readItem } from '../../../protocols/lib/rlp.ts'
import { data, quantity } from '../../rpc/json/hex.ts'
import { headerJson } from './header.ts'

/** A block as it is stored. */
export type Block = { readonly header: Header; readonly body: BlockBody }

/**
 * By the names of geth's `RPCMarshalBlock`.
 * @param transactions hashes, or whole ones
 */
export function blockJson({ header, body }: Block, transactions: readonly unknown[]): Record<string, unknown> {
  return sorted({
    ...headerJson(header),
    size: quantity(blockSize(header.raw.length, readItem(body.raw).content.length)),
    transactions,
    uncles: Array.from(body.uncles, ({ hash }) => data(hash)),
    withdrawals: body.withdrawals && Array.from(body.withdrawals.items(), withdrawalJson),
  })
}

/** An uncle is shown as a block without uncles or transactions. */
export function uncleJson(header: Header): Record<string, unknown> {
  return sorted({ ...headerJson(header), size: quantity(blockSize(header.raw.length, twoEmptyLists)), uncles: [] })
}

export function withdrawalJson(item: RlpItem): Record<string, unknown> {
  const { index, validatorIndex, address, amount } = decodeWithdrawal(item)
  return {
    ...{ index: quantity(index), validatorIndex: quantity(validatorIndex) },
    ...{ address: data(address), amount: quantity(amount) },
  }
}

const twoEmptyLists = 2

/** Go prints the keys of a map in order. */
export function sorted(json: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)))
}
