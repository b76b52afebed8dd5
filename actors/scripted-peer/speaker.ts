import { compress } from 'snappyjs'
import type { ScriptedPeerEvent } from '../../machines/scripted-peer.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { ethVersions } from '../../protocols/eth/versions.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { matchProtocols } from '../../protocols/p2p/matching.ts'
import {
  baseCodes,
  baseProtocolVersion,
  type Cap,
  encodeHello,
  type Hello,
  snappyProtocolVersion,
} from '../../protocols/p2p/messages.ts'
import type {
  SubCap,
  SubMessage,
  SubMessageIn,
  SubMessageName,
  SubMessageNameIn,
} from '../../protocols/sub-protocols.ts'
import type { KeyLog } from '../keylog/key-log-file.ts'
import { clientName } from '../p2p/client-name.ts'
import type { Stream } from '../p2p/connection.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { reportBug } from '../runtime/supervision.ts'
import { describePacket } from '../trace/handshake-packet.ts'
import { type Offers, toCap, type VersionOf, withLength } from './caps.ts'
import { type FieldsOf, toBasePayload, toHello, toMessage } from './fields.ts'
import type { FrameWriter } from './frame-writer.ts'
import { isBase, NegotiatedMessages, type PeerMessageName, type Reason } from './negotiated-messages.ts'
import { type RawFrame, sealRaw } from './raw-frame.ts'
import { type AttributedLine, Transcript, type TranscriptLine } from './transcript.ts'
import { Wire } from './wire.ts'

export type SpeakerOptions<O extends Offers = Offers> = {
  /** 32 bytes; fresh for every peer when left out. */
  readonly privateKey?: Uint8Array
  /** What Hello offers, as `eth/72`; every version of eth that we speak when left out. Messages are typed by it. */
  readonly caps?: O
  /** Fields of Hello that are to be something else. */
  readonly hello?: Partial<Hello>
  /** ms that a wait takes at most where the call does not say: less than the test's own timeout. @default 5000 */
  readonly timeout?: number
  /** Gets the keys of the session, a line for `peerchart decode`, which decrypts the traffic. */
  readonly keyLog?: KeyLog
  /** Cuts what is sent into pieces, each written when the one before has left. */
  readonly cut?: (bytes: Uint8Array) => Iterable<Uint8Array>
  /** The process's own when left out; its clock and entropy may be a simulation's, its feed gets every entry. */
  readonly runtime?: Runtime
  /** The actor beneath which the feed has it. */
  readonly parent?: string
}

/** What {@link Speaker.send} takes, by the name of the message. */
export type Sendable<C extends SubCap = SubCap> = { readonly [N in SubMessageNameIn<C>]: FieldsOf<N, C> } & {
  readonly Hello: Partial<Hello>
  readonly Disconnect: { readonly reason: Reason }
  readonly Ping: object
  readonly Pong: object
}

/**
 * One end of a connection that sends what its script says, at any layer, and records what it receives.
 * @typeParam C the versions of eth and snap that it may come to speak: messages are typed by them
 */
export abstract class Speaker<C extends SubCap = SubCap> {
  readonly privateKey: Uint8Array
  readonly caps: readonly Cap[]
  /** By which the feed knows it. */
  readonly id: string
  protected readonly transcript: Transcript
  protected readonly runtime: Runtime
  protected messages: NegotiatedMessages = new NegotiatedMessages()
  readonly #options: SpeakerOptions
  readonly #remotePublicKey: Uint8Array | undefined
  #wire: Wire | undefined
  #remoteAddress: string | undefined
  readonly #hello: Hello
  /** Of our Hello, once it is said. */
  #helloVersion: number | undefined
  #isSnappy = false
  #lastId = 0n
  #bug: unknown
  #theirHello: Hello | undefined
  #theirStatus: Status | undefined
  #ourStatus: Status | undefined
  #provenKey: Uint8Array | undefined

  /**
   * @param remotePublicKey whom it dials; without it the other side begins
   * @throws {TypeError} `options.hello` has a field that Hello does not have
   */
  constructor(options: SpeakerOptions, remotePublicKey?: Uint8Array) {
    this.#options = options
    this.#remotePublicKey = remotePublicKey
    this.id = `scripted-peer/${++speakers}`
    this.runtime = options.runtime ?? processRuntime()
    this.privateKey = options.privateKey ?? this.runtime.entropy(32)
    this.caps = (options.caps ?? ethVersions.map((version) => ({ name: 'eth', version }))).map(toCap)
    const id = publicKeyOf(this.privateKey)
    const hello = { version: baseProtocolVersion, name, caps: this.caps, listenPort: 0, id }
    this.#hello = toHello(hello, options.hello)
    this.transcript = new Transcript(this.runtime.clock, options.timeout ?? defaultTimeout)
  }

  /** What happens, for its chart. */
  protected abstract dispatch(event: ScriptedPeerEvent): void

