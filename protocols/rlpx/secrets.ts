import { concatBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'

/** What a handshake leaves behind: all that a session starts from. Never logged, never inspected. */
export type Secrets = {
  /** The AES-256 key of both directions, 32 bytes. */
  readonly aes: Uint8Array
  /** The key that whitens MAC digests, 32 bytes. */
  readonly mac: Uint8Array
  /** What the MAC of the frames we send has absorbed before the first one. */
  readonly egressSeed: Uint8Array
  /** The same of the frames we receive. */
  readonly ingressSeed: Uint8Array
}

type Side = { readonly nonce: Uint8Array; readonly packet: Uint8Array }

/** devp2p rlpx.md, "Initial Handshake": note that the responder's nonce comes first. */
export function deriveSecrets({
  ephemeralSecret,
  initiator,
  responder,
  isInitiator,
}: {
  ephemeralSecret: Uint8Array
  initiator: Side
  responder: Side
  isInitiator: boolean
}): Secrets {
  const nonces = keccak256(concatBytes(responder.nonce, initiator.nonce))
  const shared = keccak256(concatBytes(ephemeralSecret, nonces))
  const aes = keccak256(concatBytes(ephemeralSecret, shared))
  const mac = keccak256(concatBytes(ephemeralSecret, aes))
  const fromInitiator = concatBytes(xorBytes(mac, responder.nonce), initiator.packet)
  const fromResponder = concatBytes(xorBytes(mac, initiator.nonce), responder.packet)
  return isInitiator
    ? { aes, mac, egressSeed: fromInitiator, ingressSeed: fromResponder }
    : { aes, mac, egressSeed: fromResponder, ingressSeed: fromInitiator }
}

/** @returns `a` XOR `b`, which are equally long */
export function xorBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!)
}
