import { encryptBlock, expandKey, makeTables, roundKeyBytes } from './sponge-aes.as'
import { permute } from './sponge-keccak.as'
import { compress, inflate } from './sponge-snappy.as'

// What JavaScript is too slow for: Keccak sponges, the RLPx frame MAC (devp2p rlpx.md, "MAC") and snappy compression.
// Memory is fixed: tables, two buffers, and from `heap` on the sessions that sponge.ts allots. Every address and length is
// checked by sponge.ts; nothing here allocates or fails.

// A sponge: 200 bytes of state, the offset in its rate as u32, and from 208 the first half of its last digest.
const rate: usize = 136
const offsetAt = 200
const digestAt = 208
const spongeBytes: usize = 224

// A session: the MAC secret's AES round keys, the egress sponge, the ingress sponge.
export const egress: usize = roundKeyBytes
export const ingress: usize = roundKeyBytes + spongeBytes
export const sessionBytes: usize = roundKeyBytes + 2 * spongeBytes

/** Where bytes go in: the source of compression and hashing, 64 KiB. */
export const source: usize = memory.data(1 << 16, 16)
/** One frame: header, header MAC, body, MAC. Room for a compressed fragment of 64 KiB with its code and padding. */
export const frame: usize = memory.data(78 << 10, 16)
export const heap: usize = (__heap_base + 15) & ~15

/** The sponge of `hashUpdate`, {@link hashBytes} long: it is put aside to hash something else. */
export const hash: usize = memory.data(spongeBytes as i32, 16)
export const hashBytes: usize = spongeBytes
const scratch: usize = memory.data(200, 16)
const seed: usize = memory.data(16, 16)

makeTables()

export { compress, inflate }

export function hashStart(): void {
  memory.fill(hash, 0, spongeBytes)
}
export function hashUpdate(size: u32): void {
  absorb(hash, source, size)
}
/** Leaves the 32 bytes of the digest at `source`. */
export function hashDigest(): void {
  squeeze(hash)
  memory.copy(source, scratch, 32)
}

/** Begins a session whose MAC secret is the 32 bytes at `source`. */
export function sessionStart(session: usize): void {
  memory.fill(session, 0, sessionBytes)
  expandKey(source, session)
}
/** Feeds `size` bytes at `source` to a sponge before the first frame. */
export function sessionSeed(sponge: usize, size: u32): void {
  absorb(sponge, source, size)
  digest(sponge)
}

/** XORs `size` bytes at `to`, a multiple of 16, with a keystream. */
export function xor(to: usize, keystream: usize, size: u32): void {
  for (let i: usize = 0; i < size; i += 8) store<u64>(to + i, load<u64>(to + i) ^ load<u64>(keystream + i))
}

/** Writes the encrypted header of a frame of `size` bytes, and its MAC, at `frame`. */
export function sealHeader(session: usize, size: u32, keystream: usize): void {
  // header-data c28080 is the empty list of capability-id and context-id that every client sends
  store<u64>(frame, <u64>bswap(size << 8) | 0x8080c2000000)
  store<u64>(frame, 0, 8)
  xor(frame, keystream, 16)
  headerMac(session, session + egress)
  memory.copy(frame + 16, session + egress + digestAt, 16)
}
/** Absorbs `size` bytes of a sealed body at `at`. */
export function absorbBody(sponge: usize, at: usize, size: u32): void {
  absorb(sponge, at, size)
}
/** Writes the MAC of the body absorbed to `at`. */
export function sealBody(session: usize, at: usize): void {
  bodyMac(session, session + egress)
  memory.copy(at, session + egress + digestAt, 16)
}

/** Checks and opens the header at `frame`. @returns the frame's size, or -1 for a wrong MAC */
export function openHeader(session: usize, keystream: usize): i32 {
  headerMac(session, session + ingress)
  if (!equal(frame + 16, session + ingress + digestAt)) return -1
  xor(frame, keystream, 16)
  return bswap(load<u32>(frame)) >> 8
}
/** @returns whether the 16 bytes at `at` are the MAC of the body absorbed */
export function openBody(session: usize, at: usize): bool {
  bodyMac(session, session + ingress)
  return equal(at, session + ingress + digestAt)
}

// The header's seed starts from the digest that the last frame's MAC ended with: it is kept, never computed again.
function headerMac(session: usize, sponge: usize): void {
  encryptBlock(session, sponge + digestAt, seed)
  xor(seed, frame, 16)
  absorb(sponge, seed, 16)
  digest(sponge)
}

function bodyMac(session: usize, sponge: usize): void {
  digest(sponge)
  encryptBlock(session, sponge + digestAt, seed)
  xor(seed, sponge + digestAt, 16)
  absorb(sponge, seed, 16)
  digest(sponge)
}

function absorb(sponge: usize, from: usize, size: u32): void {
  let offset = <usize>load<u32>(sponge, offsetAt)
  const end = from + size
  while (from < end) {
    if (offset + 8 <= rate && from + 8 <= end) {
      store<u64>(sponge + offset, load<u64>(sponge + offset) ^ load<u64>(from))
      offset += 8
      from += 8
    } else {
      store<u8>(sponge + offset, load<u8>(sponge + offset) ^ load<u8>(from))
      offset++
      from++
    }
    if (offset == rate) {
      permute(sponge)
      offset = 0
    }
  }
  store<u32>(sponge, <u32>offset, offsetAt)
}

function digest(sponge: usize): void {
  squeeze(sponge)
  memory.copy(sponge + digestAt, scratch, 16)
}

/** Pads as Keccak did before FIPS 202 (0x01), on a copy: the sponge goes on. */
function squeeze(sponge: usize): void {
  memory.copy(scratch, sponge, 200)
  const last = scratch + <usize>load<u32>(sponge, offsetAt)
  store<u8>(last, load<u8>(last) ^ 0x01)
  store<u8>(scratch, load<u8>(scratch, rate - 1) ^ 0x80, rate - 1)
  permute(scratch)
}

/** Compares all 16 bytes, whatever they are. */
function equal(a: usize, b: usize): bool {
  return ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a, 8) ^ load<u64>(b, 8))) == 0
}
