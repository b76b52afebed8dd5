import { address, hashBytes, memory, sourceBytes, sponge } from './sponge.ts'

/** @returns the 32-byte Keccak-256 of `bytes` (the pre-FIPS padding that Ethereum uses) */
export function keccak256(bytes: Uint8Array): Uint8Array {
  sponge.hashStart()
  const scratch = memory()
  if (bytes.length <= sourceBytes) update(scratch, bytes)
  else for (let at = 0; at < bytes.length; at += sourceBytes) update(scratch, bytes.subarray(at, at + sourceBytes))
  sponge.hashDigest()
  return scratch.slice(address.source, address.source + 32)
}

/** As {@link keccak256}, of `parts` one behind the other, in steps of at most 64 KiB: 10 MiB take 100 ms. */
export function* keccak256Steps(...parts: readonly Uint8Array[]): Generator<void, Uint8Array> {
  sponge.hashStart()
  let room = sourceBytes
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      if (room === 0) {
        const aside = memory().slice(address.hash, address.hash + hashBytes)
        yield // others hash meanwhile
        memory().set(aside, address.hash)
        room = sourceBytes
      }
      const piece = part.subarray(at, at + room)
      update(memory(), piece)
      at += piece.length
      room -= piece.length
    }
  }
  sponge.hashDigest()
  return memory().slice(address.source, address.source + 32)
}

function update(scratch: Uint8Array, bytes: Uint8Array): void {
  scratch.set(bytes, address.source)
  sponge.hashUpdate(bytes.length)
}
