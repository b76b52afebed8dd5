import { concatBytes, utf8ToBytes } from '../lib/bytes.ts'
import type { PacketCiphers } from './ciphers.ts'
import { PacketError } from './packet-error.ts'

// Packets (discv5-wire.md, "Packet Encoding"): masking-iv ‖ masked(static-header ‖ authdata) ‖ message.

/** A packet whose header was unmasked; what is encrypted still is. All fields are views of its bytes. */
export type Packet = OrdinaryPacket | WhoareyouPacket | HandshakePacket

export type OrdinaryPacket = Sealed & {
  readonly kind: 'ordinary'
  /** 12 bytes. */
  readonly nonce: Uint8Array
  /** The node id that it claims to come from, 32 bytes. */
  readonly source: Uint8Array
}

export type WhoareyouPacket = {
  readonly kind: 'whoareyou'
  /** Of the packet that it answers. */
  readonly nonce: Uint8Array
  /** 16 bytes. */
  readonly idNonce: Uint8Array
  /** Of our record, as far as its sender knows it; 0 when it does not. */
  readonly recordSeq: bigint
  /** The whole packet, unmasked: what the handshake signs. */
  readonly challengeData: Uint8Array
}

export type HandshakePacket = Sealed & {
  readonly kind: 'handshake'
  readonly nonce: Uint8Array
  readonly source: Uint8Array
  readonly signature: Uint8Array
  /** As it came: 33 bytes, if it is a key. */
  readonly ephemeralKey: Uint8Array
  /** RLP of the sender's record; empty when it takes us to have it. */
  readonly record: Uint8Array
}

/** The message of a packet as AES-GCM has it. */
type Sealed = {
  /** masking-iv ‖ static-header ‖ authdata, unmasked: authenticated with the message. */
  readonly head: Uint8Array
  readonly sealed: Uint8Array
}

/** discv5-wire.md: smaller and larger packets are dropped. */
export const minPacketBytes = 63
export const maxPacketBytes = 1280

/**
 * @param selfId 32 bytes: the packet is masked with the id of its recipient
 * @throws {PacketError}
 */
export function decodePacket(ciphers: PacketCiphers, selfId: Uint8Array, datagram: Uint8Array): Packet {
  if (datagram.length < minPacketBytes || datagram.length > maxPacketBytes)
    throw new PacketError('size', `a packet of ${datagram.length} bytes`)
  const iv = datagram.subarray(0, ivBytes)
  const mask = ciphers.aesCtr(selfId.subarray(0, 16), iv)
  const { flag, nonce, authSize } = readStaticHeader(
    mask.update(datagram.subarray(ivBytes, staticEnd)),
    datagram.length - staticEnd,
  )
  const authdata = mask.update(datagram.subarray(staticEnd, staticEnd + authSize))
  const head = concatBytes(iv, writeStaticHeader(flag, nonce, authSize), authdata)
  const sealed = datagram.subarray(staticEnd + authSize)
  switch (flag) {
    case Flag.whoareyou:
      return readWhoareyou(nonce, authdata, head)
    case Flag.handshake:
      return { kind: 'handshake', nonce, ...readHandshake(authdata), head, sealed }
    default:
      if (authSize !== 32) throw new PacketError('authdata size', `authdata of ${authSize} bytes in a message packet`)
      return { kind: 'ordinary', nonce, source: authdata, head, sealed }
  }
}

/** @returns the plaintext, or undefined when `key` did not seal it */
export const openMessage = (
  ciphers: PacketCiphers,
  key: Uint8Array,
  { nonce, sealed, head }: OrdinaryPacket | HandshakePacket,
): Uint8Array | undefined => (sealed.length < tagBytes ? undefined : ciphers.openGcm(key, nonce, sealed, head))

/** Where a packet goes, and the masking-iv (16 bytes) and nonce (12 bytes) that it gets, both fresh. */
export type Envelope = { readonly to: Uint8Array; readonly iv: Uint8Array; readonly nonce: Uint8Array }

/** @param source our node id @param key of the session, 16 bytes */
export function encodeOrdinary(
  ciphers: PacketCiphers,
  envelope: Envelope,
  { source, key, plaintext }: { source: Uint8Array; key: Uint8Array; plaintext: Uint8Array },
): Uint8Array {
  const head = headOf(Flag.ordinary, envelope, source)
  return maskHead(ciphers, envelope, head, ciphers.sealGcm(key, envelope.nonce, plaintext, head))
}

/**
 * What opens a handshake: an ordinary packet that cannot be decrypted.
 * @param filler random bytes: at least {@link randomMessageBytes}, that the packet is larger than the WHOAREYOU it brings
 */
export const encodeRandom = (
  ciphers: PacketCiphers,
  envelope: Envelope,
  { source, filler }: { source: Uint8Array; filler: Uint8Array },
): Uint8Array => maskHead(ciphers, envelope, headOf(Flag.ordinary, envelope, source), filler)

/** As long as the shortest message that there is, with its tag. */
export const randomMessageBytes = 20

