import {
  decodePacket,
  type HandshakePacket,
  type OrdinaryPacket,
  type WhoareyouPacket,
} from '../../../protocols/discv5/packet.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { nodeCiphers } from '../../runtime/ciphers.ts'
import type { UdpEndpoint } from '../datagrams.ts'
import type { DiscoveredNode } from '../discovered-node.ts'
import { type Call, Session, type SessionHost } from './session.ts'

/** geth NewCodec: sessions with keys that are kept, those used last. */
export const maxSessions = 1_024
/** Nodes without keys, which we challenge or ask: the latest are kept. geth has no bound. */
export const maxStrangers = 1_024

export type SessionsOptions = Omit<SessionHost, 'expect' | 'unexpect' | 'agreed' | 'forgotten'>

/** Nodes that we begin to challenge within a second; packets of others are dropped. geth has no bound. */
export const maxChallengesPerSecond = 2_048

/** Every session by node id and endpoint: a node that moves makes another (discv5-theory.md). */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #host: SessionHost
  readonly #selfId: Uint8Array
  /** With keys, the one used last at the end. BOUNDED: maxSessions. */
  readonly #established = new Map<string, Session>()
  /** Without keys, the latest at the end. BOUNDED: maxStrangers, and those that we call. */
  readonly #strangers = new Map<string, Session>()
  /** Sessions by the nonce of the request that is out. BOUNDED: one a session. */
  readonly #byNonce = new Map<string, Session>()
  #opened = 0
  #challenged = { since: 0, count: 0 }

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#selfId = hexToBytes(options.localNode.id)
    this.#host = {
      ...options,
      expect: (nonce, session) => this.#byNonce.set(nonce, session),
      unexpect: (nonce) => this.#byNonce.delete(nonce),
      agreed: (session) => this.#establish(session),
      forgotten: (session) => {
        const key = keyOf(session.id, session.endpoint)
        for (const map of [this.#strangers, this.#established]) if (map.get(key) === session) map.delete(key)
      },
    }
  }

  /** With keys, and without. */
  get size(): { readonly established: number; readonly strangers: number } {
    return { established: this.#established.size, strangers: this.#strangers.size }
  }

  /** @throws {PacketError} what came is nothing for a session */
  receive(datagram: Uint8Array, from: UdpEndpoint): void {
    const packet = decodePacket(nodeCiphers, this.#selfId, datagram)
    if (packet.kind === 'whoareyou') this.#receiveWhoareyou(packet, from)
    else if (bytesToHex(packet.source) === this.#options.localNode.id)
      throw new PacketError('id signature', 'a packet that claims to be our own')
    else if (packet.kind === 'ordinary') this.#receiveOrdinary(packet, from)
    else this.#receiveHandshake(packet, from)
  }

  call(node: DiscoveredNode, call: Call): void {
    const at = { ip: node.host, port: node.udp }
    const session = this.#find(node.id, at) ?? this.#open(node.id, at)
    session.call(node, call)
  }

  close(): void {
    for (const session of [...this.#established.values(), ...this.#strangers.values()]) session.end()
  }

  #receiveOrdinary(packet: OrdinaryPacket, from: UdpEndpoint): void {
    const id = bytesToHex(packet.source)
    const session = this.#find(id, from) ?? this.#openToChallenge(id, from)
    const plaintext = session.open(packet)
    if (plaintext) {
      this.#establish(session)
      session.deliver(plaintext)
    } else session.unreadable(packet)
  }

  #receiveHandshake(packet: HandshakePacket, from: UdpEndpoint): void {
    const session = this.#find(bytesToHex(packet.source), from)
    if (!session) throw new PacketError('id signature', 'unexpected auth response, not in handshake')
    session.answered(packet)
  }

  #receiveWhoareyou(packet: WhoareyouPacket, from: UdpEndpoint): void {
    const session = this.#byNonce.get(bytesToHex(packet.nonce))
    if (!session || session.endpoint.ip !== from.ip || session.endpoint.port !== from.port)
      throw new PacketError('id signature', 'WHOAREYOU matches no call')
    session.challenged(packet)
  }

  #find(id: string, at: UdpEndpoint): Session | undefined {
    const key = keyOf(id, at)
    return this.#established.get(key) ?? this.#strangers.get(key)
  }

  /** What a stranger costs us is bounded, however many there are. */
  #openToChallenge(id: string, at: UdpEndpoint): Session {
    const now = this.#options.runtime.clock.now()
    if (now - this.#challenged.since >= 1_000) this.#challenged = { since: now, count: 0 }
    if (++this.#challenged.count > maxChallengesPerSecond) throw new PacketError('decryption', 'too many to challenge')
    return this.#open(id, at)
  }

  #open(id: string, at: UdpEndpoint): Session {
    const session = new Session(this.#host, id, at, `${this.#options.id}/session/${++this.#opened}`)
    this.#strangers.set(keyOf(id, at), session)
    if (this.#strangers.size > maxStrangers)
      for (const oldest of this.#strangers.values())
        if (!oldest.isCalling && oldest !== session) {
          oldest.end()
          break
        }
    return session
  }

  #establish(session: Session): void {
    const key = keyOf(session.id, session.endpoint)
    this.#strangers.delete(key)
    this.#established.delete(key)
    this.#established.set(key, session)
    if (this.#established.size <= maxSessions) return
    const [least] = this.#established.values()
    least!.end()
  }
}

const keyOf = (id: string, { ip, port }: UdpEndpoint) => `${id} ${ip} ${port}`
