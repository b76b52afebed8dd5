import { address, memory, sourceBytes, sponge } from '../lib/sponge.ts'
import { RlpxError } from './rlpx-error.ts'

// The snappy block format (google/snappy, format_description.txt): a claimed length, then literals and copies from what is
// already there.

/** geth's limit on a message: what 3 bytes of frame size can say. */
export const maxMessageBytes = 2 ** 24 - 1

/** The most that `size` bytes may take when compressed, with the length before them. */
export const maxCompressedBytes = (size: number): number => 64 + size + Math.ceil(size / 6)

/** Compresses `payload` to `to` at `at`, 64 KiB at a time. @returns where it ends */
export function* compress(payload: Uint8Array, to: Uint8Array, at: number): Generator<void, number> {
  let end = writeVarint(to, at, payload.length)
  for (let from = 0; from < payload.length; from += sourceBytes) {
    const part = payload.subarray(from, from + sourceBytes)
    memory().set(part, address.source)
    const partEnd = sponge.compress(address.source, part.length, address.frame)
    to.set(memory().subarray(address.frame, partEnd), end)
    end += partEnd - address.frame
    yield
  }
  return end
}

/** {@link compress} of at most {@link sourceBytes} inside the sponge's memory. */
export function compressInside(payload: Uint8Array, at: number): number {
  memory().set(payload, address.source)
  return sponge.compress(address.source, payload.length, writeVarint(memory(), at, payload.length))
}

/**
 * Inflates a block that stands in the sponge's memory.
 * @param claim its {@link readClaim}, of at most {@link sourceBytes}
 * @throws {RlpxError} 'snappy'
 */
export function inflateInside(block: Uint8Array, claim: Claim): Uint8Array {
  const end = block.byteOffset + block.length
  if (!sponge.inflate(block.byteOffset + claim.bytes, end, address.source, claim.size)) throw new RlpxError('snappy')
  return memory().slice(address.source, address.source + claim.size)
}

/** What a block says of itself: it inflates to `size` bytes, and took `bytes` to say so. */
export type Claim = { readonly size: number; readonly bytes: number }

/** @throws {RlpxError} no length, one above the limit, or one that no block so small can have */
export function readClaim(block: Uint8Array): Claim {
  const claim = readVarint(block)
  if (claim.size > maxMessageBytes) throw new RlpxError('message length >= 16MB')
  if (claim.size * 3 > (block.length - claim.bytes) * 64) throw new RlpxError('snappy') // the densest: 64 bytes by 3
  return claim
}

/** At most 5 bytes, below 2^32. */
function readVarint(block: Uint8Array): Claim {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (size > 0xffff_ffff) break
    return { size, bytes: i + 1 }
  }
  throw new RlpxError('snappy')
}

function writeVarint(to: Uint8Array, at: number, value: number): number {
  for (; value >= 0x80; value >>= 7) to[at++] = (value & 0x7f) | 0x80
  to[at++] = value
  return at
}
