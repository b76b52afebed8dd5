import { bytesToHex, utf8ToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'

/** EIP-55: an address in hex whose capitals are a checksum. */
export function checksumAddress(address: Uint8Array): string {
  const digits = bytesToHex(address)
  const hash = bytesToHex(keccak256(utf8ToBytes(digits)))
  return `0x${Array.from(digits, (digit, i) => (hash[i]! >= '8' ? digit.toUpperCase() : digit)).join('')}`
}