  /** All that was heard, in order. */
  get log(): readonly TranscriptLine[] {
    return this.transcript.heard
  }
  /** All that was said, in order. */
  get said(): readonly TranscriptLine[] {
    return this.transcript.said
  }
  /** All that passed in order, auth and ack too. BOUNDED: by `log` and `said`. */
  get passed(): readonly AttributedLine[] {
    const ofAll = (by: AttributedLine['by'], lines: readonly TranscriptLine[]) => lines.map((line) => ({ ...line, by }))
    const { packets, said, heard } = this.transcript
    return [...packets, ...ofAll('us', said), ...ofAll('them', heard)].sort((a, b) => a.at - b.at)
  }
  get isClosed(): boolean {
    return this.transcript.isClosed
  }
  /** Milliseconds since it was made. */
  get age(): number {
    return this.transcript.now
  }
  /** `ip:port` of the other side, once there is a connection. */
  get remoteAddress(): string | undefined {
    return this.#remoteAddress
  }
  /** The first bytes of what came, at most 16: of a handshake, or of whatever else is there. */
  get opening(): Uint8Array {
    return this.#wire?.opening ?? new Uint8Array(0)
  }
  /** What they said of themselves, once it was read. */
  get theirHello(): Hello | undefined {
    return this.#theirHello
  }
  get theirStatus(): SubMessageIn<C, 'Status'> | undefined {
    return this.#theirStatus as SubMessageIn<C, 'Status'> | undefined
  }
  /** The public key that the handshake has proven theirs: 64 bytes. */
  get provenKey(): Uint8Array | undefined {
    return this.#provenKey
  }
  /** The last that was sent. */
  get ourStatus(): SubMessageIn<C, 'Status'> | undefined {
    return this.#ourStatus as SubMessageIn<C, 'Status'> | undefined
  }
  /** The highest version of eth that both Hellos name. */
  get version(): VersionOf<'eth', C> | undefined {
    return this.messages.eth?.version as VersionOf<'eth', C> | undefined
  }
  /** The highest version of snap that both Hellos name. */
  get snapVersion(): VersionOf<'snap', C> | undefined {
    return this.messages.snap?.version as VersionOf<'snap', C> | undefined
  }
  /** Makes frames by hand; whatever is made must be sent, and in order, or what follows has a wrong MAC. */
  get frames(): FrameWriter {
    return this.#wire?.writer ?? this.transcript.fail('frames need the RLPx handshake first')
  }

  /**
   * Sends one message: by name from its fields, a whole message of eth or snap, or any payload under any code of the wire.
   * @returns false when the other side reads too slowly, see {@link drained}; or when it is closed, and nothing was sent
   * @throws {RangeError} the matched version of its protocol has no such message, or a field does not fit
   * @throws {TypeError} a field is missing, or is none of the message's
   */
  send(code: number, payload: Uint8Array): boolean
  send(message: SubMessageIn<C, SubMessageName>): boolean
  // The last, because it is this one that the compiler explains.
  send<N extends keyof Sendable<C>>(
    name: N,
    ...fields: object extends Sendable<C>[N] ? [Sendable<C>[N]?] : [Sendable<C>[N]]
  ): boolean
  send(what: PeerMessageName | SubMessage | number, fields: object = {}): boolean {
    if (typeof what === 'number') return this.#sendMessage(what, fields as Uint8Array)
    return typeof what === 'string' ? this.say(what, fields) : this.say(what.kind, what)
  }

  /** As {@link send}, for messages that the compiler does not know. */
  protected say(name: PeerMessageName, fields: object = {}): boolean {
    if (name === 'Hello') return this.sendHello(fields)
    if (isBase(name)) return this.#sendMessage(baseCodes[name], toBasePayload(name, fields))
    const message = toMessage(name, fields, () => this.nextId())
    const payload = this.messages.encode(message)
    const mayGoOn = this.#sendMessage(this.#codeOf(name), payload)
    if (message.kind === 'Status') {
      this.#ourStatus = message
      this.dispatch({ type: 'status.sent' })
    }
    return mayGoOn
  }

