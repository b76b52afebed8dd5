// RFC 4648 without padding: base32, and base64 for URLs. As in Go, bits that are left over at the end are not looked at.

/** Bytes as text. */
export type Encoding = {
  encode(bytes: Uint8Array): string
  /** @returns undefined for what is no such text */
  decode(text: string): Uint8Array | undefined
}

/** @param alphabet of 32 or 64 characters */
function encodingOf(alphabet: string): Encoding {
  const bits = Math.log2(alphabet.length)
  const values = new Map(Array.from(alphabet, (char, value) => [char, value]))
  return {
    encode(bytes) {
      let [text, held, count] = ['', 0, 0]
      for (const byte of bytes) {
        held = ((held << 8) | byte) & 0xffff
        for (count += 8; count >= bits; count -= bits) text += alphabet[(held >> (count - bits)) & (2 ** bits - 1)]
      }
      return count === 0 ? text : text + alphabet[(held << (bits - count)) & (2 ** bits - 1)]
    },
    decode(text) {
      const bytes = new Uint8Array(Math.floor((text.length * bits) / 8))
      // A character that adds no byte is one too many.
      if (Math.ceil((bytes.length * 8) / bits) !== text.length) return undefined
      let [end, held, count] = [0, 0, 0]
      for (const char of text) {
        const value = values.get(char)
        if (value === undefined) return undefined
        held = ((held << bits) | value) & 0xffff
        count += bits
        if (count < 8) continue
        count -= 8
        bytes[end++] = held >> count
      }
      return bytes
    },
  }
}

export const base32 = encodingOf('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')
export const base64Url = encodingOf('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
