import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { nodeCiphers } from '../../actors/ciphers.ts'
import { type Handshake, type HandshakeResult, initiate, respond } from '../../protocols/rlpx/handshake.ts'
import { RlpxSession } from '../../protocols/rlpx/session.ts'
import { FrameWriter } from './frame-writer.ts'

export type WireListener = {
  message(code: number, payload: Uint8Array): void
  /** Once. `error`: what came was no frame. */
  closed(error?: Error): void
}

export type WireOptions = {
  /** 32 bytes. */
  readonly privateKey: Uint8Array
  /** Whom we dialed; without it the other side begins. */
  readonly remotePublicKey?: Uint8Array | undefined
  /** Cuts what is sent into pieces, each written when the one before has left. */
  readonly cut?: ((bytes: Uint8Array) => Iterable<Uint8Array>) | undefined
}

/** The transport under a scripted peer: a TCP socket, bytes, and after the handshake frames. */
export class Wire {
  readonly #socket: Socket
  readonly #options: WireOptions
  readonly #listener: WireListener
  /** What came before the handshake was begun. BOUNDED: maxEarlyChunks. */
  readonly #early: Uint8Array[] = []
  #handshake: PendingHandshake | undefined
  #session: RlpxSession | undefined
  #writer: FrameWriter | undefined
  #cutting: Promise<void> = Promise.resolve()
  #isClosed = false

  /** @param socket connected */
  constructor(socket: Socket, options: WireOptions, listener: WireListener) {
    this.#socket = socket
    this.#options = options
    this.#listener = listener
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.on('error', () => {}) // a reset is a close too
    socket.on('close', () => this.close())
    socket.on('end', () => this.close())
    socket.resume()
  }

  /** What frames are made with, once the handshake is done. */
  get writer(): FrameWriter | undefined {
    return this.#writer
  }

  /** Does the encryption handshake, in whichever role. @throws it failed, or the connection closed */
  secure(): Promise<void> {
    const { privateKey, remotePublicKey } = this.#options
    const identity = { privateKey, entropy: randomBytes, ciphers: nodeCiphers }
    return new Promise((resolve, reject) => {
      const done = (error?: Error) => (error ? reject(error) : resolve())
      if (remotePublicKey) {
        const state = initiate({ ...identity, remotePublicKey })
        this.write(state.packet)
        this.#handshake = { state, done }
      } else this.#handshake = { state: respond(identity), done }
      for (const chunk of this.#early.splice(0)) this.#receive(chunk)
      if (this.#isClosed) done(new Error('closed'))
    })
  }

  /** What comes from here on is compressed. */
  readSnappy(): void {
    this.#session?.enableSnappy()
  }

  /** @returns false when the other side reads too slowly */
  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return false
    const { cut } = this.#options
    if (!cut) return this.#socket.write(bytes)
    this.#cutting = this.#cutting.then(() => this.#writePieces(cut(bytes)))
    return true
  }

  /** All that was written has been taken, or the connection is over. */
  async drained(): Promise<void> {
    while (!this.#isClosed && this.#socket.writableNeedDrain)
      await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')])
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(error?: Error): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.destroy()
    this.#session?.free()
    this.#session = undefined
    this.#listener.closed(error)
    this.#handshake?.done(new Error('closed'))
    this.#handshake = undefined
  }

  async #writePieces(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces)
      if (!this.#isClosed) await new Promise<unknown>((written) => this.#socket.write(piece, written))
  }

  #receive(chunk: Uint8Array): void {
    if (this.#handshake) this.#receiveHandshake(this.#handshake, chunk)
    else if (this.#session) this.#receiveFrames(chunk)
    else if (this.#early.length < maxEarlyChunks) this.#early.push(chunk)
  }

  #receiveHandshake({ state, done }: PendingHandshake, chunk: Uint8Array): void {
    try {
      if (state.receive(chunk)) this.#begin(state.finish())
    } catch (error) {
      this.#handshake = undefined
      done(error as Error)
    }
  }

  #begin({ secrets, reply, rest }: HandshakeResult): void {
    const done = this.#handshake!.done
    this.#handshake = undefined
    if (reply) this.write(reply)
    this.#session = new RlpxSession(secrets, nodeCiphers)
    this.#writer = new FrameWriter(secrets)
    done()
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
      this.close(error as Error)
    }
  }
}

type PendingHandshake = { readonly state: Handshake; readonly done: (error?: Error) => void }

const maxEarlyChunks = 16
