// The snappy block format (google/snappy, format_description.txt), without the length that a block begins with.

const table: usize = memory.data(2 << 14, 16)
/** Shorter input, and the input's tail, is never matched, so that wide loads stay inside it. */
const margin: u32 = 15

/**
 * Compresses one fragment: greedily, by a hash table of what was seen, with longer steps the longer nothing matches.
 * @returns the end of what was written to `to`: at most `size + size / 6 + 32` bytes; `size` is 0 to 65,536
 */
export function compress(from: usize, size: u32, to: usize): usize {
  const end = from + size
  let emitted = from
  if (size > margin + 1) {
    let bits: u32 = 8
    while (bits < 14 && <u32>1 << bits < size) bits++
    memory.fill(table, 0, 2 << bits)
    const limit = end - margin
    let at = from + 1
    let misses: u32 = 32
    while (at <= limit) {
      const word = load<u32>(at)
      const entry = slotOf(word, bits)
      const candidate = from + <usize>load<u16>(entry)
      store<u16>(entry, <u16>(at - from))
      if (load<u32>(candidate) != word) {
        at += misses++ >> 5
        continue
      }
      misses = 32
      to = literal(emitted, at, to)
      const matched = matchEnd(candidate + 4, at + 4, end)
      to = copy(at - candidate, <u32>(matched - at), to)
      emitted = at = matched
      if (at <= limit) store<u16>(slotOf(load<u32>(at - 1), bits), <u16>(at - 1 - from))
    }
  }
  return emitted < end ? literal(emitted, end, to) : to
}

/**
 * Inflates the elements between `from` and `end` to `to`. 32-bit units may be read, never written, up to 3 bytes past `end`.
 * @returns whether they are well-formed and make up `size` bytes
 */
export function inflate(from: usize, end: usize, to: usize, size: usize): bool {
  const start = to
  const limit = to + size
  while (from < end) {
    const tag = <usize>load<u8>(from++)
    const kind = tag & 3
    let last = tag >> 2 // the element's size less one, as the format has it
    if (kind == 0) {
      if (last >= 60) {
        const width = last - 59
        if (width > end - from) return false
        last = littleEndian(from, width)
        from += width
      }
      if (last >= end - from || last >= limit - to) return false
      memory.copy(to, from, last + 1)
      from += last + 1
      to += last + 1
      continue
    }
    const width: usize = kind == 3 ? 4 : kind
    if (width > end - from) return false
    let offset = littleEndian(from, width)
    from += width
    if (kind == 1) {
      offset |= (tag >> 5) << 8
      last = (last & 7) + 3
    }
    if (offset == 0 || offset > to - start || last >= limit - to) return false
    to = repeat(to, offset, last + 1)
  }
  return to == limit
}

// @ts-ignore: decorator
@inline
function littleEndian(at: usize, width: usize): usize {
  return load<u32>(at) & (<u32>0xffffffff >> (32 - 8 * <u32>width))
}

/** Writes what stood `offset` before, which may be what it just wrote: what repeats every 3 bytes repeats every 9 too. */
function repeat(to: usize, offset: usize, size: usize): usize {
  const end = to + size
  let distance = offset
  if (offset < 8) {
    distance = offset * ((7 + offset) / offset)
    const head = min(end, to + distance - offset)
    for (; to < head; to++) store<u8>(to, load<u8>(to - offset))
  }
  for (; to + 8 <= end; to += 8) store<u64>(to, load<u64>(to - distance))
  for (; to < end; to++) store<u8>(to, load<u8>(to - distance))
  return end
}

// @ts-ignore: decorator
@inline
function slotOf(word: u32, bits: u32): usize {
  return table + (((word * 0x1e35a7bd) >> (32 - bits)) << 1)
}

function matchEnd(candidate: usize, at: usize, end: usize): usize {
  while (at + 8 <= end) {
    const difference = load<u64>(candidate) ^ load<u64>(at)
    if (difference != 0) return at + <usize>(ctz(difference) >> 3)
    candidate += 8
    at += 8
  }
  while (at < end && load<u8>(candidate) == load<u8>(at)) {
    candidate++
    at++
  }
  return at
}

function literal(from: usize, end: usize, to: usize): usize {
  const size = end - from
  if (size == 0) return to
  const last = <u32>size - 1
  if (last < 60) store<u8>(to++, last << 2)
  else if (last < 256) {
    store<u8>(to, 60 << 2)
    store<u8>(to, last, 1)
    to += 2
  } else {
    store<u8>(to, 61 << 2)
    store<u16>(to, last, 1)
    to += 3
  }
  memory.copy(to, from, size)
  return to + size
}

function copy(offset: usize, size: u32, to: usize): usize {
  for (; size >= 68; size -= 64) to = longCopy(offset, 64, to)
  if (size > 64) {
    to = longCopy(offset, 60, to)
    size -= 60
  }
  if (size > 11 || offset > 2047) return longCopy(offset, size, to)
  store<u8>(to, 1 | ((size - 4) << 2) | ((<u32>offset >> 8) << 5))
  store<u8>(to, offset, 1)
  return to + 2
}

function longCopy(offset: usize, size: u32, to: usize): usize {
  store<u8>(to, 2 | ((size - 1) << 2))
  store<u16>(to, offset, 1)
  return to + 3
}
