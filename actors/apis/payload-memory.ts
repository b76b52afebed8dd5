import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'

/** What a consensus client has sent that is not in the chain: headers without a parent, and blocks that cannot be. */
export class PayloadMemory {
  /** By hash. BOUNDED: maxHeaders, the oldest go. */
  readonly #headers = new Map<string, Header>()
  /** The bad block that a block is or stands on, by the block's hash. BOUNDED: maxRejected, the oldest go. */
  readonly #rejected = new Map<string, string>()
  /** How often somebody came back to a bad block. BOUNDED: maxRejected, the oldest go. */
  readonly #hits = new Map<string, number>()

  remember(header: Header): void {
    put(this.#headers, bytesToHex(header.hash), header, maxHeaders)
  }

  header(hash: Uint8Array): Header | undefined {
    return this.#headers.get(bytesToHex(hash))
  }

  reject(hash: Uint8Array): void {
    const bad = bytesToHex(hash)
    put(this.#rejected, bad, bad, maxRejected)
    put(this.#hits, bad, 0, maxRejected)
  }

  /**
   * Whether a block is bad because `hash` is, itself or its parent. A block that is asked for again and again is tried
   * anew: it may have been our mistake (geth's invalidBlockHitEviction).
   */
  isRejected(hash: Uint8Array, block: Uint8Array = hash): boolean {
    const bad = this.#rejected.get(bytesToHex(hash))
    if (bad === undefined) return false
    const hits = (this.#hits.get(bad) ?? 0) + 1
    this.#hits.set(bad, hits)
    if (hits >= maxHits) {
      for (const [hash, of] of this.#rejected) if (of === bad) this.#rejected.delete(hash)
      this.#hits.delete(bad)
      return false
    }
    put(this.#rejected, bytesToHex(block), bad, maxRejected)
    return true
  }
}

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
