import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { compress } from 'snappyjs'
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
import type { FrameWriter } from './frame-writer.ts'
import { type Heard, Inbox, type Received, ScriptError, type Wait } from './inbox.ts'
import { Wire } from './wire.ts'
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
  readonly #wire: Wire
  readonly #inbox = new Inbox()
  #isSnappy = false
  #hasMet = false
  /** Of our Hello, once it is said. */
  #helloVersion: number | undefined
  #matched: readonly MatchedProtocol<LocalProtocol>[] = []

  /** @param socket connected; @param remotePublicKey whom we dialed: without it the other side begins */
  constructor(socket: Socket, options: ScriptedPeerOptions = {}, remotePublicKey?: Uint8Array) {
    this.#options = options
    this.privateKey = options.privateKey ?? randomBytes(32)
    this.caps = options.caps ?? [{ name: 'eth', version: 69 }]
    const { privateKey } = this
    this.#wire = new Wire(
      socket,
      { privateKey, remotePublicKey, cut: options.cut },
      {
        message: (code, payload) => this.#hear(code, payload),
        closed: (error) => this.#inbox.close(error),
      },
    )
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
    await this.#wire.secure().catch((cause) => {
      throw new ScriptError('no RLPx handshake', this.log, { cause })
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
    return this.#wire.write(bytes)
  }

  /** Makes frames by hand; whatever is made must be sent, and in order, or what follows has a wrong MAC. */
  get frames(): FrameWriter {
    const { writer } = this.#wire
    if (!writer) throw new ScriptError('frames need the RLPx handshake first', this.log)
    return writer
  }

  ping(): void {
    this.send(baseCodes.Ping, emptyPayload)
  }

  /** All that was sent has been taken, or the connection is over. */
  drained(): Promise<void> {
    return this.#wire.drained()
  }

  /** Reads no more, so that the node's answers pile up on its side. */
  stopReading(): void {
    this.#wire.pause()
  }

  resumeReading(): void {
    this.#wire.resume()
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
    this.#wire.close()
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
    if ((this.#helloVersion ?? 0) >= snappyProtocolVersion) this.#wire.readSnappy()
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

const snapLengths: Record<number, number> = { 1: 8, 2: 10 }
const withLength = ({ name, version }: Cap): LocalProtocol => ({
  name,
  version,
  length:
    (name === 'eth' ? ethLengths[version as EthVersion] : name === 'snap' ? snapLengths[version] : undefined) ?? 1,
})
