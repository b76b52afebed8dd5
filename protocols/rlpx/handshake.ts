import { concatBytes } from '../lib/bytes.ts'
import { encodeRlp, RlpError, RlpReader } from '../lib/rlp.ts'
import { publicKeyOf, recoverPublicKey, Secp256k1Error, signRecoverable } from '../lib/secp256k1.ts'
import type { Ciphers, Entropy } from './ciphers.ts'
import { agree, eciesDecrypt, eciesEncrypt, eciesOverhead, newPrivateKey } from './ecies.ts'
import { PacketReader } from './packet-reader.ts'
import { RlpxError } from './rlpx-error.ts'
import { deriveSecrets, type Secrets, xorBytes } from './secrets.ts'

// devp2p rlpx.md, "Initial Handshake", in the format of EIP-8 alone, as geth takes it: size ‖ ECIES(list ‖ padding), where
// the list's further items, its version and what follows it are ignored.

export type HandshakeOptions = {
  /** Our node key, 32 bytes. */
  readonly privateKey: Uint8Array
  /** Its public key, when it is known: saves a multiplication for each handshake. */
  readonly publicKey?: Uint8Array
  readonly entropy: Entropy
  readonly ciphers: Ciphers
}

export type HandshakeResult = {
  readonly secrets: Secrets
  /** The remote's node key, 64 bytes. */
  readonly remotePublicKey: Uint8Array
  /** The responder's ack, to be sent. */
  readonly reply?: Uint8Array
  /** What came after the packet: the first bytes of the frames. */
  readonly rest: Uint8Array
  /** Of the handshake, as their packet names it: EIP-8 takes any. */
  readonly remoteVersion: number
}

/** One side's wait for the other's packet. */
export type Handshake = {
  /** Bytes of their packet that have come, its size prefix included. */
  readonly received: number
  /**
   * Takes the next bytes of the stream, in any chunking; costs next to nothing.
   * @returns whether the packet is complete: nothing more may be given before `finish`
   * @throws {RlpxError} 'message too big'
   */
  receive(chunk: Uint8Array): boolean
  /**
   * Does the elliptic-curve work, 1 to 2 ms, on a complete packet.
   * @throws {RlpxError} 'handshake'
   */
  finish(): HandshakeResult
}

/** @returns the dialling side: `packet` is the auth to be sent, and the remote's ack is awaited */
export function initiate({
  remotePublicKey,
  ...options
}: HandshakeOptions & { readonly remotePublicKey: Uint8Array }): Handshake & { readonly packet: Uint8Array } {
  const { privateKey, publicKey = publicKeyOf(privateKey), entropy } = options
  const ephemeralKey = newPrivateKey(entropy)
  const nonce = entropy(32)
  const token = agree(remotePublicKey, privateKey)
  const signature = signRecoverable(xorBytes(token, nonce), ephemeralKey)
  const auth = seal([signature, publicKey, nonce, handshakeVersion], remotePublicKey, options)
  const reader = new PacketReader()
  return {
    packet: auth,
    get received() {
      return reader.received
    },
    receive: (chunk) => reader.receive(chunk),
    finish() {
      const { packet: ack, rest } = reader.take()
      const fields = open(ack, options)
      const [remoteEphemeral, remoteNonce, remoteVersion] = refuse(
        () => [fields.bytes(64), fields.bytes(32), Number(fields.uint())] as const,
      )
      const secrets = deriveSecrets({
        ephemeralSecret: agree(remoteEphemeral, ephemeralKey),
        initiator: { nonce, packet: auth },
        responder: { nonce: remoteNonce, packet: ack },
        isInitiator: true,
      })
      return { secrets, remotePublicKey, rest, remoteVersion }
    },
  }
}

/** @returns the listening side, which awaits the remote's auth and answers with an ack */
export function respond(options: HandshakeOptions): Handshake {
  const { privateKey, entropy } = options
  const reader = new PacketReader()
  return {
    get received() {
      return reader.received
    },
    receive: (chunk) => reader.receive(chunk),
    finish() {
      const { packet: auth, rest } = reader.take()
      const fields = open(auth, options)
      const [signature, remotePublicKey, remoteNonce, remoteVersion] = refuse(
        () => [fields.bytes(65), fields.bytes(64), fields.bytes(32), Number(fields.uint())] as const,
      )
      const token = agree(remotePublicKey, privateKey)
      const remoteEphemeral = refuse(() => recoverPublicKey(xorBytes(token, remoteNonce), signature))
      const ephemeralKey = newPrivateKey(entropy)
      const nonce = entropy(32)
      const ack = seal([publicKeyOf(ephemeralKey), nonce, handshakeVersion], remotePublicKey, options)
      const secrets = deriveSecrets({
        ephemeralSecret: agree(remoteEphemeral, ephemeralKey),
        initiator: { nonce: remoteNonce, packet: auth },
        responder: { nonce, packet: ack },
        isInitiator: false,
      })
      return { secrets, remotePublicKey, reply: ack, rest, remoteVersion }
    },
  }
}

/** geth pads with 100 to 199 zeros, so that the packet's size says nothing (EIP-8). */
function seal(fields: (Uint8Array | number)[], publicKey: Uint8Array, options: HandshakeOptions): Uint8Array {
  const [high, low] = options.entropy(2)
  const padding = new Uint8Array(100 + (((high! << 8) | low!) % 100))
  const body = concatBytes(encodeRlp(fields), padding)
  const size = body.length + eciesOverhead
  const prefix = Uint8Array.of(size >> 8, size & 0xff)
  return concatBytes(prefix, eciesEncrypt(publicKey, body, prefix, options))
}

function open(packet: Uint8Array, { privateKey, ciphers }: HandshakeOptions): RlpReader {
  const body = eciesDecrypt(privateKey, packet.subarray(2), packet.subarray(0, 2), ciphers)
  return refuse(() => RlpReader.open(body))
}

/** The remote cannot learn what it got wrong, not even by timing: every fault is the same error. */
function refuse<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof RlpError || cause instanceof Secp256k1Error) throw new RlpxError('handshake', { cause })
    throw cause
  }
}

/** EIP-8's auth-vsn and ack-vsn. */
export const handshakeVersion = 4
