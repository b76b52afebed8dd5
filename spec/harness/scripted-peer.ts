import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { compress } from 'snappyjs'
import { nodeCiphers } from '../../actors/ciphers.ts'
import { type Enode, parseEnode } from '../../protocols/enode/enode.ts'
import { decode, type EthAnswer, type EthMessage, type EthRequest, encode } from '../../protocols/eth/messages.ts'
import type { Status, Status68, Status69 } from '../../protocols/eth/status.ts'
import { type AnswerName, answerOf, type EthVersion, ethLengths, messageTable } from '../../protocols/eth/versions.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { type LocalProtocol, type MatchedProtocol, matchProtocols } from '../../protocols/p2p/matching.ts'
import {
  baseCodes,
  baseProtocolVersion,
  type Cap,
  decodeHello,
  emptyPayload,
  encodeHello,
  type Hello,
  snappyProtocolVersion,
} from '../../protocols/p2p/messages.ts'
import { type Handshake, initiate, respond } from '../../protocols/rlpx/handshake.ts'
import { RlpxSession } from '../../protocols/rlpx/session.ts'
import { FrameWriter } from './frame-writer.ts'
import { type Heard, Inbox, type Received, ScriptError, type Wait } from './inbox.ts'
import { describeMessage, nameMessage } from './words.ts'

export type ScriptedPeerOptions = {
  /** 32 bytes; fresh for every peer when left out. */
  readonly privateKey?: Uint8Array
  /** What Hello offers; `eth/69` when left out. */
  readonly caps?: readonly Cap[]
  /** Fields of Hello that are to be something else. */
  readonly hello?: Partial<Hello>
  /** Answers each Ping with a Pong. */
  readonly answerPings?: boolean
  /** Cuts what is sent into pieces, each written when the one before has left. */
  readonly cut?: (bytes: Uint8Array) => Iterable<Uint8Array>
  /** The address to dial from: any of 127.0.0.0/8 plays another host. */
  readonly localAddress?: string
}

/**
 * A devp2p peer that does what a script says and nothing by itself, over real TCP. It may say anything, in any order and
 * at any stage, and keeps a log of all it hears.
 *
 * ```ts
 * const peer = await ScriptedPeer.dial(enode)       // TCP, RLPx, both Hellos
 * await peer.status()                               // says that it is on the node's own chain
 * const { headers } = await peer.ask({ kind: 'GetBlockHeaders', id: 7n, origin: 1n, amount: 3n, skip: 0n, reverse: false })
 * peer.send(0x7f, Uint8Array.of(0xc0))              // a code of no protocol
 * await peer.closed()
 * peer.log.map(({ words }) => words)                // ['Hello', 'Status', 'BlockHeaders 3', 'closed']
 * ```
 */
export class ScriptedPeer {
  readonly privateKey: Uint8Array
  readonly caps: readonly Cap[]
  readonly #options: ScriptedPeerOptions
  readonly #socket: Socket
  readonly #remotePublicKey: Uint8Array | undefined
  readonly #inbox = new Inbox()
  /** What came before the script was ready for it. BOUNDED: maxEarlyChunks. */
  readonly #early: Uint8Array[] = []
  #handshake: PendingHandshake | undefined
  #session: RlpxSession | undefined
  #writer: FrameWriter | undefined
  #cutting: Promise<void> = Promise.resolve()
  #isSnappy = false
  #hasMet = false
  /** Of our Hello, once it is said. */
  #helloVersion: number | undefined
  #matched: readonly MatchedProtocol<LocalProtocol>[] = []

