import type { Actor } from 'xstate'
import { describeState } from '../../machines/names/state-name.ts'
import { type Discv5Automatism, scriptedDiscv5Machine } from '../../machines/scripted-discv5.ts'
import { acceptAnswer, answerChallenge, type SessionKeys } from '../../protocols/discv5/handshake.ts'
import { decodeMessage, encodeMessage, type Message } from '../../protocols/discv5/messages.ts'
import {
  decodePacket,
  encodeHandshake,
  encodeOrdinary,
  encodeWhoareyou,
  type HandshakePacket,
  maskChallenge,
  type OrdinaryPacket,
  openMessage,
  type WhoareyouPacket,
} from '../../protocols/discv5/packet.ts'
import { PacketError } from '../../protocols/discv5/packet-error.ts'
import { type Enode, nodeIdOf } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import { decodeRecord, RecordError } from '../../protocols/enr/record.ts'
import { bytesToHex, equalBytes, hexToBytes, utf8ToBytes } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { nodeCiphers } from '../runtime/ciphers.ts'
import { startActor } from '../runtime/start-actor.ts'
import type { Wait } from './transcript.ts'
import { openUdp, UdpPeer, type UdpPeerOptions, type UdpPeerParts } from './udp-peer.ts'

export type Discv5MessageName = Message['kind']

/** What is heard, by name: messages that were opened, and packets as they are. */
export type Discv5Packets = { readonly [N in Discv5MessageName]: Extract<Message, { kind: N }> } & {
  readonly whoareyou: WhoareyouPacket
  /** One that our keys do not open. */
  readonly ordinary: OrdinaryPacket
  readonly handshake: HandshakePacket
}

/** What a message is written from: what has a usual value may be left out. Numbers may be numbers, `protocol` text. */
export type Discv5Fields<N extends Discv5MessageName> = Loose<N, Extract<Message, { kind: N }>>
type Loose<N, M> = { readonly [K in Exclude<keyof M, 'kind' | Usual<N>>]: LooseField<M[K]> } & {
  readonly [K in Extract<keyof M, Usual<N>>]?: LooseField<M[K]>
}
type Usual<N> =
  | 'recordSeq'
  | 'ip'
  | 'port'
  | 'total'
  | 'request'
  | (N extends keyof typeof responses ? 'requestId' : never)
type LooseField<T> = T extends bigint ? T | number : T extends Uint8Array ? T | string : T

/** What is to be wrong with a packet. All else of it is sound. */
export type BrokenDiscv5 = {
  /** 12 bytes: one that was used before is a replay. */
  readonly nonce?: Uint8Array
  /** The node id that it claims to come from, 32 bytes. */
  readonly source?: Uint8Array
  /** 16 bytes, in place of the session's. */
  readonly key?: Uint8Array
  /** In place of the message. */
  readonly plaintext?: Uint8Array
  /** Fields of the header: version 1, flag 0 to 2. */
  readonly version?: number
  readonly flag?: number
}
/** And what of a handshake. */
export type BrokenHandshake = BrokenDiscv5 & {
  readonly signature?: Uint8Array
  readonly ephemeralKey?: Uint8Array
  /** RLP. */
  readonly record?: Uint8Array
}

export type Discv5Options = UdpPeerOptions & {
  /** The last thing that it does by itself: `packets` leaves both sides of a handshake to the script. @default 'session' */
  readonly through?: Discv5Automatism
  /** Keys to begin with, of a session that another has made. */
  readonly keys?: SessionKeys
}

/**
 * Opens a socket that speaks Node Discovery v5 to one node, named by its enode URL or its record.
 *
 * ```ts
 * await using peer = await discv5(node.enr)
 * const { records } = await peer.request('Findnode', { distances: [0] })   // with the handshake that it takes
 * const nonce = peer.send('Ping', {}, { key: new Uint8Array(16) })         // not the session's
 * await peer.expect('whoareyou', { nonce })
 * ```
 * @throws {EnodeError} it names no node, or no place to reach it
 */
export function discv5(node: string | Enode, options: Discv5Options = {}): Promise<ScriptedDiscv5> {
  return openUdp(node, options, (parts) => new ScriptedDiscv5(parts, options))
}

