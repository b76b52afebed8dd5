import { type BlockBody, decodeBody } from '../../protocols/chain/block.ts'
import type { Header } from '../../protocols/chain/header.ts'
import { encodeReceipt, type Receipt } from '../../protocols/chain/receipt.ts'
import { txEnvelope, txHash, withoutBlobs } from '../../protocols/chain/transaction.ts'
import { decodeTransaction, legacyChainId, type Transaction } from '../../protocols/chain/transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from '../../protocols/chain/transaction-sender.ts'
import { listRoot } from '../../protocols/chain/trie-root.ts'
import { InvalidBlock, verifyBody } from '../../protocols/chain/verify.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { isRemoteFault } from '../../protocols/sub-protocols.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'

// One thing from one peer. What can be checked against a hash is: a peer may say anything.

/** A block's number or hash, or the newest of the peer's Status. */
export type BlockId = bigint | Uint8Array | 'head'

type HeaderQuery = { readonly amount: number; readonly skip: number; readonly reverse: boolean }

/** @throws {NotServed} it has no such block, or gave what was not asked for @throws {NoAnswer} none came */
export async function fetchHeaders(
  peer: ScriptedPeer,
  block: BlockId,
  { amount, skip, reverse }: HeaderQuery,
): Promise<Header[]> {
  const origin = block === 'head' ? headHash(peer) : block
  const { headers } = await ask(peer.request('GetBlockHeaders', { origin, amount, skip, reverse }))
  if (headers.count > amount)
    throw new NotServed(`the node gave ${headers.count} headers where ${amount} were asked for`)
  const [first, ...others] = headers
  if (!first) throw new NotServed(`the node has no block ${name(block)}`)
  const isAsked = typeof origin === 'bigint' ? first.number === origin : equalBytes(first.hash, origin)
  if (!isAsked) throw new NotServed(`the node gave another block than ${name(block)}`)
  checkSequence([first, ...others], { skip, reverse })
  return [first, ...others]
}

/** @throws {NotServed} it has none of them, or its body is not that of the header */
export async function fetchBody(peer: ScriptedPeer, block: BlockId): Promise<{ header: Header; body: BlockBody }> {
  const [header] = await fetchHeaders(peer, block, { amount: 1, skip: 0, reverse: false })
  const { bodies } = await ask(peer.request('GetBlockBodies', { hashes: [header!.hash] }))
  const [raw] = Array.from(bodies.items(), (item) => item.raw)
  if (!raw) throw new NotServed(`the node has no body of block ${name(block)}`)
  try {
    verifyBody(header!, raw)
  } catch (error) {
    if (error instanceof InvalidBlock) throw new NotServed(`the node gave a wrong body: ${error.message}`)
    throw error
  }
  return { header: header!, body: decodeBody(raw) }
}

/** Asks on while an answer says that there is more (EIP-7975). @throws {NotServed} as {@link fetchBody} */
export async function fetchReceipts(
  peer: ScriptedPeer,
  block: BlockId,
): Promise<{ header: Header; receipts: Receipt[] }> {
  const [header] = await fetchHeaders(peer, block, { amount: 1, skip: 0, reverse: false })
  /** BOUNDED: mostReceipts and maxReceiptBytes, which no answer may exceed, and each but the last brings something. */
  const receipts: Receipt[] = []
  let bytes = 0
  for (let isMore = true; isMore; ) {
    const index = receipts.length
    const answer = await ask(peer.request('GetReceipts', { hashes: [header!.hash], firstBlockReceiptIndex: index }))
    const [list] = answer.receipts
    if (!list) throw new NotServed(`the node has no receipts of block ${name(block)}`)
    bytes += list.raw.length
    if (index + list.count > mostReceipts(header!) || bytes > maxReceiptBytes)
      throw new NotServed(`the node gave receipts that are not those of block ${name(block)}: more than its gas allows`)
    isMore = answer.lastBlockIncomplete
    if (isMore && list.count === 0)
      throw new NotServed(`the node says that block ${name(block)} has more receipts, and gives none`)
    for (const receipt of list) receipts.push(receipt)
  }
  if (!equalBytes(listRoot(receipts.map(encodeReceipt)), header!.receiptsRoot))
    throw new NotServed(`the node gave receipts that are not those of block ${name(block)}`)
  return { header: header!, receipts }
}

