/** The ciphers that a packet needs, from the platform. */
export type PacketCiphers = {
  /** AES-128 in counter mode, from the counter block `iv` (16 bytes) on. Encrypts and decrypts. */
  aesCtr(key: Uint8Array, iv: Uint8Array): { update(data: Uint8Array): Uint8Array }
  /**
   * AES-128-GCM.
   * @param nonce 12 bytes
   * @param aad authenticated, not encrypted
   * @returns the ciphertext and its tag of 16 bytes
   */
  sealGcm(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array): Uint8Array
  /** The inverse. @returns undefined when the tag is wrong */
  openGcm(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined
}