/** A node that sends any packet of discv5, sound or not: see {@link discv5}. By itself it makes sessions and answers Pings. */
export class ScriptedDiscv5 extends UdpPeer<Discv5Packets> {
  /** 64 hex digits. */
  readonly id: string
  readonly #selfId: Uint8Array
  readonly #actor: Actor<typeof scriptedDiscv5Machine>
  #keys: SessionKeys | undefined
  #lastId = 0
  /** The request that went out last. */
  #out: { readonly nonce: Uint8Array; readonly message: Message } | undefined
  /** Our WHOAREYOU, unmasked. */
  #challenge: Uint8Array | undefined

  constructor(parts: UdpPeerParts, { through = 'session', answerPings = true, keys }: Discv5Options) {
    super(parts)
    this.#keys = keys
    this.#selfId = nodeIdOf(publicKeyOf(this.privateKey))
    this.id = bytesToHex(this.#selfId)
    const id = `scripted-discv5/${++peers}`
    this.#actor = startActor(this.runtime, scriptedDiscv5Machine, {
      id,
      crashed: () => this.transcript.close(),
      input: {
        ...{ through, answersPings: answerPings, hasKeys: keys !== undefined },
        ports: {
          challenge: ({ nonce }) => this.challenge({ nonce }),
          prove: ({ packet }) => this.prove(packet),
          accept: ({ packet }) => this.accept(packet),
          sendPong: ({ requestId }) => void this.send('Pong', { requestId }),
          unbind: () => super.close(),
        },
      },
    })
    let last = ''
    const note = (value: unknown) => {
      const state = describeState(value)
      if (state !== last) this.transcript.enter(state)
      last = state
    }
    note(this.#actor.getSnapshot().value)
    this.#actor.subscribe({ next: ({ value }) => note(value), error: () => {} })
  }

  /** Those of the session, once there is one. */
  get keys(): SessionKeys | undefined {
    return this.#keys
  }

  /**
   * Sends one message: under the keys of the session, or without one under a key of chance, which brings a WHOAREYOU.
   * Left out: a request's id, which is the next; our record's number, their endpoint, 1 in all, nothing asked.
   * @returns its nonce, which a WHOAREYOU names
   * @throws {TypeError} there is no message of that name, or it lacks a field
   */
  send<N extends Discv5MessageName>(
    name: N,
    ...args: object extends Discv5Fields<N>
      ? [fields?: Discv5Fields<N>, broken?: BrokenDiscv5]
      : [fields: Discv5Fields<N>, broken?: BrokenDiscv5]
  ): Uint8Array {
    const [fields = {}, broken = {}] = args
    return this.#sendMessage(this.#message(name, fields), broken)
  }

  /** Sends a request, with the handshake that it takes. @returns its first response @throws {ScriptError} none came */
  async request<N extends keyof typeof responses>(
    name: N,
    fields: Discv5Fields<N>,
    wait?: Wait,
  ): Promise<Discv5Packets[(typeof responses)[N]]> {
    const message = this.#message(name, fields)
    this.#sendMessage(message, {})
    const { requestId } = message
    const match = (response: Message) => equalBytes(response.requestId, requestId)
    return this.expect(responses[name], match as never, wait)
  }

