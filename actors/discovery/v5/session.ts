import type { Actor } from 'xstate'
import { type CallFailure, type Discv5SessionEvent, discv5SessionMachine } from '../../../machines/discv5-session.ts'
import { acceptAnswer, answerChallenge, type SessionKeys } from '../../../protocols/discv5/handshake.ts'
import { decodeMessage, encodeMessage, type Message } from '../../../protocols/discv5/messages.ts'
import {
  encodeHandshake,
  encodeOrdinary,
  encodeRandom,
  encodeWhoareyou,
  type HandshakePacket,
  maskChallenge,
  type OrdinaryPacket,
  openMessage,
  randomMessageBytes,
  type WhoareyouPacket,
} from '../../../protocols/discv5/packet.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import { nodeIdOf } from '../../../protocols/enode/enode.ts'
import { decodeRecord, type NodeRecord, RecordError } from '../../../protocols/enr/record.ts'
import { bytesToHex, equalBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { isPrivateKey } from '../../../protocols/lib/secp256k1.ts'
import { nodeCiphers } from '../../runtime/ciphers.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { startActor } from '../../runtime/start-actor.ts'
import { discv5Codes } from '../../trace/datagrams.ts'
import type { MessageTrace } from '../../trace/message-trace.ts'
import type { UdpEndpoint } from '../datagrams.ts'
import { type DiscoveredNode, nodeOfRecord } from '../discovered-node.ts'
import type { LocalNode } from '../local-node.ts'

/** What a session shares with all others. */
export type SessionHost = {
  /** Of the actor that all sessions are below. */
  readonly id: string
  readonly runtime: Runtime
  readonly localNode: Pick<LocalNode, 'id' | 'record' | 'seq'>
  readonly privateKey: Uint8Array
  send(datagram: Uint8Array, to: UdpEndpoint): void
  /** What is known of a node, from the table or the database. */
  find(id: string): DiscoveredNode | undefined
  /** The request with this nonce (hex) is out: a WHOAREYOU that names it is the session's. */
  expect(nonce: string, session: Session): void
  unexpect(nonce: string): void
  /** It has keys from here on, by our handshake or its own. */
  agreed(session: Session): void
  /** A node has proven that it is itself; its record says where it is found. */
  proven(node: DiscoveredNode): void
  receive(session: Session, message: Message): void
  fault(session: Session, error: PacketError): void
  forgotten(session: Session): void
}

/** A request and who waits for its responses. */
export type Call = {
  /** Without its request id. */
  readonly request: (requestId: Uint8Array) => Message
  readonly response: Message['kind']
  /** @returns whether it was the last */
  take(message: Message): boolean
  fail(why: CallFailure): void
}

/** A node at one endpoint: runs {@link discv5SessionMachine}, holds the keys that the chart does not see. */
export class Session {
  readonly id: string
  readonly endpoint: UdpEndpoint
  readonly #host: SessionHost
  readonly #selfId: Uint8Array
  readonly #remoteId: Uint8Array
  readonly #actor: Actor<typeof discv5SessionMachine>
  /** Of its packets, for the feed. */
  readonly #trace: MessageTrace
  /** Calls by number. BOUNDED: maxCalls of the chart. */
  readonly #calls = new Map<number, Call>()
  #lastCall = 0
  #out: { readonly call: Call; readonly requestId: Uint8Array; readonly request: Message; nonce: string } | undefined
  /** Of the remote, as we know it; without one its public key, once we call it. */
  #record: NodeRecord | undefined
  #publicKey: Uint8Array | undefined
  #keys: SessionKeys | undefined
  /** Of the handshake before: when both sides make one at once, each may hold the other's as its newer. */
  #formerKeys: SessionKeys | undefined
  #sent = 0
  #challengeData: Uint8Array | undefined
  #whoareyou: WhoareyouPacket | undefined
  #answer: { readonly keys: SessionKeys; readonly record: NodeRecord; readonly plaintext: Uint8Array } | undefined

  constructor(host: SessionHost, id: string, endpoint: UdpEndpoint, name: string) {
    this.#host = host
    this.id = id
    this.endpoint = endpoint
    this.#remoteId = hexToBytes(id)
    this.#selfId = hexToBytes(host.localNode.id)
    this.#trace = host.runtime.feed.messageTrace({ actor: name, protocol: 'discv5', version: 5 })
    this.#actor = startActor(host.runtime, discv5SessionMachine, {
      id: name,
      parent: host.id,
      input: {
        id,
        remote: `${endpoint.ip}:${endpoint.port}`,
        ports: {
          challenge: ({ nonce }) => this.#challenge(hexToBytes(nonce)),
          repeatChallenge: () => this.#sendChallenge(),
          dropChallenge: () => {
            this.#challengeData = undefined
          },
          checkAnswer: ({ packet }) => {
            const why = this.#faultIn(packet)
            this.#send(why === undefined ? { type: 'answer.accepted' } : { type: 'answer.refused', why })
          },
          takeKeys: () => this.#takeKeys(),
          sendCall: ({ call }) => this.#sendCall(call),
          sendRandom: ({ call }) => this.#sendCall(call),
          sendHandshake: () => this.#sendHandshake(),
          failCall: ({ call, why }) => this.#fail(call, why),
          failCalls: ({ why }) => {
            for (const call of this.#calls.keys()) this.#fail(call, why)
          },
          forget: () => this.#forget(),
        },
      },
      crashed: () => {
        for (const call of this.#calls.keys()) this.#fail(call, 'closed')
        this.#forget()
      },
    })
  }

  /** Whether a call of ours is under way. */
  get isCalling(): boolean {
    return this.#calls.size > 0
  }

  /** @returns its plaintext; undefined when we do not have its keys */
  open(packet: OrdinaryPacket): Uint8Array | undefined {
    for (const keys of [this.#keys, this.#formerKeys]) {
      const plaintext = keys && openMessage(nodeCiphers, keys.readKey, packet)
      if (plaintext) return plaintext
    }
    return undefined
  }

  unreadable(packet: OrdinaryPacket): void {
    this.#trace.received(discv5Codes.ordinary, packet.nonce)
    this.#send({ type: 'packet.unreadable', nonce: bytesToHex(packet.nonce) })
  }

  /** @throws {PacketError} there is no challenge that it could answer */
  answered(packet: HandshakePacket): void {
    if (!this.#challengeData) throw new PacketError('id signature', 'unexpected auth response, not in handshake')
    this.#trace.received(discv5Codes.handshake, packet.record)
    this.#send({ type: 'handshake.received', packet })
  }

  challenged(packet: WhoareyouPacket): void {
    this.#whoareyou = packet
    this.#trace.received(discv5Codes.whoareyou, packet.challengeData)
    this.#send({ type: 'whoareyou.received' })
    this.#whoareyou = undefined
  }

  /** @param node the remote: a handshake needs its key */
  call({ record, publicKey }: DiscoveredNode, call: Call): void {
    this.#learn(record)
    this.#publicKey = publicKey
    const number = ++this.#lastCall
    this.#calls.set(number, call)
    this.#send({ type: 'call.made', call: number })
  }

  /** @returns whether it was a response to the request that is out */
  respond(message: Message): boolean {
    const out = this.#out
    if (!out || out.call.response !== message.kind || !equalBytes(out.requestId, message.requestId)) return false
    if (!out.call.take(message)) this.#send({ type: 'response.received' })
    else {
      this.#endOut()
      this.#send({ type: 'call.ended' })
    }
    return true
  }

  /** Something that is no request of ours: lost when there are no keys. */
  send(message: Message): void {
    if (!this.#keys) return
    const { datagram } = this.#seal(this.#keys, message)
    this.#host.send(datagram, this.endpoint)
  }

  end(): void {
    this.#send({ type: 'session.end' })
  }

  #send(event: Discv5SessionEvent): void {
    this.#actor.send(event)
  }

  #challenge(nonce: Uint8Array): void {
    const { runtime } = this.#host
    const known = this.#host.find(this.id)
    this.#learn(known?.record)
    const challenge = { idNonce: runtime.entropy(16), recordSeq: this.#record?.seq ?? 0n }
    this.#challengeData = encodeWhoareyou({ iv: runtime.entropy(16), nonce }, challenge)
    this.#sendChallenge()
  }

  #sendChallenge(): void {
    this.#trace.sent(discv5Codes.whoareyou, this.#challengeData!)
    this.#host.send(maskChallenge(nodeCiphers, this.#remoteId, this.#challengeData!), this.endpoint)
  }

  /** @returns why it is refused; undefined when it is not */
  #faultIn(packet: HandshakePacket): string | undefined {
    const { privateKey } = this.#host
    try {
      const record = this.#recordIn(packet)
      const keys = acceptAnswer(
        { selfId: this.#selfId, remoteId: this.#remoteId, challengeData: this.#challengeData! },
        {
          privateKey,
          ephemeralKey: packet.ephemeralKey,
          signature: packet.signature,
          remoteKey: record.publicKey,
        },
      )
      const plaintext = openMessage(nodeCiphers, keys.readKey, packet)
      if (!plaintext) throw new PacketError('decryption', 'cannot decrypt message')
      this.#answer = { keys, record, plaintext }
      return undefined
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.#host.fault(this, error)
      return error.message
    }
  }

  /** geth decodeHandshakeRecord: the newer of what it sends and what we have. */
  #recordIn({ record: raw }: HandshakePacket): NodeRecord {
    const sent = raw.length > 0 ? readRecord(raw) : undefined
    if (sent && bytesToHex(nodeIdOf(sent.publicKey)) !== this.id)
      throw new PacketError('record', 'record in handshake has wrong ID')
    const known = this.#record
    const record = sent && (!known || known.seq < sent.seq) ? sent : known
    if (!record) throw new PacketError('record', 'expected ENR in handshake but none sent')
    return record
  }

  #takeKeys(): void {
    const { keys, record, plaintext } = this.#answer!
    this.#answer = undefined
    this.#renewKeys(keys)
    this.#learn(record)
    const node = nodeOfRecord(record)
    if (node && node.udp > 0) this.#host.proven(node)
    this.deliver(plaintext)
  }

  /** A message that was decrypted. */
  deliver(plaintext: Uint8Array): void {
    this.#trace.received(plaintext[0] ?? 0, plaintext)
    const message = this.#decode(plaintext)
    if (message) this.#host.receive(this, message)
  }

  #decode(plaintext: Uint8Array): Message | undefined {
    try {
      return decodeMessage(plaintext)
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.#host.fault(this, error)
      return undefined
    }
  }

  #sendCall(number: number): void {
    const call = this.#calls.get(number)!
    const requestId = this.#host.runtime.entropy(8)
    const request = call.request(requestId)
    const { nonce, datagram } = this.#keys ? this.#seal(this.#keys, request) : this.#random()
    this.#out = { call, requestId, request, nonce: bytesToHex(nonce) }
    this.#host.expect(this.#out.nonce, this)
    this.#host.send(datagram, this.endpoint)
  }

  #sendHandshake(): void {
    const { runtime, privateKey, localNode } = this.#host
    const { challengeData, recordSeq } = this.#whoareyou!
    const out = this.#out!
    this.#host.unexpect(out.nonce)
    const { keys, signature, ephemeralKey } = answerChallenge(
      { selfId: this.#selfId, remoteId: this.#remoteId, challengeData },
      { privateKey, ephemeralKey: freshKey(runtime), remoteKey: this.#publicKey! },
    )
    this.#renewKeys(keys)
    const { raw } = recordSeq < localNode.seq ? localNode.record : { raw: new Uint8Array(0) }
    const plaintext = encodeMessage(out.request)
    const datagram = encodeHandshake(nodeCiphers, this.#envelope(), {
      ...{ source: this.#selfId, signature, ephemeralKey, record: raw },
      ...{ key: keys.writeKey, plaintext },
    })
    this.#trace.sent(discv5Codes.handshake, raw)
    this.#trace.sent(plaintext[0]!, plaintext)
    this.#host.send(datagram, this.endpoint)
  }

  #renewKeys(keys: SessionKeys): void {
    this.#formerKeys = this.#keys
    this.#keys = keys
    this.#sent = 0
    this.#host.agreed(this)
  }

  #seal(keys: SessionKeys, message: Message): { nonce: Uint8Array; datagram: Uint8Array } {
    const envelope = this.#envelope()
    const plaintext = encodeMessage(message)
    this.#trace.sent(plaintext[0]!, plaintext)
    const sealed = { source: this.#selfId, key: keys.writeKey, plaintext }
    return { nonce: envelope.nonce, datagram: encodeOrdinary(nodeCiphers, envelope, sealed) }
  }

  #random(): { nonce: Uint8Array; datagram: Uint8Array } {
    const envelope = this.#envelope()
    this.#trace.sent(discv5Codes.ordinary, envelope.nonce)
    const filler = this.#host.runtime.entropy(randomMessageBytes)
    return { nonce: envelope.nonce, datagram: encodeRandom(nodeCiphers, envelope, { source: this.#selfId, filler }) }
  }

  /** discv5-rationale.md: a nonce is never used twice with a key, so it begins with a count. */
  #envelope(): { to: Uint8Array; iv: Uint8Array; nonce: Uint8Array } {
    const { entropy } = this.#host.runtime
    const nonce = entropy(12)
    new DataView(nonce.buffer, nonce.byteOffset).setUint32(0, ++this.#sent)
    return { to: this.#remoteId, iv: entropy(16), nonce }
  }

  #fail(number: number, why: CallFailure): void {
    const call = this.#calls.get(number)
    this.#calls.delete(number)
    if (call && this.#out?.call === call) this.#endOut()
    call?.fail(why)
  }

  #endOut(): void {
    const { call, nonce } = this.#out!
    this.#out = undefined
    this.#host.unexpect(nonce)
    for (const [number, other] of this.#calls) if (other === call) this.#calls.delete(number)
  }

  #forget(): void {
    this.#keys = undefined
    this.#formerKeys = undefined
    this.#challengeData = undefined
    this.#host.forgotten(this)
  }

  #learn(record: NodeRecord | undefined): void {
    if (record && (!this.#record || this.#record.seq < record.seq)) this.#record = record
  }
}

function readRecord(raw: Uint8Array): NodeRecord {
  try {
    return decodeRecord(raw)
  } catch (cause) {
    if (cause instanceof RecordError)
      throw new PacketError('record', `invalid node record: ${cause.message}`, { cause })
    throw cause
  }
}

function freshKey({ entropy }: Runtime): Uint8Array {
  for (;;) {
    const key = entropy(32)
    if (isPrivateKey(key)) return key
  }
}
