import { type BlockBody, decodeBody } from '../../protocols/eth/block.ts'
import type { Header } from '../../protocols/eth/header.ts'
import { decodeReceipt, encodeReceipt, type Receipt } from '../../protocols/eth/receipt.ts'
import { txHash } from '../../protocols/eth/transaction.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import type { RlpItem } from '../../protocols/lib/rlp.ts'
import { listRoot } from '../chain/trie-root.ts'
import { InvalidBlock, verifyBody } from '../chain/verify.ts'
import { ScriptError } from '../harness/exchange.ts'
import type { ScriptedPeer } from '../harness/scripted-peer.ts'
import { isRemoteFault } from '../sub-protocols.ts'

// One thing from one peer. What can be checked against a hash is: a peer may say anything.

/** A block's number or hash, or the newest that the peer's Status tells. */
export type BlockId = bigint | Uint8Array | 'head'

/** @throws {NotServed} it has no such block @throws {ScriptError} it did not answer */
export async function fetchHeaders(
  peer: ScriptedPeer,
  block: BlockId,
  { amount, skip, reverse }: { readonly amount: number; readonly skip: number; readonly reverse: boolean },
): Promise<Header[]> {
  const origin = block === 'head' ? headHash(peer) : block
  const { headers } = await ask(peer.request('GetBlockHeaders', { origin, amount, skip, reverse }))
  const [first, ...others] = headers
  if (!first) throw new NotServed(`the node has no block ${name(block)}`)
  const isAsked = typeof origin === 'bigint' ? first.number === origin : equalBytes(first.hash, origin)
  if (!isAsked) throw new NotServed(`the node gave another block than ${name(block)}`)
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
  /** BOUNDED: by the answers of one block, each with something in it. */
  const receipts: Receipt[] = []
  for (let isMore = true; isMore; ) {
    const index = receipts.length
    const answer = await ask(peer.request('GetReceipts', { hashes: [header!.hash], firstBlockReceiptIndex: index }))
    const [list] = answer.receipts
    if (!list) throw new NotServed(`the node has no receipts of block ${name(block)}`)
    receipts.push(...Array.from(list.items(), (item) => decodeReceipt(item, peer.version!)))
    isMore = answer.lastBlockIncomplete && receipts.length > index
  }
  if (!equalBytes(listRoot(receipts.map(encodeReceipt)), header!.receiptsRoot))
    throw new NotServed(`the node gave receipts that are not those of block ${name(block)}`)
  return { header: header!, receipts }
}

/** @throws {NotServed} its pool does not have it */
export async function fetchPooled(peer: ScriptedPeer, hash: Uint8Array): Promise<RlpItem> {
  const { transactions } = await ask(peer.request('GetPooledTransactions', { hashes: [hash] }))
  const [item] = transactions
  if (!item) throw new NotServed(`the node has no transaction ${name(hash)} in its pool`)
  if (!equalBytes(txHash(item), hash)) throw new NotServed(`the node gave another transaction than ${name(hash)}`)
  return item
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