  /**
   * Answers a WHOAREYOU with a handshake, which carries a message.
   * @param name left out: the request that went out last
   */
  prove<N extends Discv5MessageName>(
    { challengeData, recordSeq }: Pick<WhoareyouPacket, 'challengeData' | 'recordSeq'>,
    name?: N,
    fields?: Discv5Fields<N>,
    broken: BrokenHandshake = {},
  ): void {
    const message = name === undefined ? this.#out?.message : this.#message(name, fields ?? {})
    if (!message) this.transcript.fail('a handshake carries a message, and no request is out')
    const { keys, ...answer } = answerChallenge(
      { selfId: this.#selfId, remoteId: this.#remoteId, challengeData },
      { privateKey: this.privateKey, ephemeralKey: this.runtime.entropy(32), remoteKey: this.remote.publicKey },
    )
    this.#agree(keys)
    const { version: _, flag: __, nonce = this.runtime.entropy(12), ...changes } = broken
    const envelope = { to: this.#remoteId, iv: this.runtime.entropy(16), nonce }
    const packet = {
      ...{ ...answer, source: this.#selfId, key: keys.writeKey, plaintext: encodeMessage(message) },
      record: recordSeq < this.record.seq ? this.record.raw : new Uint8Array(0),
      ...changes,
    }
    const datagram = withHeader(encodeHandshake(nodeCiphers, envelope, packet), 2, broken)
    this.transmit(datagram, `handshake, ${message.kind}${brokenLabel(broken)}`)
  }

  /**
   * Sends WHOAREYOU, for the packet of this nonce.
   * @param recordSeq the number of their record that we claim to have
   */
  challenge({ nonce }: { readonly nonce: Uint8Array }, recordSeq = 0n): void {
    const { entropy } = this.runtime
    const challenge = { idNonce: entropy(16), recordSeq }
    this.#challenge = encodeWhoareyou({ iv: entropy(16), nonce }, challenge)
    this.#actor.send({ type: 'challenge.sent' })
    this.transmit(maskChallenge(nodeCiphers, this.#remoteId, this.#challenge), 'whoareyou')
  }

  /** Takes the keys of a handshake that answers our WHOAREYOU, and the message in it. What is not sound is noted. */
  accept(packet: HandshakePacket): void {
    try {
      const keys = this.#keysOf(packet)
      this.#agree(keys)
      const plaintext = openMessage(nodeCiphers, keys.readKey, packet)
      if (!plaintext) throw new PacketError('decryption', 'cannot decrypt message')
      this.#hearMessage(plaintext, packet.sealed)
    } catch (error) {
      if (!(error instanceof PacketError || error instanceof RecordError)) throw error
      this.heard('datagram', packet.sealed, undefined, `a handshake that is not sound: ${error.message}`)
    }
  }

  override close(): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send({ type: 'script.close' })
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await super[Symbol.asyncDispose]()
  }

  protected read(datagram: Uint8Array): void {
    try {
      const packet = decodePacket(nodeCiphers, this.#selfId, datagram)
      if (packet.kind === 'whoareyou') this.#hearChallenge(packet, datagram)
      else if (packet.kind === 'handshake') this.#hearHandshake(packet, datagram)
      else this.#hearOrdinary(packet, datagram)
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.heard('datagram', datagram, undefined, `${datagram.length} bytes that are no packet: ${error.message}`)
    }
  }

  protected checkName(name: string): void {
    if (Object.hasOwn(names, name)) return
    throw new TypeError(
      `no packet of discv5 is named ${JSON.stringify(name)}: they are ${Object.keys(names).join(', ')}`,
    )
  }

  get #remoteId(): Uint8Array {
    return hexToBytes(this.remote.id)
  }

  #hearOrdinary(packet: OrdinaryPacket, datagram: Uint8Array): void {
    const plaintext = this.#keys && openMessage(nodeCiphers, this.#keys.readKey, packet)
    if (plaintext) return void this.#hearMessage(plaintext, datagram)
    this.heard('ordinary', datagram, packet, 'a packet that cannot be opened')
    this.#actor.send({ type: 'packet.unreadable', nonce: packet.nonce })
  }

  #hearChallenge(packet: WhoareyouPacket, datagram: Uint8Array): void {
    this.heard('whoareyou', datagram, packet, 'whoareyou')
    const isOurs = this.#out !== undefined && equalBytes(packet.nonce, this.#out.nonce)
    if (isOurs) this.#actor.send({ type: 'whoareyou.received', packet })
  }

  #hearHandshake(packet: HandshakePacket, datagram: Uint8Array): void {
    this.heard('handshake', datagram, packet, 'handshake')
    this.#actor.send({ type: 'handshake.received', packet })
  }

  /** @throws {PacketError} it is no message */
  #hearMessage(plaintext: Uint8Array, datagram: Uint8Array): void {
    const message = decodeMessage(plaintext)
    this.heard(message.kind, datagram, message, labelOf(message))
    if (message.kind === 'Ping') this.#actor.send({ type: 'ping.received', requestId: message.requestId })
  }

