// Keccak-f[1600] (FIPS 202, section 3.3), one round in 24 steps: theta, then rho and pi as one chain of moves, then chi
// by rows, then iota. All 25 lanes are locals: the engine keeps most of them in registers. Lane x, y is a(x + 5y).

const roundConstants: usize = memory.data<u64>([
  0x1, 0x8082, 0x800000000000808a, 0x8000000080008000,
  0x808b, 0x80000001, 0x8000000080008081, 0x8000000000008009,
  0x8a, 0x88, 0x80008009, 0x8000000a,
  0x8000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x80000001, 0x8000000080008008,
])

/** Permutes the 200 bytes at `state`. */
export function permute(state: usize): void {
  let a0 = load<u64>(state, 0), a1 = load<u64>(state, 8), a2 = load<u64>(state, 16), a3 = load<u64>(state, 24), a4 = load<u64>(state, 32)
  let a5 = load<u64>(state, 40), a6 = load<u64>(state, 48), a7 = load<u64>(state, 56), a8 = load<u64>(state, 64), a9 = load<u64>(state, 72)
  let a10 = load<u64>(state, 80), a11 = load<u64>(state, 88), a12 = load<u64>(state, 96), a13 = load<u64>(state, 104), a14 = load<u64>(state, 112)
  let a15 = load<u64>(state, 120), a16 = load<u64>(state, 128), a17 = load<u64>(state, 136), a18 = load<u64>(state, 144), a19 = load<u64>(state, 152)
  let a20 = load<u64>(state, 160), a21 = load<u64>(state, 168), a22 = load<u64>(state, 176), a23 = load<u64>(state, 184), a24 = load<u64>(state, 192)
  let t: u64, u: u64
  for (let constant = roundConstants; constant < roundConstants + 24 * 8; constant += 8) {
    const c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
    const c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
    const c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
    const c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
    const c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
    const d0 = c4 ^ rotl(c1, 1)
    const d1 = c0 ^ rotl(c2, 1)
    const d2 = c1 ^ rotl(c3, 1)
    const d3 = c2 ^ rotl(c4, 1)
    const d4 = c3 ^ rotl(c0, 1)
    a0 ^= d0
    t = a1 ^ d1
    u = a10 ^ d0; a10 = rotl(t, 1); t = u
    u = a7 ^ d2; a7 = rotl(t, 3); t = u
    u = a11 ^ d1; a11 = rotl(t, 6); t = u
    u = a17 ^ d2; a17 = rotl(t, 10); t = u
    u = a18 ^ d3; a18 = rotl(t, 15); t = u
    u = a3 ^ d3; a3 = rotl(t, 21); t = u
    u = a5 ^ d0; a5 = rotl(t, 28); t = u
    u = a16 ^ d1; a16 = rotl(t, 36); t = u
    u = a8 ^ d3; a8 = rotl(t, 45); t = u
    u = a21 ^ d1; a21 = rotl(t, 55); t = u
    u = a24 ^ d4; a24 = rotl(t, 2); t = u
    u = a4 ^ d4; a4 = rotl(t, 14); t = u
    u = a15 ^ d0; a15 = rotl(t, 27); t = u
    u = a23 ^ d3; a23 = rotl(t, 41); t = u
    u = a19 ^ d4; a19 = rotl(t, 56); t = u
    u = a13 ^ d3; a13 = rotl(t, 8); t = u
    u = a12 ^ d2; a12 = rotl(t, 25); t = u
    u = a2 ^ d2; a2 = rotl(t, 43); t = u
    u = a20 ^ d0; a20 = rotl(t, 62); t = u
    u = a14 ^ d4; a14 = rotl(t, 18); t = u
    u = a22 ^ d2; a22 = rotl(t, 39); t = u
    u = a9 ^ d4; a9 = rotl(t, 61); t = u
    u = a6 ^ d1; a6 = rotl(t, 20); t = u
    a1 = rotl(t, 44)
    t = a0; u = a1
    a0 ^= ~a1 & a2; a1 ^= ~a2 & a3; a2 ^= ~a3 & a4; a3 ^= ~a4 & t; a4 ^= ~t & u
    t = a5; u = a6
    a5 ^= ~a6 & a7; a6 ^= ~a7 & a8; a7 ^= ~a8 & a9; a8 ^= ~a9 & t; a9 ^= ~t & u
    t = a10; u = a11
    a10 ^= ~a11 & a12; a11 ^= ~a12 & a13; a12 ^= ~a13 & a14; a13 ^= ~a14 & t; a14 ^= ~t & u
    t = a15; u = a16
    a15 ^= ~a16 & a17; a16 ^= ~a17 & a18; a17 ^= ~a18 & a19; a18 ^= ~a19 & t; a19 ^= ~t & u
    t = a20; u = a21
    a20 ^= ~a21 & a22; a21 ^= ~a22 & a23; a22 ^= ~a23 & a24; a23 ^= ~a24 & t; a24 ^= ~t & u
    a0 ^= load<u64>(constant)
  }
  store<u64>(state, a0, 0); store<u64>(state, a1, 8); store<u64>(state, a2, 16)
  store<u64>(state, a3, 24); store<u64>(state, a4, 32)
  store<u64>(state, a5, 40); store<u64>(state, a6, 48); store<u64>(state, a7, 56)
  store<u64>(state, a8, 64); store<u64>(state, a9, 72)
  store<u64>(state, a10, 80); store<u64>(state, a11, 88); store<u64>(state, a12, 96)
  store<u64>(state, a13, 104); store<u64>(state, a14, 112)
  store<u64>(state, a15, 120); store<u64>(state, a16, 128); store<u64>(state, a17, 136)
  store<u64>(state, a18, 144); store<u64>(state, a19, 152)
  store<u64>(state, a20, 160); store<u64>(state, a21, 168); store<u64>(state, a22, 176)
  store<u64>(state, a23, 184); store<u64>(state, a24, 192)
}
