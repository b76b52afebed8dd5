import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { nodeCiphers } from '../../actors/runtime/ciphers.ts'
import { type Enode, parseEnode } from '../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { baseCodes, baseProtocolVersion, emptyPayload, encodeHello } from '../../protocols/p2p/messages.ts'
import { type Handshake, initiate } from '../../protocols/rlpx/handshake.ts'
import { RlpxSession } from '../../protocols/rlpx/session.ts'

/** A peer of eth/69 that agrees to everything and then floods: as fast as the codec is. */
export class FastPeer {
  readonly #socket: Socket
  readonly #handshake: Handshake
  readonly #publicKey: Uint8Array
  #session: RlpxSession | undefined
  #hasMet = false
  #joined: () => void = () => {}
  #wake: () => void = () => {}
  /** Called with what comes once both Status are exchanged, but for Pings. */
  heard: (code: number, payload: Uint8Array) => void = () => {}
  /** Its own Status, of the node's. */
  #statusOf: (payload: Uint8Array) => Uint8Array = (payload) => payload
  isClosed = false

  /** Connects and goes as far as both Status. @throws (rejects) the node hung up before */
  static async join(enode: string, statusOf?: (payload: Uint8Array) => Uint8Array): Promise<FastPeer> {
    const target = parseEnode(enode)
    const socket = connect({ host: target.host!, port: target.tcp, noDelay: true })
    await once(socket, 'connect')
    const peer = new FastPeer(socket, target)
    if (statusOf) peer.#statusOf = statusOf
    await new Promise<void>((resolve, reject) => {
      peer.#joined = resolve
      socket.once('close', () => reject(new Error('closed')))
    })
    return peer
  }

  private constructor(socket: Socket, { publicKey: remotePublicKey }: Enode) {
    const privateKey = new Uint8Array(randomBytes(32))
    const entropy = (length: number) => new Uint8Array(randomBytes(length))
    const handshake = initiate({ privateKey, remotePublicKey, entropy, ciphers: nodeCiphers })
    this.#socket = socket
    this.#handshake = handshake
    this.#publicKey = publicKeyOf(privateKey)
    socket.on('error', () => {})
    socket.on('close', () => this.#end())
    socket.on('drain', () => this.#wake())
    socket.on('end', () => this.#end())
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.write(handshake.packet)
  }

  /** @returns whether more may follow at once */
  send(code: number, payload: Uint8Array): boolean {
    if (!this.#session) return false
    this.#session.write(code, payload)
    return this.#session.outputBytes < 65_536 || this.flush()
  }

  flush(): boolean {
    const bytes = this.#session?.takeOutput()
    return !bytes || this.#socket.write(bytes)
  }

  /** All of a message but its last byte. */
  sendUnfinished(code: number, payload: Uint8Array): void {
    this.flush()
    this.#session?.write(code, payload)
    const bytes = this.#session?.takeOutput()
    if (bytes) this.#socket.write(bytes.subarray(0, -1))
  }

  async drained(): Promise<void> {
    this.flush()
    if (this.isClosed || !this.#socket.writableNeedDrain) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }

  stopReading(): void {
    this.#socket.pause()
  }

  close(): void {
    this.#socket.destroy()
    this.#end()
  }

  #end(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#wake()
    this.#session?.free()
    this.#session = undefined
  }

  #receive(chunk: Uint8Array): void {
    if (this.isClosed) return
    try {
      if (this.#session) this.#session.push(chunk)
      else if (this.#handshake.receive(chunk)) this.#meet()
      while (this.#session?.hasWork) {
        const message = this.#session.next()
        if (message) this.#hear(message)
      }
    } catch {
      this.close()
    }
  }

  #meet(): void {
    const { secrets, rest } = this.#handshake.finish()
    this.#session = new RlpxSession(secrets, nodeCiphers)
    const caps = [{ name: 'eth', version: 69 }]
    const hello = { version: baseProtocolVersion, name: 'fast', caps, listenPort: 0, id: this.#publicKey }
    this.send(baseCodes.Hello, encodeHello(hello))
    this.flush()
    this.#session.push(rest)
  }

  #hear({ code, payload }: { code: number; payload: Uint8Array }): void {
    if (!this.#hasMet) {
      this.#hasMet = true
      this.#session?.enableSnappy()
    } else if (code === baseCodes.Ping) this.send(baseCodes.Pong, emptyPayload)
    else if (code === statusCode) {
      this.send(statusCode, this.#statusOf(payload))
      this.flush()
      this.#joined()
    } else this.heard(code, payload)
  }
}

const statusCode = 16
