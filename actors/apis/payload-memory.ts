import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'

/** What a consensus client has sent that is not in the chain: headers without a parent, and blocks that cannot be. */
export class PayloadMemory {
  /** By hash. BOUNDED: maxHeaders, the oldest go. */
  readonly #headers = new Map<string, Header>()
  /** The bad block that a block is or stands on, by the block's hash. BOUNDED: maxRejected, the oldest go. */
  readonly #rejected = new Map<string, BadBlock>()
  /** How often somebody came back to a bad block. BOUNDED: maxRejected, the oldest go. */
  readonly #hits = new Map<string, number>()

  remember(header: Header): void {
    put(this.#headers, bytesToHex(header.hash), header, maxHeaders)
  }

  header(hash: Uint8Array): Header | undefined {
    return this.#headers.get(bytesToHex(hash))
  }

  /** @param parent of the block, as it says itself */
  reject(hash: Uint8Array, parent: Uint8Array): void {
    const bad = bytesToHex(hash)
    put(this.#rejected, bad, { hash: bad, parent }, maxRejected)
    put(this.#hits, bad, 0, maxRejected)
  }

  /**
   * A block that is asked for again and again is tried anew: it may have been our mistake (geth's invalidBlockHitEviction).
   * @returns the bad block because of which `block` is bad, if it is: `hash`, itself or its parent, or what that stands on
   */
  rejected(hash: Uint8Array, block: Uint8Array = hash): BadBlock | undefined {
    const bad = this.#rejected.get(bytesToHex(hash))
    if (bad === undefined) return undefined
    const hits = (this.#hits.get(bad.hash) ?? 0) + 1
    this.#hits.set(bad.hash, hits)
    if (hits >= maxHits) {
      for (const [hash, of] of this.#rejected) if (of.hash === bad.hash) this.#rejected.delete(hash)
      this.#hits.delete(bad.hash)
      return undefined
    }
    put(this.#rejected, bytesToHex(block), bad, maxRejected)
    return bad
  }
}

/** In hex digits, and 32 bytes. */
type BadBlock = { readonly hash: string; readonly parent: Uint8Array }

/** geth's maxTrackedHeaders, invalidTipsetsCap and invalidBlockHitEviction. */
const maxHeaders = 96
const maxRejected = 512
const maxHits = 128

function put<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > limit) map.delete(oldest!)
}
