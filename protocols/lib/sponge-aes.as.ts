// AES-256, the block cipher alone (FIPS 197), by one table of 256 columns made at start. The tables are not constant-time;
// its only use here is to whiten RLPx MAC digests that the remote sees anyway.

const sbox: usize = memory.data(256)
const columns: usize = memory.data(1024, 16)
const rounds = 14

/** Bytes of an expanded AES-256 key. */
export const roundKeyBytes: usize = 16 * (rounds + 1)

/** Expands the 32 bytes at `key` into `roundKeyBytes` at `roundKeys` (FIPS 197, section 5.2). */
export function expandKey(key: usize, roundKeys: usize): void {
  memory.copy(roundKeys, key, 32)
  let constant: u32 = 1
  for (let i = 8; i < 4 * (rounds + 1); i++) {
    const at = roundKeys + 4 * i
    let word = load<u32>(at - 4)
    if (i % 8 == 0) {
      word = substitute(rotr(word, 8)) ^ constant
      constant <<= 1
    } else if (i % 8 == 4) word = substitute(word)
    store<u32>(at, load<u32>(at - 32) ^ word)
  }
}

/** Encrypts the 16 bytes at `from` to `to`, which may be the same. */
export function encryptBlock(roundKeys: usize, from: usize, to: usize): void {
  let s0 = load<u32>(from) ^ load<u32>(roundKeys)
  let s1 = load<u32>(from, 4) ^ load<u32>(roundKeys, 4)
  let s2 = load<u32>(from, 8) ^ load<u32>(roundKeys, 8)
  let s3 = load<u32>(from, 12) ^ load<u32>(roundKeys, 12)
  let key = roundKeys + 16
  for (const last = roundKeys + 16 * rounds; key < last; key += 16) {
    const t0 = mixed(s0, s1, s2, s3) ^ load<u32>(key)
    const t1 = mixed(s1, s2, s3, s0) ^ load<u32>(key, 4)
    const t2 = mixed(s2, s3, s0, s1) ^ load<u32>(key, 8)
    s3 = mixed(s3, s0, s1, s2) ^ load<u32>(key, 12)
    s0 = t0
    s1 = t1
    s2 = t2
  }
  store<u32>(to, shifted(s0, s1, s2, s3) ^ load<u32>(key))
  store<u32>(to, shifted(s1, s2, s3, s0) ^ load<u32>(key, 4), 4)
  store<u32>(to, shifted(s2, s3, s0, s1) ^ load<u32>(key, 8), 8)
  store<u32>(to, shifted(s3, s0, s1, s2) ^ load<u32>(key, 12), 12)
}

/** Fills the tables: the inverse in GF(2^8) by a walk over the powers of 3, then the affine map. */
export function makeTables(): void {
  let p: u32 = 1
  let q: u32 = 1 // p * q == 1
  do {
    p = (p ^ double(p)) & 0xff
    q = q ^ (q << 1)
    q = q ^ (q << 2)
    q = (q ^ (q << 4)) & 0xff
    if (q & 0x80) q ^= 0x09
    store<u8>(sbox + p, q ^ turn(q, 1) ^ turn(q, 2) ^ turn(q, 3) ^ turn(q, 4) ^ 0x63)
  } while (p != 1)
  store<u8>(sbox, 0x63)
  for (let i: usize = 0; i < 256; i++) {
    const s = <u32>load<u8>(sbox + i)
    const d = double(s) & 0xff
    store<u32>(columns + 4 * i, d | (s << 8) | (s << 16) | ((d ^ s) << 24))
  }
}

/** SubBytes, ShiftRows and MixColumns of one column. */
// @ts-ignore: decorator
@inline
function mixed(a: u32, b: u32, c: u32, d: u32): u32 {
  return column(a & 0xff) ^ rotl(column((b >> 8) & 0xff), 8) ^ rotl(column((c >> 16) & 0xff), 16) ^ rotl(column(d >> 24), 24)
}

/** SubBytes and ShiftRows of one column: the last round has no MixColumns. */
// @ts-ignore: decorator
@inline
function shifted(a: u32, b: u32, c: u32, d: u32): u32 {
  return substitute((a & 0xff) | (b & 0xff00) | (c & 0xff0000) | (d & 0xff000000))
}

function substitute(word: u32): u32 {
  return (
    <u32>load<u8>(sbox + (word & 0xff)) |
    (<u32>load<u8>(sbox + ((word >> 8) & 0xff)) << 8) |
    (<u32>load<u8>(sbox + ((word >> 16) & 0xff)) << 16) |
    (<u32>load<u8>(sbox + (word >> 24)) << 24)
  )
}

// @ts-ignore: decorator
@inline
function column(byte: u32): u32 {
  return load<u32>(columns + 4 * byte)
}

// @ts-ignore: decorator
@inline
function double(byte: u32): u32 {
  return (byte << 1) ^ (byte & 0x80 ? 0x11b : 0)
}

// @ts-ignore: decorator
@inline
function turn(byte: u32, by: u32): u32 {
  return ((byte << by) | (byte >> (8 - by))) & 0xff
}
