import { setImmediate } from 'node:timers/promises'
import type { Header } from '../../protocols/eth/header.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { ChainReader } from './chain.ts'

/** Which chain a consensus client holds to be the chain: hashes of 32 bytes. */
export type Forkchoice = Marks & { readonly head: Uint8Array }

/** Blocks below the head that a consensus client vouches for; a mark may be missing. */
export type Marks = { readonly safe?: Uint8Array | undefined; readonly finalized?: Uint8Array | undefined }

type BranchChain = Pick<ChainReader, 'headerByHash' | 'canonicalHash'>

/** What a block stands on, down to where it is canonical already. */
export class Branch {
  readonly #chain: BranchChain
  readonly #base: Header
  /** Of the blocks above the base, upwards. BOUNDED: by the chain, 32 bytes a block. */
  readonly #hashes: readonly Uint8Array[]

  private constructor(chain: BranchChain, base: Header, hashes: readonly Uint8Array[]) {
    this.#chain = chain
    this.#base = base
    this.#hashes = hashes
  }

  /** @param head a block that `chain` has, and with it all that it stands on */
  static async down(chain: BranchChain, head: Header): Promise<Branch> {
    const hashes: Uint8Array[] = []
    let at = head
    while (!isCanonical(chain, at)) {
      hashes.push(at.hash)
      at = chain.headerByHash(at.parentHash)!
      if (hashes.length % stepsInTurn === 0) await setImmediate()
    }
    return new Branch(chain, at, hashes.reverse())
  }

  /** Whether the block is on the branch or below it. */
  holds({ number, hash }: Header): boolean {
    const height = number - this.#base.number
    const here = height > 0n ? this.#hashes[Number(height) - 1] : this.#chain.canonicalHash(number)
    return here !== undefined && equalBytes(here, hash)
  }

  /** The blocks to make canonical, upwards, in parts that fit in one write; of a branch without any, its base. */
  *parts(): Generator<{ readonly blocks: readonly Header[]; readonly isLast: boolean }> {
    if (this.#hashes.length === 0) yield { blocks: [this.#base], isLast: true }
    for (let at = 0; at < this.#hashes.length; at += partLength) {
      const blocks = this.#hashes.slice(at, at + partLength).map((hash) => this.#chain.headerByHash(hash)!)
      yield { blocks, isLast: at + partLength >= this.#hashes.length }
    }
  }
}

/** BOUNDED: blocks of one write. A reorganisation that is not longer is there as a whole or not at all. */
const partLength = 1_024
const stepsInTurn = 1_024

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
