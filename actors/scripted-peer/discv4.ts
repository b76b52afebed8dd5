import {
  decodePacket,
  type Endpoint,
  type Packet,
  PacketError,
  type PacketName,
  packetNames,
  rlpOf,
  type SignedPacket,
  signPacket,
  typeOf,
} from '../../protocols/discv4/packets.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import { bytesToHex, concatBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp, type RlpInput, RlpReader } from '../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import type { UdpEndpoint } from '../discovery/datagrams.ts'
import type { Wait } from './transcript.ts'
import { openUdp, UdpPeer, type UdpPeerOptions, type UdpPeerParts } from './udp-peer.ts'

/** A packet of that name as it was received: replies name its hash. */
export type Discv4Packet<N extends PacketName = PacketName> = Extract<Packet, { name: N }> &
  Pick<SignedPacket, 'hash' | 'publicKey'>

/** What a packet is written from: what has a usual value may be left out. Numbers may be numbers. */
export type Discv4Fields<N extends PacketName> = Loose<Extract<Packet, { name: N }>>
type Loose<P> = { readonly [K in Exclude<keyof P, 'name' | Usual>]: P[K] } & {
  readonly [K in Extract<keyof P, Usual>]?: Exclude<P[K], undefined> extends bigint ? P[K] | number : P[K]
}
type Usual = 'version' | 'from' | 'to' | 'expiration' | 'enrSeq' | 'target' | 'record'

/** What is to be wrong with a packet. All else of it is sound. */
export type BrokenDiscv4 = {
  readonly hash?: Uint8Array
  /** 65 bytes. */
  readonly signature?: Uint8Array
  /** In place of the one of its name. */
  readonly type?: number
  /** Elements after those that it has (EIP-8 has them ignored). */
  readonly extra?: readonly RlpInput[]
  /** Bytes after its RLP. */
  readonly trailing?: Uint8Array
  /** In place of its RLP. */
  readonly rlp?: Uint8Array
  /** Who signs. */
  readonly privateKey?: Uint8Array
}

/**
 * Opens a socket that speaks Node Discovery v4 to one node, named by its enode URL or its record.
 *
 * ```ts
 * await using peer = await discv4(node.enode)
 * await peer.bond()                                       // PING and PONG both ways
 * peer.send('FINDNODE', { target: new Uint8Array(64) })
 * const { nodes } = await peer.expect('NEIGHBORS')
 * peer.send('PING', {}, { hash: new Uint8Array(32) })     // a hash that is wrong
 * await peer.expectSilence(300)
 * ```
 * @throws {EnodeError} it names no node, or no place to reach it
 */
export function discv4(node: string | Enode, options: UdpPeerOptions = {}): Promise<ScriptedDiscv4> {
  return openUdp(node, options, (parts) => new ScriptedDiscv4(parts, options))
}

/** A node that sends any packet of discv4, sound or not: see {@link discv4}. By itself it answers PINGs alone. */
export class ScriptedDiscv4 extends UdpPeer<{ readonly [N in PacketName]: Discv4Packet<N> }> {
  readonly #answersPings: boolean

  constructor(parts: UdpPeerParts, { answerPings = true }: UdpPeerOptions) {
    super(parts)
    this.#answersPings = answerPings
  }

  /** 64 bytes. */
  get publicKey(): Uint8Array {
    return publicKeyOf(this.privateKey)
  }

  /** Unix time in seconds, so that a packet holds for 20 more. */
  get expiration(): bigint {
    return BigInt(Math.floor(this.runtime.wallClock() / 1_000)) + packetLife
  }

  /**
   * Sends one packet. Left out: version 4, our endpoint and theirs, `expiration` in 20 s, our key as `target`, our record.
   * @returns its hash, which its reply names
   * @throws {TypeError} there is no packet of that name, or it lacks a field
   */
  send<N extends PacketName>(
    name: N,
    ...args: object extends Discv4Fields<N>
      ? [fields?: Discv4Fields<N>, broken?: BrokenDiscv4]
      : [fields: Discv4Fields<N>, broken?: BrokenDiscv4]
  ): Uint8Array {
    const [fields = {}, broken = {}] = args
    this.checkName(name)
    const packet = this.#packet(name, fields)
    const rlp = withExtra(broken.rlp ?? rlpOf(packet), broken)
    const { privateKey = this.privateKey, type = typeOf(name) } = broken
    const signed = resign(signPacket({ type, rlp }, privateKey), broken)
    this.transmit(signed.bytes, `${name}${brokenLabel(broken)}`)
    return signed.hash
  }

