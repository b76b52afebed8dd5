import { address, memory, sourceBytes, sponge } from './sponge.ts'

/** @returns the 32-byte Keccak-256 of `bytes` (the pre-FIPS padding that Ethereum uses) */
export function keccak256(bytes: Uint8Array): Uint8Array {
  sponge.hashStart()
  const scratch = memory()
  if (bytes.length <= sourceBytes) update(scratch, bytes)
  else for (let at = 0; at < bytes.length; at += sourceBytes) update(scratch, bytes.subarray(at, at + sourceBytes))
  sponge.hashDigest()
  return scratch.slice(address.source, address.source + 32)
}

function update(scratch: Uint8Array, bytes: Uint8Array): void {
  scratch.set(bytes, address.source)
  sponge.hashUpdate(bytes.length)
}