  /** @param socket connected; @param remotePublicKey whom we dialed: without it the other side begins */
  constructor(socket: Socket, options: ScriptedPeerOptions = {}, remotePublicKey?: Uint8Array) {
    this.#socket = socket
    this.#options = options
    this.#remotePublicKey = remotePublicKey
    this.privateKey = options.privateKey ?? randomBytes(32)
    this.caps = options.caps ?? [{ name: 'eth', version: 69 }]
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk))
    socket.on('error', () => {}) // a reset is a close too
    socket.on('close', () => this.#close())
    socket.on('end', () => this.#close())
    socket.resume()
  }

  /** Connects, and says nothing. @throws the connection is refused */
  static async tcp(node: string | Enode, options: ScriptedPeerOptions = {}): Promise<ScriptedPeer> {
    const { host, tcp: port, publicKey } = typeof node === 'string' ? parseEnode(node) : node
    const { localAddress } = options
    const socket = connect({ host: host!, port, ...(localAddress !== undefined && { localAddress }) })
    await once(socket, 'connect')
    return new ScriptedPeer(socket, options, publicKey)
  }

  /** Connects and goes as far as both Hellos. @throws {ScriptError} the node did not */
  static async dial(node: string | Enode, options?: ScriptedPeerOptions): Promise<ScriptedPeer> {
    const peer = await ScriptedPeer.tcp(node, options)
    await peer.rlpx()
    await peer.hello()
    return peer
  }

  /** All that was heard, in order. */
  get log(): readonly Heard[] {
    return this.#inbox.log
  }

  get isClosed(): boolean {
    return this.#inbox.isClosed
  }

  /** The highest version of eth that both Hellos name. */
  get version(): EthVersion | undefined {
    return this.#matched.find(({ name }) => name === 'eth')?.version as EthVersion | undefined
  }

  /** Does the encryption handshake, in whichever role. @throws {ScriptError} it failed */
  async rlpx(): Promise<void> {
    const identity = { privateKey: this.privateKey, entropy: randomBytes, ciphers: nodeCiphers }
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => (error ? reject(error) : resolve())
      if (this.#remotePublicKey) {
        const state = initiate({ ...identity, remotePublicKey: this.#remotePublicKey })
        this.sendRaw(state.packet)
        this.#handshake = { state, done }
      } else this.#handshake = { state: respond(identity), done }
      for (const chunk of this.#early.splice(0)) this.#receive(chunk)
      if (this.isClosed) done(new ScriptError('no RLPx handshake', this.log))
    })
  }

  /** Says Hello and hears theirs. @throws {ScriptError} no Hello came */
  async hello(fields?: Partial<Hello>, wait?: Wait): Promise<Hello> {
    this.sendHello(fields)
    const { payload } = await this.next('Hello', wait)
    return decodeHello(payload)
  }

  /** @param payload what to send in place of what the fields say */
  sendHello(fields?: Partial<Hello>, payload?: Uint8Array): void {
    const id = publicKeyOf(this.privateKey)
    const base = { version: baseProtocolVersion, name: 'peerchart/scripted', caps: this.caps, listenPort: 0, id }
    const hello = { ...base, ...this.#options.hello, ...fields }
    this.#helloVersion = hello.version
    this.sendFrame(baseCodes.Hello, payload ?? encodeHello(hello))
    this.#isSnappy = hello.version >= snappyProtocolVersion
    if (this.#hasMet) this.#readSnappy()
  }

  /**
   * Hears the node's Status and says the same, but for what `change` makes of it.
   * @returns theirs
   * @throws {ScriptError} none came
   */
  async status(change: StatusFields | ((theirs: Status) => StatusFields) = {}, wait?: Wait): Promise<Status> {
    const { payload } = await this.next('Status', wait)
    const theirs = decode(this.#ethVersion, 'Status', payload)
    this.say({ ...theirs, ...(typeof change === 'function' ? change(theirs) : change) } as Status)
    return theirs
  }

  /** Says one message of eth. @throws {ScriptError} no version of eth is matched */
  say(message: EthMessage): void {
    this.send(this.ethCode(messageTable(this.#ethVersion).codeOf(message.kind)!), encode(this.#ethVersion, message))
  }

  /** Says a request and hears its answer. @throws {ScriptError} none came */
  async ask<R extends EthRequest>(
    request: R,
    wait?: Wait,
  ): Promise<Extract<EthAnswer, { kind: (typeof answerOf)[R['kind']] }>> {
    this.say(request)
    const name: AnswerName = answerOf[request.kind]
    const read = (payload: Uint8Array) => decode(this.#ethVersion, name, payload)
    const answer = await this.next((one) => one.name === name && read(one.payload).id === request.id, wait)
    return read(answer.payload) as never
  }

  /** @param code relative to eth @returns the code on this connection */
  ethCode(code: number): number {
    return this.#eth.offset + code
  }

  /** Sends one message, its payload compressed if both Hellos allow it. @param code as it is on the wire */
  send(code: number, payload: Uint8Array): boolean {
    return this.sendFrame(code, this.#isSnappy ? compress(payload) : payload)
  }

  /** Sends one message, its payload as it is given. @returns false when the node reads too slowly: see {@link drained} */
  sendFrame(code: number, payload: Uint8Array): boolean {
    return this.sendRaw(this.frames.message(code, payload))
  }

  /** Sends bytes: no frame, no MAC. */
  sendRaw(bytes: Uint8Array): boolean {
    if (this.isClosed) return false
    const { cut } = this.#options
    if (!cut) return this.#socket.write(bytes)
    this.#cutting = this.#cutting.then(() => this.#sendPieces(cut(bytes)))
    return true
  }

  /** Makes frames by hand; whatever is made must be sent, and in order, or what follows has a wrong MAC. */
  get frames(): FrameWriter {
    if (!this.#writer) throw new ScriptError('frames need the RLPx handshake first', this.log)
    return this.#writer
  }

  ping(): void {
    this.send(baseCodes.Ping, emptyPayload)
  }

  /** All that was sent has been taken, or the connection is over. */
  async drained(): Promise<void> {
    while (!this.isClosed && this.#socket.writableNeedDrain)
      await Promise.race([once(this.#socket, 'drain'), once(this.#socket, 'close')])
  }

  /** Reads no more, so that the node's answers pile up on its side. */
  stopReading(): void {
    this.#socket.pause()
  }

  resumeReading(): void {
    this.#socket.resume()
  }

  /** @see {@link Inbox.next} */
  next(wanted: string | ((message: Received) => boolean), wait?: Wait): Promise<Received> {
    return this.#inbox.next(wanted, wait)
  }

  /** @throws {ScriptError} it is still open when the time is up */
  closed(wait?: Wait): Promise<void> {
    return this.#inbox.closed(wait)
  }

  /** Listens on for `ms`, or until the connection closes. */
  listen(ms: number): Promise<void> {
    return this.#inbox.listen(ms)
  }

  /** Hangs up without a word. */
  close(): void {
    this.#socket.destroy()
    this.#close()
  }

  async #sendPieces(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces)
      if (!this.isClosed) await new Promise<unknown>((written) => this.#socket.write(piece, written))
  }

  #receive(chunk: Uint8Array): void {
    if (this.#handshake) this.#receiveHandshake(this.#handshake, chunk)
    else if (this.#session) this.#receiveFrames(chunk)
    else if (this.#early.length < maxEarlyChunks) this.#early.push(chunk)
  }

  #receiveFrames(chunk: Uint8Array): void {
    try {
      this.#session?.push(chunk)
      while (this.#session?.hasWork) {
        const message = this.#session.next()
        if (message) this.#hear(message.code, message.payload)
      }
    } catch (error) {
      this.#inbox.fail(error as Error)
      this.close()
    }
  }

  #receiveHandshake({ state, done }: PendingHandshake, chunk: Uint8Array): void {
    try {
      if (!state.receive(chunk)) return
      const { secrets, reply, rest } = state.finish()
      if (reply) this.sendRaw(reply)
      this.#session = new RlpxSession(secrets, nodeCiphers)
      this.#writer = new FrameWriter(secrets)
      this.#handshake = undefined
      done()
      this.#receiveFrames(rest)
    } catch (error) {
      this.#handshake = undefined
      done(error as Error)
    }
  }

  #hear(code: number, payload: Uint8Array): void {
    if (code === baseCodes.Hello && !this.#hasMet) this.#meet(payload)
    const name = nameMessage(code, this.#matched)
    this.#inbox.receive({ name, code, payload, words: describeMessage(name, payload, this.version) })
    if (name === 'Ping' && this.#options.answerPings) this.send(baseCodes.Pong, emptyPayload)
  }

  #meet(payload: Uint8Array): void {
    this.#hasMet = true
    this.#matched = matchProtocols(this.caps.map(withLength), decodeHello(payload).caps)
    this.#readSnappy()
  }

  /** What the node says after both Hellos is compressed, if ours allows it. */
  #readSnappy(): void {
    if ((this.#helloVersion ?? 0) >= snappyProtocolVersion) this.#session?.enableSnappy()
  }

  #close(): void {
    this.#handshake?.done(new ScriptError('no RLPx handshake', [{ at: this.#inbox.now, words: 'closed' }]))
    this.#handshake = undefined
    this.#inbox.close()
    this.#session?.free()
    this.#session = undefined
  }

  get #eth(): MatchedProtocol<LocalProtocol> {
    const eth = this.#matched.find(({ name }) => name === 'eth')
    if (!eth) throw new ScriptError('eth is not matched', this.log)
    return eth
  }

  get #ethVersion(): EthVersion {
    return this.#eth.version as EthVersion
  }
}

type StatusFields = Partial<Status68 | Status69>
type PendingHandshake = { readonly state: Handshake; readonly done: (error?: Error) => void }

const maxEarlyChunks = 16
const snapLengths: Record<number, number> = { 1: 8, 2: 10 }
const withLength = ({ name, version }: Cap): LocalProtocol => ({
  name,
  version,
  length:
    (name === 'eth' ? ethLengths[version as EthVersion] : name === 'snap' ? snapLengths[version] : undefined) ?? 1,
})
