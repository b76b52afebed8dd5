import { equalBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { encodeList, encodeRlp, RlpError, type RlpInput, RlpReader, toUint } from '../lib/rlp.ts'
import { recoverPublicKey, Secp256k1Error, signRecoverable } from '../lib/secp256k1.ts'

// Packets of Node Discovery v4 (devp2p discv4.md, EIP-8, EIP-868; geth p2p/discover/v4wire).
// hash(32) ‖ signature(65) ‖ type(1) ‖ RLP. The hash is over all that follows it, the signature over type and RLP.

export type Packet = Ping | Pong | Findnode | Neighbors | EnrRequest | EnrResponse

export type Ping = {
  readonly name: 'PING'
  readonly version: bigint
  readonly from: Endpoint
  readonly to: Endpoint
  readonly expiration: bigint
  /** Of the sender's record; absent before EIP-868. */
  readonly enrSeq?: bigint
}

export type Pong = {
  readonly name: 'PONG'
  /** Where the PING came from, as its receiver saw it. */
  readonly to: Endpoint
  /** The hash of the PING, 32 bytes. Of a remote: any bytes. */
  readonly replyTo: Uint8Array
  readonly expiration: bigint
  readonly enrSeq?: bigint
}

export type Findnode = {
  readonly name: 'FINDNODE'
  /** 64 bytes, of a public key or none. */
  readonly target: Uint8Array
  readonly expiration: bigint
}

export type Neighbors = {
  readonly name: 'NEIGHBORS'
  /** BOUNDED: by the packet. */
  readonly nodes: readonly Neighbor[]
  readonly expiration: bigint
}

export type EnrRequest = { readonly name: 'ENRREQUEST'; readonly expiration: bigint }

export type EnrResponse = {
  readonly name: 'ENRRESPONSE'
  /** The hash of the ENRREQUEST. */
  readonly replyTo: Uint8Array
  /** RLP of a node record, not verified. */
  readonly record: Uint8Array
}

export type PacketName = Packet['name']

/** `ip` is 4 or 16 bytes. Of a remote: any bytes, and only a claim. */
export type Endpoint = { readonly ip: Uint8Array; readonly udp: number; readonly tcp: number }
/** `publicKey` is 64 bytes, on the curve or not. */
export type Neighbor = Endpoint & { readonly publicKey: Uint8Array }

/** A packet whose hash and signature are sound. */
export type SignedPacket = {
  readonly packet: Packet
  /** 64 bytes: who signed it. */
  readonly publicKey: Uint8Array
  /** 32 bytes. Replies name it. */
  readonly hash: Uint8Array
}

/** discv4.md: packets are no longer than this, and what is longer is cut, so its hash is wrong. */
export const maxPacketBytes = 1_280
/** How many nodes with IPv6 addresses fit a packet (geth `MaxNeighbors`). */
export const maxNeighbors = 12

/** @returns the packet's bytes, and its hash */
export function encodePacket(packet: Packet, privateKey: Uint8Array): { bytes: Uint8Array; hash: Uint8Array } {
  return signPacket({ type: typeOf(packet.name), rlp: rlpOf(packet) }, privateKey)
}

/** @returns a packet of anything: its hash and signature are sound, whatever it holds */
export function signPacket(
  { type, rlp }: { readonly type: number; readonly rlp: Uint8Array },
  privateKey: Uint8Array,
): { bytes: Uint8Array; hash: Uint8Array } {
  const bytes = new Uint8Array(headBytes + 1 + rlp.length)
  bytes[headBytes] = type
  bytes.set(rlp, headBytes + 1)
  bytes.set(signRecoverable(keccak256(bytes.subarray(headBytes)), privateKey), hashBytes)
  const hash = keccak256(bytes.subarray(hashBytes))
  bytes.set(hash, 0)
  return { bytes, hash }
}

/**
 * Elements after those of the specification, and bytes after the RLP, are ignored (EIP-8).
 * @throws {PacketError} with geth's message
 */
export function decodePacket(bytes: Uint8Array): SignedPacket {
  if (bytes.length < headBytes + 1) throw new PacketError('too small')
  const hash = bytes.slice(0, hashBytes)
  if (bytes.length > maxPacketBytes || !equalBytes(hash, keccak256(bytes.subarray(hashBytes))))
    throw new PacketError('bad hash')
  try {
    const signature = bytes.subarray(hashBytes, headBytes)
    const publicKey = recoverPublicKey(keccak256(bytes.subarray(headBytes)), signature)
    const type = bytes[headBytes]!
    const name = packetNames[type - 1]
    if (name === undefined) throw new PacketError(`unknown type: ${type}`)
    return { packet: read[name](RlpReader.open(bytes.slice(headBytes + 1))), publicKey, hash }
  } catch (error) {
    if (error instanceof RlpError || error instanceof Secp256k1Error)
      throw new PacketError(error.message, { cause: error })
    throw error
  }
}

/**
 * geth reads an expiration as a signed number: one of 2^63 or more has passed long ago.
 * @param now ms of Unix time
 */
export const isExpired = (expiration: bigint, now: number): boolean =>
  BigInt.asIntN(64, expiration) * 1_000n < BigInt(Math.floor(now))

export const typeOf = (name: PacketName): number => packetNames.indexOf(name) + 1
/** @returns what is signed, after the type */
export const rlpOf = (packet: Packet): Uint8Array =>
  packet.name === 'ENRRESPONSE' ? responseRlp(packet) : encodeRlp(fieldsOf(packet))

export const packetNames = ['PING', 'PONG', 'FINDNODE', 'NEIGHBORS', 'ENRREQUEST', 'ENRRESPONSE'] as const
const hashBytes = 32
const headBytes = hashBytes + 65

function fieldsOf(packet: Exclude<Packet, EnrResponse>): RlpInput {
  switch (packet.name) {
    case 'PING':
      return [packet.version, place(packet.from), place(packet.to), packet.expiration, ...optional(packet.enrSeq)]
    case 'PONG':
      return [place(packet.to), packet.replyTo, packet.expiration, ...optional(packet.enrSeq)]
    case 'FINDNODE':
      return [packet.target, packet.expiration]
    case 'NEIGHBORS':
      return [packet.nodes.map((node) => [...place(node), node.publicKey]), packet.expiration]
    case 'ENRREQUEST':
      return [packet.expiration]
  }
}

function responseRlp({ replyTo, record }: EnrResponse): Uint8Array {
  return encodeList([encodeRlp(replyTo), record])
}

const place = ({ ip, udp, tcp }: Endpoint) => [ip, udp, tcp]
const optional = (seq: bigint | undefined) => (seq === undefined ? [] : [seq])

const read: { readonly [Name in PacketName]: (fields: RlpReader) => Packet } = {
  PING: (fields) => {
    const ping = { version: fields.uint(), from: readEndpoint(fields), to: readEndpoint(fields) }
    return { name: 'PING', ...ping, expiration: fields.uint(), ...readSeq(fields) }
  },
  PONG: (fields) => {
    const pong = { to: readEndpoint(fields), replyTo: fields.bytes() }
    return { name: 'PONG', ...pong, expiration: fields.uint(), ...readSeq(fields) }
  },
  FINDNODE: (fields) => ending(fields, { name: 'FINDNODE', target: fields.bytes(64), expiration: fields.uint() }),
  NEIGHBORS: (fields) => {
    const nodes = Array.from(fields.list().rest(), readNeighbor)
    return ending(fields, { name: 'NEIGHBORS', nodes, expiration: fields.uint() })
  },
  ENRREQUEST: (fields) => ending(fields, { name: 'ENRREQUEST', expiration: fields.uint() }),
  ENRRESPONSE: (fields) => {
    const replyTo = fields.bytes()
    return ending(fields, { name: 'ENRRESPONSE', replyTo, record: fields.listItem().raw })
  },
}

function readEndpoint(fields: RlpReader): Endpoint {
  const place = fields.list()
  const endpoint = { ip: place.bytes(), udp: Number(place.uint(2)), tcp: Number(place.uint(2)) }
  place.end()
  return endpoint
}

function readNeighbor({ isList, raw }: { isList: boolean; raw: Uint8Array }): Neighbor {
  if (!isList) throw new RlpError('expected a list, got a string')
  const fields = RlpReader.open(raw)
  const place = { ip: fields.bytes(), udp: Number(fields.uint(2)), tcp: Number(fields.uint(2)) }
  const neighbor = { ...place, publicKey: fields.bytes(64) }
  fields.end()
  return neighbor
}

/** Of EIP-868. What is no uint64 there is one of EIP-8's additional elements, and ignored; geth refuses it. */
function readSeq(fields: RlpReader): { readonly enrSeq?: bigint } {
  if (fields.isDone) return {}
  const { isList, content } = fields.item()
  const isSeq = !isList && content.length <= 8 && content[0] !== 0
  return ending(fields, isSeq ? { enrSeq: toUint(content) } : {})
}

/** What follows must be RLP, whatever it is. */
function ending<Value>(fields: RlpReader, value: Value): Value {
  while (!fields.isDone) fields.item()
  return value
}

/** The bytes are no packet: the fault of their sender, whose name they may not even carry. */
export class PacketError extends Error {
  override readonly name = 'PacketError'
}
