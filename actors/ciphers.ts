import { createCipheriv } from 'node:crypto'
import type { Ciphers } from '../protocols/rlpx/ciphers.ts'

/** {@link Ciphers} by OpenSSL. */
export const nodeCiphers: Ciphers = {
  aesCtr: (key, iv) => createCipheriv(key.length === 16 ? 'aes-128-ctr' : 'aes-256-ctr', key, iv),
}