/** A transaction that waits for a block. */
export type Pooled = {
  readonly tx: Transaction
  /** 20 bytes. */
  readonly from: Uint8Array
  /** What is hashed: without the blobs that it carries in a pool. */
  readonly envelope: Uint8Array
}

/** @throws {NotServed} its pool does not have it, or what it gave is not it, or has no valid signature */
export async function fetchPooled(peer: ScriptedPeer, hash: Uint8Array): Promise<Pooled> {
  const { transactions } = await ask(peer.request('GetPooledTransactions', { hashes: [hash] }))
  const [item] = transactions
  if (!item) throw new NotServed(`the node has no transaction ${name(hash)} in its pool`)
  if (!equalBytes(txHash(item), hash)) throw new NotServed(`the node gave another transaction than ${name(hash)}`)
  const bare = withoutBlobs(item)
  const tx = decodeTransaction(bare)
  try {
    checkSignature(tx, { chainId: tx.type > 0 ? tx.chainId : legacyChainId(tx.v), lowS: true, highestType: 4 })
    return { tx, from: recoverSender(tx), envelope: txEnvelope(bare) }
  } catch (error) {
    if (error instanceof SenderError) throw new NotServed(`the node gave a transaction with ${error.message}`)
    throw error
  }
}

/** @throws {NotServed} the answer is malformed @throws {NoAnswer} none came */
export async function ask<Answer>(asked: Promise<Answer>): Promise<Answer> {
  return asked.catch((error) => {
    if (error instanceof ScriptError && isRemoteFault(error.cause))
      throw new NotServed(`what the node gave is malformed: ${error.cause.message}`)
    if (error instanceof ScriptError) throw new NoAnswer(error.message.split('\n')[0]!, { cause: error })
    throw error
  })
}

/** As geth's skeleton checks them. @throws {NotServed} they are not the ones that lie `skip` apart, or are not linked */
function checkSequence(headers: readonly Header[], { skip, reverse }: Omit<HeaderQuery, 'amount'>): void {
  const step = BigInt(skip + 1) * (reverse ? -1n : 1n)
  for (const [i, header] of headers.slice(1).entries()) {
    const before = headers[i]!
    const number = before.number + step
    if (header.number !== number)
      throw new NotServed(`the node gave header ${header.number} where ${number} was asked for`)
    const [parent, child] = reverse ? [header, before] : [before, header]
    if (skip === 0 && !equalBytes(child.parentHash, parent.hash))
      throw new NotServed(
        `the node gave headers ${parent.number} and ${child.number}, and one is not the other's parent`,
      )
  }
}

/** A header that was asked for by number may claim any gas, hence the second. */
const mostReceipts = ({ gasUsed, balHash }: Header) =>
  Math.min(Number(gasUsed / (balHash === undefined ? minTxGas : minTxGasOfAmsterdam)), 100_000)
/** 21,000, of which half was refunded at most (Yellow Paper before EIP-3529). */
const minTxGas = 10_500n
/** As geth has it (eth/protocols/eth/peer.go); of the gas that its receipts count, a block uses more or less (EIP-8037). */
const minTxGasOfAmsterdam = 4_500n
const maxReceiptBytes = 64 * 1024 * 1024

function headHash({ theirStatus }: ScriptedPeer): Uint8Array {
  const status = theirStatus! // it runs
  return 'range' in status ? status.range.latestHash : status.head
}

const name = (block: BlockId) => (block instanceof Uint8Array ? `0x${bytesToHex(block)}` : `${block}`)

/** The peer answered, and not with what was asked for. */
export class NotServed extends Error {
  override readonly name = 'NotServed'
}

/** The peer hung up, or let the time pass. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}
