/** The block ciphers of the platform: pure code is too slow for them. */
export type Ciphers = {
  /**
   * AES in counter mode, from the counter block `iv` on. Encrypts and decrypts.
   * @param key 16 bytes for AES-128 or 32 for AES-256
   * @param iv 16 bytes
   */
  aesCtr(key: Uint8Array, iv: Uint8Array): CipherStream
}

/** One key stream, used up byte by byte. */
export type CipherStream = {
  /** @returns `data` XORed with the next bytes of the stream, in memory of its own */
  update(data: Uint8Array): Uint8Array
}

/** Random bytes: `length` of them. */
export type Entropy = (length: number) => Uint8Array
