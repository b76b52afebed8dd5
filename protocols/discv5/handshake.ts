import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, utf8ToBytes } from '../lib/bytes.ts'
import {
  compressPublicKey,
  decompressPublicKey,
  ecdhPoint,
  publicKeyOf,
  Secp256k1Error,
  signRecoverable,
  verifySignature,
} from '../lib/secp256k1.ts'
import { PacketError } from './packet-error.ts'

// The handshake (discv5-theory.md, "Session Establishment") with the identity scheme "v4".

/** Both 16 bytes. */
export type SessionKeys = { readonly writeKey: Uint8Array; readonly readKey: Uint8Array }

/** Of whom a handshake is with; ids have 32 bytes. */
type Parties = { readonly selfId: Uint8Array; readonly remoteId: Uint8Array; readonly challengeData: Uint8Array }

/**
 * Answers a WHOAREYOU packet.
 * @param privateKey ours @param ephemeralKey a fresh private key @param remoteKey 64 bytes, of the remote's record
 * @returns `ephemeralKey` the public one, 33 bytes
 */
export function answerChallenge(
  { selfId, remoteId, challengeData }: Parties,
  { privateKey, ephemeralKey, remoteKey }: Record<'privateKey' | 'ephemeralKey' | 'remoteKey', Uint8Array>,
): { keys: SessionKeys; signature: Uint8Array; ephemeralKey: Uint8Array } {
  const publicKey = compressPublicKey(publicKeyOf(ephemeralKey))
  const signed = idSignatureInput({ challengeData, ephemeralKey: publicKey, recipient: remoteId })
  const shared = ecdhPoint(remoteKey, ephemeralKey)
  const { initiatorKey, recipientKey } = deriveKeys(shared, challengeData, selfId, remoteId)
  return {
    keys: { writeKey: initiatorKey, readKey: recipientKey },
    signature: signRecoverable(signed, privateKey).subarray(0, 64),
    ephemeralKey: publicKey,
  }
}

/**
 * Checks the answer to our WHOAREYOU packet.
 * @param privateKey ours @param ephemeralKey as it came @param remoteKey 64 bytes, of the remote's record
 * @throws {PacketError}
 */
export function acceptAnswer(
  { selfId, remoteId, challengeData }: Parties,
  {
    privateKey,
    ephemeralKey,
    remoteKey,
    signature,
  }: Record<'privateKey' | 'ephemeralKey' | 'remoteKey' | 'signature', Uint8Array>,
): SessionKeys {
  const signed = idSignatureInput({ challengeData, ephemeralKey, recipient: selfId })
  if (!verifySignature(signed, signature, remoteKey))
    throw new PacketError('id signature', 'invalid ID nonce signature')
  const { initiatorKey, recipientKey } = deriveKeys(
    ecdhPoint(readEphemeralKey(ephemeralKey), privateKey),
    challengeData,
    remoteId,
    selfId,
  )
  return { writeKey: recipientKey, readKey: initiatorKey }
}

/** @param ephemeralKey 33 bytes @returns the hash that the id signature signs */
export function idSignatureInput(of: Record<'challengeData' | 'ephemeralKey' | 'recipient', Uint8Array>): Uint8Array {
  return sha256(concatBytes(signatureText, of.challengeData, of.ephemeralKey, of.recipient))
}

/** @param shared the compressed point of ECDH, 33 bytes */
export function deriveKeys(
  shared: Uint8Array,
  challengeData: Uint8Array,
  initiator: Uint8Array,
  recipient: Uint8Array,
): Record<'initiatorKey' | 'recipientKey', Uint8Array> {
  const both = hkdf(sha256, shared, challengeData, concatBytes(agreementText, initiator, recipient), 32)
  return { initiatorKey: both.slice(0, 16), recipientKey: both.slice(16) }
}

const signatureText = utf8ToBytes('discovery v5 identity proof')
const agreementText = utf8ToBytes('discovery v5 key agreement')

function readEphemeralKey(bytes: Uint8Array): Uint8Array {
  try {
    return decompressPublicKey(bytes)
  } catch (cause) {
    if (cause instanceof Secp256k1Error) throw new PacketError('ephemeral key', 'invalid ephemeral pubkey', { cause })
    throw cause
  }
}
