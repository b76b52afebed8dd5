import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import type { Entropy } from '../../../protocols/rlpx/ciphers.ts'
import { type HandshakeResult, initiate, respond } from '../../../protocols/rlpx/handshake.ts'
import type { Secrets } from '../../../protocols/rlpx/secrets.ts'
import { type RlpxMessage, RlpxSession } from '../../../protocols/rlpx/session.ts'

export const ciphers = nodeCiphers

/** Bytes that look random and are the same in every run; first those of `script`, one for each call. */
export function entropyFrom(seed: number, ...script: Uint8Array[]): Entropy {
  let state = keccak256(Uint8Array.of(seed >> 24, seed >> 16, seed >> 8, seed))
  return (length) => {
    const scripted = script.shift()
    if (scripted) return scripted
    const blocks = Array.from({ length: Math.ceil(length / 32) }, () => {
      state = keccak256(state)
      return state
    })
    return concatBytes(...blocks).subarray(0, length)
  }
}

export const bytesOf = (length: number, seed = 1): Uint8Array => entropyFrom(seed)(length)

export const initiatorKey = bytesOf(32, 100)
export const responderKey = bytesOf(32, 200)

export const newInitiator = (entropy: Entropy) =>
  initiate({ privateKey: initiatorKey, remotePublicKey: publicKeyOf(responderKey), entropy, ciphers })
export const newResponder = (entropy: Entropy) => respond({ privateKey: responderKey, entropy, ciphers })

/** A whole handshake. */
export function shakeHands(seed = 1): { initiator: HandshakeResult; responder: HandshakeResult } {
  const initiating = newInitiator(entropyFrom(seed))
  const responding = newResponder(entropyFrom(seed + 1))
  responding.receive(initiating.packet)
  const responder = responding.finish()
  initiating.receive(responder.reply!)
  return { initiator: initiating.finish(), responder }
}

/** Secrets as a handshake makes them, mirrored for the other side. */
export function secretsPair(seed = 1): [Secrets, Secrets] {
  const entropy = entropyFrom(seed)
  const [aes, mac, egressSeed, ingressSeed] = [entropy(32), entropy(32), entropy(32 + 437), entropy(32 + 391)]
  return [
    { aes, mac, egressSeed, ingressSeed },
    { aes, mac, egressSeed: ingressSeed, ingressSeed: egressSeed },
  ]
}

/** Calls `use` with both ends of a connection, and frees them. */
export function withSessions<Result>(
  { snappy = false, seed = 1 }: { snappy?: boolean; seed?: number },
  use: (a: RlpxSession, b: RlpxSession) => Result,
): Result {
  const sessions = secretsPair(seed).map((secrets) => new RlpxSession(secrets, ciphers)) as [RlpxSession, RlpxSession]
  if (snappy) for (const session of sessions) session.enableSnappy()
  try {
    return use(...sessions)
  } finally {
    for (const session of sessions) session.free()
  }
}

/** @returns every message that is complete */
export function drain(session: RlpxSession): RlpxMessage[] {
  const messages: RlpxMessage[] = []
  for (;;) {
    const message = session.next()
    if (message) messages.push(message)
    else if (!session.hasWork) return messages
  }
}

/** @returns the code of the {@link RlpxError} that `act` throws; anything else goes on up */
export function errorCodeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    if ((error as Error).name === 'RlpxError') return (error as { code: string }).code
    throw error
  }
  return undefined
}
