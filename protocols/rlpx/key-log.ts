import { bytesToHex, concatBytes, hexToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import type { Secrets } from './secrets.ts'

// A log of session keys, as TLS has it (SSLKEYLOGFILE): with it a capture of an RLPx connection can be read, and without
// it, it cannot. One line a session:
//
//     RLPX <keccak256 of the auth packet> <aes secret> <mac secret> <initiator's seed> <responder's seed>
//
// each 32 bytes in hex; a side's seed is what its MAC absorbs before its packet: mac secret ^ the other side's nonce.

/** The keys of one session, whichever side wrote them down. */
export type SessionKeys = {
  readonly aes: Uint8Array
  readonly mac: Uint8Array
  readonly initiatorSeed: Uint8Array
  readonly responderSeed: Uint8Array
}

/** @param isInitiator whether the secrets are of the side that dialed */
export function formatKeyLogLine({ aes, mac, egressSeed, ingressSeed }: Secrets, isInitiator: boolean): string {
  const [initiator, responder] = isInitiator ? [egressSeed, ingressSeed] : [ingressSeed, egressSeed]
  const auth = initiator.subarray(seedBytes)
  const parts = [keccak256(auth), aes, mac, initiator.subarray(0, seedBytes), responder.subarray(0, seedBytes)]
  return `RLPX ${parts.map(bytesToHex).join(' ')}\n`
}

/**
 * @param text a whole log: blank lines and those that begin with `#` are passed over
 * @returns the keys by {@link authId}
 * @throws {KeyLogError} a line is something else
 */
export function parseKeyLog(text: string): Map<string, SessionKeys> {
  const sessions = new Map<string, SessionKeys>()
  for (const [i, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue
    const [, ...parts] =
      /^RLPX ([0-9a-f]{64}) ([0-9a-f]{64}) ([0-9a-f]{64}) ([0-9a-f]{64}) ([0-9a-f]{64})\s*$/.exec(line) ?? []
    const [id, aes, mac, initiatorSeed, responderSeed] = parts
    if (responderSeed === undefined) throw new KeyLogError(i + 1)
    sessions.set(id!, {
      aes: hexToBytes(aes!),
      mac: hexToBytes(mac!),
      initiatorSeed: hexToBytes(initiatorSeed!),
      responderSeed: hexToBytes(responderSeed),
    })
  }
  return sessions
}

/** What a session is known by: anybody who sees the connection sees its auth packet. */
export const authId = (auth: Uint8Array): string => bytesToHex(keccak256(auth))

/**
 * @param packets of the handshake, as they came over the wire
 * @returns the secrets with which to read the frames that the initiator sent, or the responder
 */
export function secretsToRead(
  { aes, mac, initiatorSeed, responderSeed }: SessionKeys,
  { auth, ack }: { readonly auth: Uint8Array; readonly ack: Uint8Array },
  sender: 'initiator' | 'responder',
): Secrets {
  const ofInitiator = concatBytes(initiatorSeed, auth)
  const ofResponder = concatBytes(responderSeed, ack)
  return sender === 'initiator'
    ? { aes, mac, egressSeed: ofResponder, ingressSeed: ofInitiator }
    : { aes, mac, egressSeed: ofInitiator, ingressSeed: ofResponder }
}

const seedBytes = 32

/** A line of the log is none. Its text is not shown: it may be a key. */
export class KeyLogError extends Error {
  override readonly name = 'KeyLogError'
  constructor(line: number) {
    super(`line ${line} is no line of a key log: want RLPX and five numbers of 64 hex digits`)
  }
}