  /** Sends what no message is: bytes as they are, or one frame with whatever is to be wrong with it. */
  raw(what: Uint8Array | RawFrame<C>): boolean {
    if (what instanceof Uint8Array) {
      if (this.isClosed || !this.#wire) return false
      this.transcript.say(`${what.length} bytes`)
      return this.#wire.write(what)
    }
    const code = typeof what.code === 'string' ? this.#codeOf(what.code) : what.code
    const sealed = sealRaw(this.frames, { ...what, code })
    if (this.isClosed) return false
    this.transcript.say(`a frame of code 0x${code.toString(16).padStart(2, '0')}`)
    return this.#wire!.write(sealed)
  }

  /**
   * @param payload what to send in place of what the fields say
   * @throws {TypeError} a field is none of Hello's
   */
  sendHello(fields?: Partial<Hello>, payload?: Uint8Array): boolean {
    const hello = toHello(this.#hello, fields)
    this.#helloVersion = hello.version
    const mayGoOn = this.#sendMessage(baseCodes.Hello, payload ?? encodeHello(hello))
    this.#isSnappy = hello.version >= snappyProtocolVersion
    if (this.#theirHello) this.#readSnappy()
    this.dispatch({ type: 'hello.sent' })
    return mayGoOn
  }

  /** @param code relative to eth @returns the code on this connection */
  ethCode(code: number): number {
    return this.codeIn('eth', code)
  }

  /** @param code relative to `protocol` @returns the code on this connection */
  codeIn(protocol: string, code: number): number {
    return this.messages.codeIn(protocol, code) ?? this.transcript.fail(`${protocol} is not matched`)
  }

  /** All that was sent has been taken, or the connection is over. */
  async drained(): Promise<void> {
    await this.#wire?.drained()
  }

  /** Reads no more, so that their answers pile up on their side. */
  stopReading(): void {
    this.#wire?.pause()
  }

  resumeReading(): void {
    this.#wire?.resume()
  }

  /** Takes the stream that it waited for. */
  adopt(stream: Stream): void {
    if (this.isClosed) return void stream.destroy()
    const { privateKey } = this
    const { entropy } = this.runtime
    this.#wire = new Wire(
      stream,
      {
        privateKey,
        remotePublicKey: this.#remotePublicKey,
        entropy,
        cut: this.#options.cut,
        keyLog: this.#options.keyLog,
      },
      {
        shook: (packet) => {
          this.transcript.shake(packet.type === 'message.sent' ? 'us' : 'them', describePacket(packet))
          this.runtime.feed.publish({ ...packet, actor: this.id })
        },
        secured: (publicKey) => {
          this.#provenKey = publicKey
          this.dispatch({ type: 'rlpx.secured', id: bytesToHex(nodeIdOf(publicKey)) })
        },
        message: (code, payload) => this.#hear(code, payload),
        closed: (error) => {
          this.dispatch({ type: 'stream.closed', error })
          this.transcript.close(error?.name === 'RlpxError' ? error.message : undefined)
        },
        crashed: (error) => this.broke(error),
      },
    )
    this.#remoteAddress = stream.remoteAddress
    this.dispatch({ type: 'stream.opened', remote: stream.remoteAddress })
  }

  /** What was done for it beside its chart threw. */
  protected broke(error: unknown): void {
    reportBug(this.runtime, { actor: this.id, error, ends: 'connection' })
    this.crash(error)
  }

  /** Upon a bug of ours: waits for this peer fail, though its chart takes no more events. */
  protected crash(error: unknown): void {
    this.#bug ??= error
    this.hangUp()
    this.transcript.close()
  }

  /** The exception of ours that ended it. */
  get bug(): unknown {
    return this.#bug
  }

  protected secure(): void {
    this.#wire?.secure()
  }

  protected hangUp(): void {
    this.#wire?.close()
  }

  protected nextId(): bigint {
    this.#lastId += 1n
    return this.#lastId
  }

  #hear(code: number, payload: Uint8Array): void {
    const isFirst = code === baseCodes.Hello && !this.#theirHello
    if (isFirst) this.#meet(payload)
    const name = this.messages.nameOf(code)
    this.#observe('message.received', code, payload)
    this.transcript.receive({ name, code, payload, label: this.messages.describe(code, payload) })
    if (isFirst && this.#theirHello) this.dispatch({ type: 'hello.received', speaksEth: this.version !== undefined })
    else if (name === 'Ping') this.dispatch({ type: 'ping.received' })
    else if (name === 'Disconnect') {
      const { reason } = this.messages.decode('Disconnect', payload)!
      this.dispatch({ type: 'disconnect.received', reason })
    } else if (name === 'Status' && !this.#theirStatus) {
      this.#theirStatus = this.messages.decode('Status', payload)
      if (this.#theirStatus) this.dispatch({ type: 'status.received' })
    }
  }

  #meet(payload: Uint8Array): void {
    this.#theirHello = this.messages.decode('Hello', payload)
    if (!this.#theirHello) return
    this.messages = new NegotiatedMessages(matchProtocols(this.caps.map(withLength), this.#theirHello.caps))
    this.#readSnappy()
  }

  /** What they say after both Hellos is compressed, if ours allows it. */
  #readSnappy(): void {
    if ((this.#helloVersion ?? 0) >= snappyProtocolVersion) this.#wire?.readSnappy()
  }

  #sendMessage(code: number, payload: Uint8Array): boolean {
    const { frames } = this
    if (this.isClosed) return false
    this.transcript.say(this.messages.describe(code, payload))
    this.#observe('message.sent', code, payload)
    return this.#wire!.write(frames.message(code, this.#isSnappy ? compress(payload) : payload))
  }

  #observe(type: 'message.received' | 'message.sent', code: number, payload: Uint8Array): void {
    const { feed } = this.runtime
    if (!feed.isRead) return
    feed.publish({ type, actor: this.id, ...this.messages.protocolOf(code), size: payload.length }, { payload })
  }

  #codeOf(name: PeerMessageName): number {
    return this.messages.codeOf(name) ?? this.transcript.fail(`the connection has no ${name}`)
  }
}

const defaultTimeout = 5_000
const name = clientName({ identity: 'harness' })
/** Made so far, to distinguish them in the feed. */
let speakers = 0
