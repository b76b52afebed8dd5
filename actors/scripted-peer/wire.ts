import { setImmediate } from 'node:timers/promises'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import { plainDisconnect } from '../../protocols/plain-disconnect.ts'
import { RlpxError } from '../../protocols/rlpx/rlpx-error.ts'
import type { RlpxSession } from '../../protocols/rlpx/session.ts'
import type { KeyLog } from '../keylog/key-log-file.ts'
import type { Stream } from '../p2p/connection.ts'
import { type Encrypted, EncryptionHandshake } from '../p2p/encryption-handshake.ts'
import { nodeCiphers } from '../runtime/ciphers.ts'
import type { Entropy } from '../runtime/runtime.ts'
import { guard } from '../runtime/supervision.ts'
import type { HandshakePacket } from '../trace/handshake-packet.ts'
import { FrameWriter } from './frame-writer.ts'

export type WireListener = {
  /** A packet of the handshake went or came. */
  shook(packet: HandshakePacket): void
  secured(remotePublicKey: Uint8Array): void
  message(code: number, payload: Uint8Array): void
  /** Once. `error`: what came was no handshake or no frame, or the system's word on how the stream ended. */
  closed(error?: Error): void
  /** A bug of ours in what was done with what came. */
  crashed(error: unknown): void
}

export type WireOptions = {
  /** 32 bytes. */
  readonly privateKey: Uint8Array
  /** Whom we dialed; without it the other side begins. */
  readonly remotePublicKey?: Uint8Array | undefined
  readonly entropy: Entropy
  /** Gets the keys of the session. */
  readonly keyLog?: KeyLog | undefined
  /** Cuts what is sent into pieces, each written when the one before has left. */
  readonly cut?: ((bytes: Uint8Array) => Iterable<Uint8Array>) | undefined
}

/** The transport under a scripted peer: a stream of bytes, and after the handshake frames. */
export class Wire {
  readonly #stream: Stream
  readonly #options: WireOptions
  readonly #listener: WireListener
  /** What came before the handshake was begun. BOUNDED: maxEarlyChunks. */
  readonly #early: Uint8Array[] = []
  #handshake: EncryptionHandshake | undefined
  #session: RlpxSession | undefined
  #writer: FrameWriter | undefined
  #cutting: Promise<void> = Promise.resolve()
  /** Waits for the stream to take what was written. BOUNDED: by the script, which waits for one thing at a time. */
  readonly #waiters = new Set<() => void>()
  #opening = new Uint8Array(0)
  #isFull = false
  #isClosed = false

  constructor(stream: Stream, options: WireOptions, listener: WireListener) {
    this.#stream = stream
    this.#options = options
    this.#listener = listener
    stream.listen({
      data: (chunk) => this.#guard(() => this.#receive(chunk)),
      drain: () => this.#guard(() => this.#drained()),
      closed: (error) => this.#guard(() => this.close(error)),
    })
    stream.resume()
  }

  /** What the other side's stream began with. BOUNDED: openingBytes. */
  get opening(): Uint8Array {
    return this.#opening
  }

  /** What frames are made with, once the handshake is done. */
  get writer(): FrameWriter | undefined {
    return this.#writer
  }

  /** Does the encryption handshake, in whichever role: `secured` or `closed` follows. */
  secure(): void {
    this.#handshake = new EncryptionHandshake({
      ...this.#options,
      ciphers: nodeCiphers,
      write: (packet) => this.write(packet),
      shook: (packet) => this.#listener.shook(packet),
    })
    for (const chunk of this.#early.splice(0)) this.#receive(chunk)
  }

  /** What comes from here on is compressed. */
  readSnappy(): void {
    this.#session?.enableSnappy()
  }

  /** @returns false when the other side reads too slowly */
  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return false
    const { cut } = this.#options
    if (!cut) return this.#write(bytes)
    this.#cutting = this.#cutting.then(() => this.#writePieces(cut(bytes)))
    return true
  }

  /** All that was written has been taken, or the connection is over. */
  async drained(): Promise<void> {
    while (!this.#isClosed && this.#isFull) await new Promise<void>((resolve) => this.#waiters.add(resolve))
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  close(error?: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stream.destroy()
    this.#handshake?.abandon()
    this.#handshake = undefined
    this.#session?.free()
    this.#session = undefined
    this.#drained()
    this.#listener.closed(error)
  }

  #guard(work: () => void): void {
    guard(work, (error) => this.#listener.crashed(error))
  }

  #write(bytes: Uint8Array): boolean {
    const mayGoOn = this.#stream.write(bytes)
    if (!mayGoOn) this.#isFull = true
    return mayGoOn
  }

  async #writePieces(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      if (this.#isClosed) return
      this.#write(piece)
      await setImmediate()
      await this.drained()
    }
  }

  #drained(): void {
    this.#isFull = false
    for (const resume of this.#waiters) resume()
    this.#waiters.clear()
  }

  #receive(chunk: Uint8Array): void {
    if (this.#opening.length < openingBytes)
      this.#opening = concatBytes(this.#opening, chunk.subarray(0, openingBytes - this.#opening.length))
    if (this.#handshake) this.#receiveHandshake(this.#handshake, chunk)
    else if (this.#session) this.#receiveFrames(chunk)
    else if (this.#early.length < maxEarlyChunks) this.#early.push(chunk)
  }

  #receiveHandshake(handshake: EncryptionHandshake, chunk: Uint8Array): void {
    let encrypted: Encrypted
    try {
      if (!handshake.receive(chunk)) return
      encrypted = handshake.finish()
    } catch (error) {
      if (!(error instanceof RlpxError)) throw error
      return void this.close(error)
    }
    this.#begin(encrypted)
  }

  #begin({ session, secrets, remotePublicKey, rest }: Encrypted): void {
    this.#handshake = undefined
    this.#session = session
    this.#writer = new FrameWriter(secrets)
    this.#listener.secured(remotePublicKey)
    this.#receiveFrames(rest)
  }

  #receiveFrames(chunk: Uint8Array): void {
    try {
      this.#session?.push(chunk)
      while (this.#session?.hasWork) {
        const message = this.#session.next()
        if (message) this.#listener.message(message.code, message.payload)
      }
    } catch (error) {
      if (!(error instanceof RlpxError)) throw error
      const disconnect = plainDisconnect(error)
      if (disconnect) this.#listener.message(disconnect.code, disconnect.payload)
      this.close(disconnect ? undefined : error)
    }
  }
}

const maxEarlyChunks = 16
const openingBytes = 16
