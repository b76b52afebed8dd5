import { randomBytes, randomInt } from 'node:crypto'
import { nodeCiphers } from '../../actors/runtime/ciphers.ts'
import { encodeOrdinary } from '../../protocols/discv5/packet.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'

/** No packet of anything, of any length that discv4 and discv5 have. */
export const noise = (): Uint8Array => randomBytes(randomInt(1, 1_281))

/** A packet of discv5 that a node must challenge: of a session that it does not have. */
export const strange = (id: string): Uint8Array =>
  encodeOrdinary(
    nodeCiphers,
    { to: hexToBytes(id), iv: randomBytes(16), nonce: randomBytes(12) },
    { source: randomBytes(32), key: randomBytes(16), plaintext: randomBytes(32) },
  )
