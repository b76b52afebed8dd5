import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { signRecoverable } from '../../../protocols/lib/secp256k1.ts'

/** Any content as a packet of discv4: its hash and signature are sound, whatever it holds. */
export function signPacket(key: Uint8Array, type: number, body: Uint8Array): Uint8Array {
  const data = concatBytes(Uint8Array.of(type), body)
  const rest = concatBytes(signRecoverable(keccak256(data), key), data)
  return concatBytes(keccak256(rest), rest)
}
