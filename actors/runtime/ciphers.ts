import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { PacketCiphers } from '../../protocols/discv5/ciphers.ts'
import { concatBytes } from '../../protocols/lib/bytes.ts'
import type { Ciphers } from '../../protocols/rlpx/ciphers.ts'

/** {@link Ciphers} and {@link PacketCiphers} by OpenSSL. */
export const nodeCiphers: Ciphers & PacketCiphers = {
  aesCtr: (key, iv) => createCipheriv(key.length === 16 ? 'aes-128-ctr' : 'aes-256-ctr', key, iv),
  sealGcm(key, nonce, plaintext, aad) {
    const cipher = createCipheriv('aes-128-gcm', key, nonce).setAAD(aad)
    const ciphertext = cipher.update(plaintext)
    cipher.final()
    return concatBytes(ciphertext, cipher.getAuthTag())
  },
  openGcm(key, nonce, sealed, aad) {
    const end = sealed.length - gcmTagBytes
    const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: gcmTagBytes }).setAAD(aad)
    decipher.setAuthTag(sealed.subarray(end))
    const plaintext = decipher.update(sealed.subarray(0, end))
    try {
      decipher.final()
      return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length)
    } catch {
      return undefined
    }
  },
}

const gcmTagBytes = 16
