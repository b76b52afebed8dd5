import { decodeBody } from '../../protocols/chain/block.ts'
import { txEnvelope } from '../../protocols/chain/transaction.ts'
import { type Method, method } from '../rpc/api.ts'
import { data, quantity as toQuantity } from '../rpc/json/hex.ts'
import { PrintedJson } from '../rpc/json/print.ts'
import { hash, quantity } from '../rpc/params.ts'
import { listOf } from '../rpc/struct-params.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import { engineError } from './engine-errors.ts'
import type { EngineParts } from './engine-parts.ts'
import { withdrawalJson } from './json/block.ts'

/** Bodies of blocks that we have, canonical or not (execution-apis, ExecutionPayloadBodyV1 and V2). */
export function bodyMethods({ chain }: Pick<EngineParts, 'chain'>): Record<string, Method> {
  const byHash = (version: Version) =>
    method([listOf(hash, '[]common.Hash')], (hashes = []) => {
      checkCount(hashes.length, `${hashes.length}`)
      return printed(chain, hashes, version)
    })
  const byRange = (version: Version) =>
    method([quantity, quantity], (start, count) => printed(chain, canonicalHashes(chain, start, count), version))
  return {
    getPayloadBodiesByHashV1: byHash(1),
    getPayloadBodiesByHashV2: byHash(2),
    getPayloadBodiesByRangeV1: byRange(1),
    getPayloadBodiesByRangeV2: byRange(2),
  }
}

/** The second has the block's access list, too. */
type Version = 1 | 2
type BodyChain = EngineParts['chain']

/** BOUNDED: bodies in an answer, as geth's by range are. */
const maxBodies = 1_024
/** BOUNDED: characters of an answer, which is in memory as a whole. geth has no bound. */
const maxCharacters = 48 * 2 ** 20

function checkCount(count: number | bigint, shown: string): void {
  if (count > maxBodies) throw engineError('tooLargeRequest', `requested count too large: ${shown}`)
}

/** @returns those up to the head, upwards */
function canonicalHashes(chain: BodyChain, start: bigint, count: bigint): Uint8Array[] {
  const shown = { start: toQuantity(start), count: toQuantity(count) }
  if (start === 0n || count === 0n)
    throw engineError('invalidParams', `invalid start or count, start: ${shown.start} count: ${shown.count}`)
  checkCount(count, shown.count)
  const hashes: Uint8Array[] = []
  for (let number = start; number < start + count && number <= chain.head.number; number++)
    hashes.push(chain.canonicalHash(number)!)
  return hashes
}

function* printed(chain: BodyChain, hashes: readonly Uint8Array[], version: Version): Steps<PrintedJson> {
  const parts: string[] = []
  let part: string[] = []
  let [characters, inPart] = [0, 0]
  for (const piece of print(chain, hashes, version)) {
    yield
    characters += piece.length
    if (characters > maxCharacters) throw engineError('tooLargeRequest', 'the bodies are too large for one answer')
    part.push(piece)
    inPart += piece.length
    if (inPart < partCharacters) continue
    parts.push(part.join(''))
    part = []
    inPart = 0
  }
  return new PrintedJson([...parts, part.join('')])
}

/** Of what is sent at once. */
const partCharacters = 2 ** 16

/** Piece by piece: a body may have many transactions, and an answer many bodies. */
function* print(chain: BodyChain, hashes: readonly Uint8Array[], version: Version): Generator<string> {
  yield '['
  for (const [index, hash] of hashes.entries()) {
    if (index > 0) yield ','
    yield* printBody(chain, hash, version)
  }
  yield ']'
}

function* printBody(chain: BodyChain, hash: Uint8Array, version: Version): Generator<string> {
  const raw = chain.bodyByHash(hash)
  if (raw === undefined) return yield 'null'
  const { transactions, withdrawals } = decodeBody(raw)
  yield '{"transactions":'
  yield* printList(transactions.items(), (item) => `"${data(txEnvelope(item))}"`)
  yield ',"withdrawals":'
  if (withdrawals) yield* printList(withdrawals.items(), (item) => JSON.stringify(withdrawalJson(item)))
  else yield 'null'
  if (version === 2) {
    const list = chain.accessListByHash(hash)
    yield `,"blockAccessList":${list ? `"${data(list)}"` : 'null'}`
  }
  yield '}'
}

function* printList<Item>(items: Iterable<Item>, print: (item: Item) => string): Generator<string> {
  let separator = '['
  for (const item of items) {
    yield separator + print(item)
    separator = ','
  }
  yield separator === '[' ? '[]' : ']'
}
