import { bytesToHex } from '../lib/bytes.ts'
import type { ChainConfig } from './chain-config.ts'
import type { Header } from './header.ts'
import { signerAt } from './signer.ts'
import type { Transaction } from './transaction-fields.ts'
import { checkSignature, recoverSender, SenderError } from './transaction-sender.ts'

/** Who sent the transactions of a chain. Remembers those it was asked for last: to recover one takes 0.3 ms. */
export class Senders {
  readonly #config: ChainConfig
  /** By the hash in hex, the oldest first. BOUNDED: maxRemembered, 200 bytes each. */
  readonly #recovered = new Map<string, Uint8Array>()

  constructor(config: ChainConfig) {
    this.#config = config
  }

  /**
   * @param header of the block that has the transaction: its fork says what signatures hold
   * @returns 20 bytes: zeros, as in geth, when it has no valid signature
   */
  of(tx: Transaction, header: Header): Uint8Array {
    try {
      checkSignature(tx, signerAt(this.#config, header))
      return this.#recall(tx)
    } catch (error) {
      if (error instanceof SenderError) return zeroAddress
      throw error
    }
  }

  #recall(tx: Transaction): Uint8Array {
    const key = bytesToHex(tx.hash)
    const sender = this.#recovered.get(key) ?? recoverSender(tx)
    this.#recovered.delete(key)
    this.#recovered.set(key, sender)
    if (this.#recovered.size > maxRemembered) this.#recovered.delete(this.#recovered.keys().next().value!)
    return sender
  }
}

const maxRemembered = 16_384
const zeroAddress = new Uint8Array(20)
