import type { Command } from 'commander'
import type { Receipt } from '../../protocols/chain/receipt.ts'
import { txHash } from '../../protocols/chain/transaction.ts'
import { blockJson } from '../apis/json/block.ts'
import { headerJson } from '../apis/json/header.ts'
import { transactionJson } from '../apis/json/transaction.ts'
import { type BlockId, fetchBody, fetchHeaders, fetchPooled, fetchReceipts, type Pooled } from '../probe/fetch.ts'
import { data, quantity } from '../rpc/json/hex.ts'
import { toBlock, toHash, toWhole } from './arguments.ts'
import { addFetch, headerLine, type Printed, print, toEther } from './fetching.ts'
import type { Io } from './io.ts'
import type { ProbingOptions } from './probing.ts'

// Commands that fetch one thing from one node and print it: a line each for people, one JSON value for programs.

type HeaderQuery = { readonly amount: number; readonly skip: number; readonly reverse: boolean }

export function addHeaders(command: Command, io: Io): void {
  addFetch(command)
    .argument('[block]', 'of which block: number, 0x hash or latest', toBlock, 'head')
    .option('--amount <number>', 'how many', (text) => toWhole(text, 1, 1_024), 1)
    .option('--skip <number>', 'blocks to leave out between two', (text) => toWhole(text, 0, 1_000_000), 0)
    .option('--reverse', 'towards the genesis', false)
    .action((node: string, block: BlockId, options: ProbingOptions & HeaderQuery) =>
      print({ node, options, io }, async (peer) => {
        const headers = await fetchHeaders(peer, block, options)
        return { lines: headers.map(headerLine), json: headers.map(headerJson) }
      }),
    )
}

export function addBodies(command: Command, io: Io): void {
  addFetch(command)
    .argument('<blocks...>', 'number, 0x hash or latest', (text, others: BlockId[] = []) => [...others, toBlock(text)])
    .action((node: string, blocks: readonly BlockId[], options: ProbingOptions) =>
      print({ node, options, io }, (peer) =>
        each(blocks, async (block) => {
          const { header, body } = await fetchBody(peer, block)
          const hashes = Array.from(body.transactions, (item) => data(txHash(item)))
          const { count } = body.transactions
          const withdrawals = body.withdrawals ? `, ${body.withdrawals.count} withdrawals` : ''
          return {
            lines: [`${headerLine(header)}: ${count} transactions${withdrawals}`, ...hashes.map((hash) => `  ${hash}`)],
            json: [blockJson({ header, body }, hashes)],
          }
        }),
      ),
    )
}

export function addReceipts(command: Command, io: Io): void {
  addFetch(command)
    .argument('<blocks...>', 'number, 0x hash or latest', (text, others: BlockId[] = []) => [...others, toBlock(text)])
    .action((node: string, blocks: readonly BlockId[], options: ProbingOptions) =>
      print({ node, options, io }, (peer) =>
        each(blocks, async (block) => {
          const { header, receipts } = await fetchReceipts(peer, block)
          return {
            lines: [`${headerLine(header)}: ${receipts.length} receipts`, ...receipts.map(receiptLine)],
            json: [{ blockHash: data(header.hash), receipts: receipts.map(receiptJson) }],
          }
        }),
      ),
    )
}

export function addTx(command: Command, io: Io): void {
  addFetch(command)
    .argument('<hash>', '0x and 64 hex digits', toHash)
    .action((node: string, hash: Uint8Array, options: ProbingOptions) =>
      print({ node, options, io }, async (peer) => {
        const pooled = await fetchPooled(peer, hash)
        return { lines: txLines(pooled), json: txJson(pooled) }
      }),
    )
}

/** One after the other: a node serves one request at a time anyway. */
async function each(
  blocks: readonly BlockId[],
  fetch: (block: BlockId) => Promise<{ lines: readonly string[]; json: readonly unknown[] }>,
): Promise<Printed> {
  const printed: { lines: readonly string[]; json: readonly unknown[] }[] = []
  for (const block of blocks) printed.push(await fetch(block))
  return { lines: printed.flatMap(({ lines }) => lines), json: printed.flatMap(({ json }) => json) }
}

const receiptLine = (receipt: Receipt) =>
  `  ${outcome(receipt)}, type ${receipt.type}, ${receipt.cumulativeGasUsed} gas so far, ${receipt.logs.count} logs`

/** Before Byzantium a receipt does not say whether it succeeded. */
const outcome = ({ status, root }: Receipt) => (root ? `state root ${data(root)}` : status ? 'success' : 'failure')

const receiptJson = ({ type, status, root, cumulativeGasUsed, logs }: Receipt) => ({
  type: quantity(type),
  ...(root ? { root: data(root) } : { status: quantity(status ?? 0) }),
  cumulativeGasUsed: quantity(cumulativeGasUsed),
  logs: Array.from(logs, ({ address, topics, data: bytes }) => ({
    address: data(address),
    topics: topics.map(data),
    data: data(bytes),
  })),
})

function txLines({ tx, from, envelope }: Pooled): string[] {
  const { gasPrice, maxFeePerGas = 0n, maxPriorityFeePerGas } = tx
  const fee =
    gasPrice === undefined ? `at most ${maxFeePerGas} wei, ${maxPriorityFeePerGas} of it a tip` : `${gasPrice} wei`
  return [
    `${data(tx.hash)} type ${tx.type}, ${envelope.length} bytes`,
    `  from   ${data(from)}, nonce ${tx.nonce}`,
    `  to     ${tx.to ? data(tx.to) : 'a new contract'}, ${tx.data.length} bytes of input`,
    `  value  ${tx.value} wei, ${toEther(tx.value)} ether`,
    `  gas    ${tx.gas}, each for ${fee}`,
  ]
}

const txJson = ({ tx, from, envelope }: Pooled) => ({
  ...transactionJson(tx, from),
  size: quantity(envelope.length),
  raw: data(envelope),
})
