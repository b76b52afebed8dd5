import { emptyAccessListHash } from '../../protocols/chain/block-access-list.ts'
import { decodeHeader, type Header } from '../../protocols/chain/header.ts'
import { verifyBodySteps } from '../../protocols/chain/verify.ts'
import { equalBytes } from '../../protocols/lib/bytes.ts'
import type { LazyList } from '../../protocols/lib/lazy-list.ts'
import type { NewBlock } from './chain-port.ts'
import type { FetchedList } from './fetched-lists.ts'

/**
 * What a sync has fetched and not imported yet, by number. All of it is copied: a view keeps the message that it came in,
 * and a message may end in anything.
 */
export class DownloadBuffer {
  /**
   * Hashes of the skeleton, and of blocks we share with it; none below the last that was taken. BOUNDED: maxSkeleton, and
   * one for each of 64 probes.
   */
  readonly #anchors = new Map<bigint, Uint8Array>()
  /** Verified headers. BOUNDED: maxAhead, and jobs under way. */
  readonly #headers = new Map<bigint, Header>()
  /** RLP of verified bodies. BOUNDED: maxUndeliveredBytes, and jobs under way. */
  readonly #bodies = new Map<bigint, Uint8Array>()
  /** Access lists with the hashes that their headers have. BOUNDED: maxUndeliveredListBytes, and requests under way. */
  readonly #lists = new Map<bigint, Uint8Array>()

  readonly #discarded = new AbortController()

  /** Aborted once its sync is over: nothing that is done with what was here is wanted any more. */
  get discarded(): AbortSignal {
    return this.#discarded.signal
  }

  /** Remembers an anchor that is not known yet. */
  anchorAt(number: bigint, hash: () => Uint8Array): void {
    if (!this.#anchors.has(number)) this.#anchors.set(number, hash())
  }

  /** @param headers linked, of one segment @returns whether they meet the skeleton at both ends */
  fits(headers: readonly Header[]): boolean {
    const [first, last] = [headers[0]!, headers.at(-1)!]
    return this.#isAnchor(first.number - 1n, first.parentHash) && this.#isAnchor(last.number, last.hash)
  }

  addHeaders(headers: readonly Header[]): void {
    for (const { number, raw } of headers) this.#headers.set(number, decodeHeader(raw.slice()))
  }

  /** @returns the headers from `first` to `last`, both included */
  headers(first: bigint, last: bigint): Header[] {
    const headers: Header[] = []
    for (let number = first; number <= last; number++) headers.push(this.#headers.get(number)!)
    return headers
  }

  /**
   * Takes bodies of `headers`, in their order, as far as they go.
   * @throws {MalformedItem} one is no body, before any is taken
   * @throws {InvalidBlock} one is not the body of its header
   */
  *readBodies(
    headers: readonly Header[],
    bodies: LazyList<unknown>,
  ): Generator<void, { count: number; bytes: number }> {
    let count = 0
    let bytes = 0
    for (const _ of bodies) yield
    for (const item of bodies.items()) {
      const header = headers[count++]!
      const raw = item.raw.slice()
      yield* verifyBodySteps(header, raw)
      this.#bodies.set(header.number, raw)
      bytes += raw.length
      yield
    }
    return { count, bytes }
  }

  /** @returns those of `headers` whose block has an access list that must be asked for */
  listed(headers: readonly Header[]): bigint[] {
    const isListed = ({ balHash }: Header) => balHash !== undefined && !equalBytes(balHash, emptyAccessListHash)
    return headers.filter(isListed).map(({ number }) => number)
  }

  header(number: bigint): Header {
    return this.#headers.get(number)!
  }

  /** @returns whether its block is still here, and so is the list now: it is imported with it */
  addList({ header, accessList }: FetchedList): boolean {
    const isHere = this.#headers.get(header.number) === header
    if (isHere) this.#lists.set(header.number, accessList)
    return isHere
  }

  /** @returns the blocks after `after` up to `last`, which are forgotten, and the bytes of their bodies and lists */
  take(after: bigint, last: bigint): { blocks: NewBlock[]; bytes: number; listBytes: number } {
    const blocks = this.headers(after + 1n, last).map((header) => ({
      header,
      body: this.#bodies.get(header.number)!,
      accessList: this.#lists.get(header.number),
    }))
    for (const { header } of blocks) {
      this.#headers.delete(header.number)
      this.#bodies.delete(header.number)
      this.#lists.delete(header.number)
    }
    for (const number of this.#anchors.keys()) if (number < last) this.#anchors.delete(number)
    return {
      blocks,
      bytes: blocks.reduce((sum, { body }) => sum + body.length, 0),
      listBytes: blocks.reduce((sum, { accessList }) => sum + (accessList?.length ?? 0), 0),
    }
  }

  /** Its sync is over: nothing is here any more, for whatever comes late. */
  discard(): void {
    this.#discarded.abort()
    for (const all of [this.#anchors, this.#headers, this.#bodies, this.#lists]) all.clear()
  }

  #isAnchor(number: bigint, hash: Uint8Array): boolean {
    const anchor = this.#anchors.get(number)
    return anchor !== undefined && equalBytes(anchor, hash)
  }
}