/** @returns the packet unmasked, to be sent by {@link maskChallenge} as often as it must: discv5-theory.md has it the same each time */
export const encodeWhoareyou = (
  { iv, nonce }: Pick<Envelope, 'iv' | 'nonce'>,
  { idNonce, recordSeq }: { idNonce: Uint8Array; recordSeq: bigint },
): Uint8Array => {
  const authdata = new Uint8Array(24)
  authdata.set(idNonce)
  new DataView(authdata.buffer).setBigUint64(16, recordSeq)
  return headOf(Flag.whoareyou, { iv, nonce }, authdata)
}

/** @returns the WHOAREYOU packet of `challengeData`, for the node `to` */
export const maskChallenge = (ciphers: PacketCiphers, to: Uint8Array, challengeData: Uint8Array): Uint8Array =>
  maskHead(ciphers, { to, iv: challengeData.subarray(0, ivBytes) }, challengeData, new Uint8Array(0))

/** @param record RLP of ours; empty when the other has it @param key of the new session */
export function encodeHandshake(
  ciphers: PacketCiphers,
  envelope: Envelope,
  packet: Pick<HandshakePacket, 'source' | 'signature' | 'ephemeralKey' | 'record'> & {
    key: Uint8Array
    plaintext: Uint8Array
  },
): Uint8Array {
  const { source, signature, ephemeralKey, record, key, plaintext } = packet
  const sizes = Uint8Array.of(signature.length, ephemeralKey.length)
  const head = headOf(Flag.handshake, envelope, concatBytes(source, sizes, signature, ephemeralKey, record))
  return maskHead(ciphers, envelope, head, ciphers.sealGcm(key, envelope.nonce, plaintext, head))
}

const Flag = { ordinary: 0, whoareyou: 1, handshake: 2 } as const

const ivBytes = 16
const protocolId = utf8ToBytes('discv5')
const staticBytes = 23
const staticEnd = ivBytes + staticBytes
const tagBytes = 16
const version = 1
/** geth's minMessageSize: authdata and message of all packets but WHOAREYOU. */
const minMessageBytes = 48

function readStaticHeader(bytes: Uint8Array, rest: number): { flag: number; nonce: Uint8Array; authSize: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (protocolId.some((byte, i) => bytes[i] !== byte)) throw new PacketError('protocol id', 'another protocol')
  const theirs = view.getUint16(6)
  if (theirs < version) throw new PacketError('version', `version ${theirs}`)
  const flag = bytes[8]!
  const authSize = view.getUint16(21)
  if (flag !== Flag.whoareyou && rest < minMessageBytes) throw new PacketError('size', 'a message packet too short')
  if (authSize > rest) throw new PacketError('authdata size', `authdata of ${authSize} bytes in a packet of fewer`)
  if (flag > Flag.handshake) throw new PacketError('flag', `flag ${flag}`)
  return { flag, nonce: bytes.subarray(9, 21), authSize }
}

function writeStaticHeader(flag: number, nonce: Uint8Array, authSize: number): Uint8Array {
  const header = new Uint8Array(staticBytes)
  header.set(protocolId)
  const view = new DataView(header.buffer)
  view.setUint16(6, version)
  header[8] = flag
  header.set(nonce, 9)
  view.setUint16(21, authSize)
  return header
}

function readWhoareyou(nonce: Uint8Array, authdata: Uint8Array, challengeData: Uint8Array): WhoareyouPacket {
  if (authdata.length !== 24)
    throw new PacketError('authdata size', `authdata of ${authdata.length} bytes in WHOAREYOU`)
  const recordSeq = new DataView(authdata.buffer, authdata.byteOffset, 24).getBigUint64(16)
  return { kind: 'whoareyou', nonce, idNonce: authdata.subarray(0, 16), recordSeq, challengeData }
}

function readHandshake(authdata: Uint8Array) {
  if (authdata.length < 34)
    throw new PacketError('authdata size', `authdata of ${authdata.length} bytes in a handshake`)
  const keyStart = 34 + authdata[32]!
  const recordStart = keyStart + authdata[33]!
  if (recordStart > authdata.length)
    throw new PacketError('authdata size', 'signature and key larger than the authdata')
  return {
    source: authdata.subarray(0, 32),
    signature: authdata.subarray(34, keyStart),
    ephemeralKey: authdata.subarray(keyStart, recordStart),
    record: authdata.subarray(recordStart),
  }
}

const headOf = (flag: number, { iv, nonce }: Pick<Envelope, 'iv' | 'nonce'>, authdata: Uint8Array): Uint8Array =>
  concatBytes(iv, writeStaticHeader(flag, nonce, authdata.length), authdata)

function maskHead(
  ciphers: PacketCiphers,
  { to, iv }: Pick<Envelope, 'to' | 'iv'>,
  head: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  return concatBytes(iv, ciphers.aesCtr(to.subarray(0, 16), iv).update(head.subarray(ivBytes)), message)
}
