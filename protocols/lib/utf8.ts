/** @returns the text of `bytes`; where they are no UTF-8, U+FFFD for every byte beyond ASCII */
export function utf8FromBytes(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))
  } catch {
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : '\uFFFD')).join('')
  }
}
