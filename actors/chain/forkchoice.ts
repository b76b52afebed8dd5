import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import type { Steps } from '../runtime/time-slicer.ts'
import type { ChainReader } from './chain-reader.ts'
import type { Write } from './key-value-store.ts'
import { keys } from './schema.ts'

/** Which chain a consensus client holds to be the chain: hashes of 32 bytes. */
export type Forkchoice = Marks & { readonly head: Uint8Array }

/** Blocks below the head that a consensus client vouches for; a mark may be missing. */
export type Marks = { readonly safe?: Uint8Array | undefined; readonly finalized?: Uint8Array | undefined }

type BranchChain = Pick<ChainReader, 'headerByHash' | 'canonicalHash'>

/** @returns `head` and what it stands on, downwards to where it is canonical; @param head of a block that the chain has */
export function* branchDown(chain: BranchChain, head: Header): Generator<Header> {
  for (let at = head; !isCanonical(chain, at); at = chain.headerByHash(at.parentHash)!) yield at
}

/**
 * @returns copies of those marks that are given
 * @throws {ForkchoiceError} a block that `head` does not stand on
 */
export function* checkMarks(chain: BranchChain, head: Header, given: Marks): Steps<Marks> {
  const named = markNames.flatMap((name) => (given[name] ? [[name, given[name]] as const] : []))
  const wanted = new Set(named.map(([, hash]) => bytesToHex(hash)))
  const branch = new Set<string>()
  let bottom = head.number + 1n
  for (const block of branchDown(chain, head)) {
    const hash = bytesToHex(block.hash)
    if (wanted.has(hash)) branch.add(hash)
    bottom = block.number
    yield
  }
  for (const [name, hash] of named) {
    const block = namedBlock(chain, name, hash)
    const isBelow = block.number < bottom && isCanonical(chain, block)
    if (!isBelow && !branch.has(bytesToHex(hash))) throw new ForkchoiceError(name, 'not in canonical chain')
  }
  return Object.fromEntries(named.map(([name, hash]) => [name, hash.slice()]))
}

/** @throws {ForkchoiceError} the chain does not have it */
export function namedBlock(chain: BranchChain, name: keyof Forkchoice, hash: Uint8Array): Header {
  const header = chain.headerByHash(hash)
  if (header === undefined) throw new ForkchoiceError(name, 'not available in database')
  return header
}

const markNames = ['finalized', 'safe'] as const

function isCanonical(chain: BranchChain, { number, hash }: Header): boolean {
  const canonical = chain.canonicalHash(number)
  return canonical !== undefined && equalBytes(canonical, hash)
}

export const marksWrite = (marks: Marks): Write => ({ key: keys.forkchoice, value: encodeMarks(marks) })

/** As they are kept: one hash after the other, zeros for none. */
export function encodeMarks({ safe, finalized }: Marks): Uint8Array {
  const bytes = new Uint8Array(2 * hashLength)
  if (safe) bytes.set(safe)
  if (finalized) bytes.set(finalized, hashLength)
  return bytes
}

/** @returns undefined for bytes that are no marks */
export function decodeMarks(bytes: Uint8Array): Marks | undefined {
  if (bytes.length !== 2 * hashLength) return undefined
  const hashAt = (start: number) => {
    const hash = bytes.slice(start, start + hashLength)
    return hash.some((byte) => byte !== 0) ? hash : undefined
  }
  return { safe: hashAt(0), finalized: hashAt(hashLength) }
}

const hashLength = 32

/** A consensus client names a block that cannot be what it is to be. */
export class ForkchoiceError extends Error {
  override readonly name = 'ForkchoiceError'
  readonly block: keyof Forkchoice

  constructor(block: keyof Forkchoice, reason: 'not available in database' | 'not in canonical chain') {
    super(`${block === 'finalized' ? 'final' : block} block ${reason}`)
    this.block = block
  }
}
