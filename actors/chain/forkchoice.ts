import type { Header } from '../../protocols/chain/header.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { ChainReader } from './chain-reader.ts'

/** Which chain a consensus client holds to be the chain: hashes of 32 bytes. */
export type Forkchoice = Marks & { readonly head: Uint8Array }

/** Blocks below the head that a consensus client vouches for; a mark may be missing. */
export type Marks = { readonly safe?: Uint8Array | undefined; readonly finalized?: Uint8Array | undefined }

type BranchChain = Pick<ChainReader, 'headerByHash' | 'canonicalHash'>

/** @returns `head` and what it stands on, downwards to where it is canonical; @param head of a block that the chain has */
export function* branchDown(chain: BranchChain, head: Header): Generator<Header> {
  for (let at = head; !isCanonical(chain, at); at = chain.headerByHash(at.parentHash)!) yield at
}

function isCanonical(chain: BranchChain, { number, hash }: Header): boolean {
  const canonical = chain.canonicalHash(number)
  return canonical !== undefined && equalBytes(canonical, hash)
}

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
