import type { Ciphers } from '../../protocols/rlpx/ciphers.ts'
import { type Handshake, initiate, respond } from '../../protocols/rlpx/handshake.ts'
import { formatKeyLogLine } from '../../protocols/rlpx/key-log.ts'
import type { Secrets } from '../../protocols/rlpx/secrets.ts'
import { RlpxSession } from '../../protocols/rlpx/session.ts'
import type { KeyLog } from '../keylog/key-log-file.ts'
import type { Entropy } from '../runtime/runtime.ts'
import { type HandshakePacket, receivedPacket, sentPacket } from '../trace/handshake-packet.ts'

export type EncryptionHandshakeOptions = {
  /** 32 bytes. */
  readonly privateKey: Uint8Array
  /** Its public key, when it is known. */
  readonly publicKey?: Uint8Array
  /** Whom we dialed; without it the remote begins. */
  readonly remotePublicKey?: Uint8Array | undefined
  readonly entropy: Entropy
  readonly ciphers: Ciphers
  /** Gets the keys of the session. */
  readonly keyLog?: KeyLog | undefined
  /** Sends our packet. */
  write(packet: Uint8Array): void
  /** A packet went or came: each is reported once, also one that is no packet of EIP-8, or has not come whole. */
  shook(packet: HandshakePacket): void
}

/** What a handshake comes to. */
export type Encrypted = {
  readonly session: RlpxSession
  readonly secrets: Secrets
  /** The remote's node key, 64 bytes. */
  readonly remotePublicKey: Uint8Array
  /** The first bytes of the frames, as far as they came with the packet. */
  readonly rest: Uint8Array
}

/** geth's doEncHandshake: auth and ack on one connection, in either role. */
export class EncryptionHandshake {
  readonly #options: EncryptionHandshakeOptions
  readonly #handshake: Handshake
  #isReported = false

  /** Sends auth, if we dialed. */
  constructor(options: EncryptionHandshakeOptions) {
    const { remotePublicKey, write, shook } = options
    this.#options = options
    if (!remotePublicKey) this.#handshake = respond(options)
    else {
      const handshake = initiate({ ...options, remotePublicKey })
      write(handshake.packet)
      shook(sentPacket('auth', handshake.packet.length))
      this.#handshake = handshake
    }
  }

  /**
   * Takes the next bytes of the stream, in any chunking.
   * @returns whether their packet is complete: `finish` is next
   * @throws {RlpxError} 'message too big'
   */
  receive(chunk: Uint8Array): boolean {
    return this.#handshake.receive(chunk)
  }

  /**
   * Opens their packet, and answers auth with ack; 1 to 2 ms.
   * @throws {RlpxError} 'handshake'
   */
  finish(): Encrypted {
    const { ciphers, keyLog, write, shook } = this.#options
    const { secrets, remotePublicKey, reply, rest } = this.#open()
    if (reply) {
      write(reply)
      shook(sentPacket('ack', reply.length))
    }
    keyLog?.(formatKeyLogLine(secrets, this.#isInitiator))
    return { session: new RlpxSession(secrets, ciphers), secrets, remotePublicKey, rest }
  }

  /** The connection is over: what has come of their packet is reported. */
  abandon(): void {
    if (this.#handshake.received > 0) this.#report()
  }

  get #isInitiator(): boolean {
    return this.#options.remotePublicKey !== undefined
  }

  #open() {
    try {
      const result = this.#handshake.finish()
      this.#report(result.remoteVersion)
      return result
    } catch (error) {
      this.#report()
      throw error
    }
  }

  #report(version?: number): void {
    if (this.#isReported) return
    this.#isReported = true
    this.#options.shook(receivedPacket(this.#isInitiator ? 'ack' : 'auth', this.#handshake.received, version))
  }
}