  #sendMessage(message: Message, broken: BrokenDiscv5): Uint8Array {
    const { entropy } = this.runtime
    const { nonce = entropy(12), source = this.#selfId, plaintext = encodeMessage(message) } = broken
    const { key = this.#keys?.writeKey ?? entropy(16) } = broken
    const envelope = { to: this.#remoteId, iv: entropy(16), nonce }
    const datagram = encodeOrdinary(nodeCiphers, envelope, { source, key, plaintext })
    this.#out = { nonce, message }
    this.#actor.send({ type: 'request.sent' })
    this.transmit(withHeader(datagram, 0, broken), `${message.kind}${brokenLabel(broken)}`)
    return nonce
  }

  #message(name: Discv5MessageName, given: object): Message {
    this.checkName(name)
    const { ip, port } = this.remote.endpoint
    const usual: Partial<Record<Discv5MessageName, object>> = {
      Ping: { recordSeq: this.record.seq },
      Pong: { recordSeq: this.record.seq, ip: parseIp(ip)!, port },
      Nodes: { total: 1 },
      TalkRequest: { request: new Uint8Array(0) },
    }
    const requestId = name in responses ? { requestId: this.#nextId() } : {}
    const fields = Object.entries(given).map(([key, value]) => [key, toField(key, value)])
    const message = { kind: name, ...requestId, ...usual[name], ...Object.fromEntries(fields) }
    for (const field of ['requestId', ...needed[name]])
      if (!(field in message)) throw new TypeError(`${name} needs the field ${JSON.stringify(field)}`)
    return message as Message
  }

  #nextId(): Uint8Array {
    const id = new Uint8Array(4)
    new DataView(id.buffer).setUint32(0, ++this.#lastId)
    return id
  }

  #agree(keys: SessionKeys): void {
    this.#keys = keys
    this.#actor.send({ type: 'keys.agreed' })
  }

  /** @throws {PacketError} {RecordError} */
  #keysOf({ record, ephemeralKey, signature }: HandshakePacket): SessionKeys {
    if (!this.#challenge) throw new PacketError('id signature', 'no WHOAREYOU was sent')
    const remoteKey = record.length > 0 ? decodeRecord(record).publicKey : this.remote.publicKey
    return acceptAnswer(
      { selfId: this.#selfId, remoteId: this.#remoteId, challengeData: this.#challenge },
      { privateKey: this.privateKey, ephemeralKey, signature, remoteKey },
    )
  }
}

/** Requests, and what answers them. */
const responses = { Ping: 'Pong', Findnode: 'Nodes', TalkRequest: 'TalkResponse' } as const

/** Fields that have no usual value. */
const needed: Readonly<Record<Discv5MessageName, readonly string[]>> = {
  ...{ Ping: [], Pong: [], Findnode: ['distances'], Nodes: ['records'] },
  ...{ TalkRequest: ['protocol'], TalkResponse: ['response'] },
}
const names: Readonly<Record<keyof Discv5Packets, 0>> = {
  ...{ Ping: 0, Pong: 0, Findnode: 0, Nodes: 0, TalkRequest: 0, TalkResponse: 0 },
  ...{ whoareyou: 0, ordinary: 0, handshake: 0 },
}

function toField(key: string, value: unknown): unknown {
  if (typeof value === 'string') return utf8ToBytes(value)
  return typeof value === 'number' && key === 'recordSeq' ? BigInt(value) : value
}

/** @param was its flag. The header is masked by a stream cipher: bits that are turned over before it are so after it. */
function withHeader(datagram: Uint8Array, was: number, { version = 1, flag = was }: BrokenDiscv5): Uint8Array {
  const changed = datagram.slice()
  const header = new DataView(changed.buffer, maskedAt)
  header.setUint16(6, header.getUint16(6) ^ version ^ 1)
  header.setUint8(8, header.getUint8(8) ^ flag ^ was)
  return changed
}

/** Where the static header begins, after the masking-iv. */
const maskedAt = 16

const brokenLabel = (broken: object) =>
  Object.keys(broken).length > 0 ? ` with another ${Object.keys(broken).join(', ')}` : ''

function labelOf(message: Message): string {
  if (message.kind === 'Nodes') return `Nodes ${message.records.length}, one of ${message.total}`
  return message.kind
}

/** Made so far, to distinguish them in the feed. */
let peers = 0