  /** PING and PONG both ways: afterwards either has proven its endpoint. @throws {ScriptError} it does not answer, or never pings */
  async bond(wait?: Wait): Promise<void> {
    const replyTo = this.send('PING')
    await this.expect('PONG', { replyTo }, wait)
    const { hash } = await this.expect('PING', {}, wait)
    if (!this.#answersPings) this.send('PONG', { replyTo: hash })
  }

  protected read(bytes: Uint8Array): void {
    try {
      const { packet, hash, publicKey } = decodePacket(bytes)
      this.heard(packet.name, bytes, { ...packet, hash, publicKey }, labelOf(packet))
      if (packet.name === 'PING' && this.#answersPings) this.send('PONG', { replyTo: hash })
    } catch (error) {
      if (!(error instanceof PacketError)) throw error
      this.heard('datagram', bytes, undefined, `${bytes.length} bytes that are no packet: ${error.message}`)
    }
  }

  protected checkName(name: string): asserts name is PacketName {
    if (packetNames.includes(name as PacketName)) return
    throw new TypeError(`no packet of discv4 is named ${JSON.stringify(name)}: they are ${packetNames.join(', ')}`)
  }

  #packet(name: PacketName, given: object): Packet {
    const { endpoint } = this.remote
    const usual: Partial<Record<PacketName, object>> = {
      PING: { version: 4n, from: toPlace(this.endpoint), to: toPlace(endpoint) },
      PONG: { to: toPlace(endpoint) },
      FINDNODE: { target: this.publicKey },
      ENRRESPONSE: { record: this.record.raw },
    }
    const fields = Object.entries(given).map(([key, value]) => [key, typeof value === 'number' ? BigInt(value) : value])
    const expiration = name === 'ENRRESPONSE' ? {} : { expiration: this.expiration }
    const packet = { name, ...usual[name], ...expiration, ...Object.fromEntries(fields) }
    for (const field of needed[name])
      if (!(field in packet)) throw new TypeError(`${name} needs the field ${JSON.stringify(field)}`)
    return packet as Packet
  }
}

/** Fields that have no usual value. */
const needed: Readonly<Record<PacketName, readonly string[]>> = {
  ...{ PING: [], PONG: ['replyTo'], FINDNODE: [], NEIGHBORS: ['nodes'], ENRREQUEST: [], ENRRESPONSE: ['replyTo'] },
}
/** geth `expiration`, in seconds. */
const packetLife = 20n

const toPlace = ({ ip, port }: UdpEndpoint): Endpoint => ({ ip: parseIp(ip)!, udp: port, tcp: 0 })

function withExtra(rlp: Uint8Array, { extra = [], trailing = new Uint8Array(0) }: BrokenDiscv4): Uint8Array {
  if (extra.length === 0) return concatBytes(rlp, trailing)
  const items = [...RlpReader.open(rlp).rest()].map(({ raw }) => raw)
  return concatBytes(encodeList([...items, ...extra.map(encodeRlp)]), trailing)
}

/** hash(32) ‖ signature(65) ‖ … */
function resign(packet: { bytes: Uint8Array; hash: Uint8Array }, { hash, signature }: BrokenDiscv4) {
  const { bytes } = packet
  if (signature) {
    bytes.set(signature, 32)
    bytes.set(keccak256(bytes.subarray(32)), 0)
  }
  if (hash) bytes.set(hash, 0)
  return { bytes, hash: bytes.slice(0, 32) }
}

/** @returns ` with another hash, signature` */
const brokenLabel = (broken: object) =>
  Object.keys(broken).length > 0 ? ` with another ${Object.keys(broken).join(', ')}` : ''

function labelOf(packet: Packet): string {
  if (packet.name === 'NEIGHBORS') return `NEIGHBORS ${packet.nodes.length}`
  return 'replyTo' in packet ? `${packet.name} to ${bytesToHex(packet.replyTo.subarray(0, 4))}…` : packet.name
}
