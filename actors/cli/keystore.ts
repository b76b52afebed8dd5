import { createDecipheriv, pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { equalBytes, hexToBytes } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { isPrivateKey } from '../../protocols/lib/secp256k1.ts'

// A key as geth's keystore has it (Web3 Secret Storage, version 3).

/** BOUNDED: bytes that scrypt may take; geth's own files take 256 MiB. */
const maxMemory = 1 << 30
const maxRounds = 10_000_000

/**
 * @param text of a key file
 * @param askPassword is called when it is one
 * @returns 32 bytes
 * @throws {KeystoreError}
 */
export async function decryptKey(text: string, askPassword: () => Promise<string>): Promise<Uint8Array> {
  const { cipher, iv, ciphertext, mac, kdf, params } = read(text)
  if (cipher !== 'aes-128-ctr') throw new KeystoreError(`its cipher is ${cipher}, and only aes-128-ctr is known`)
  const derived = await derive(kdf, params, await askPassword())
  const sum = new Uint8Array([...derived.subarray(16, 32), ...ciphertext])
  if (!equalBytes(keccak256(sum), mac)) throw new KeystoreError('could not decrypt key with given password')
  const decipher = createDecipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  const key = new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
  if (!isPrivateKey(key)) throw new KeystoreError('it has no valid key')
  return key
}

async function derive(kdf: unknown, params: Fields, password: string): Promise<Buffer> {
  const [salt, dklen] = [hex(params.salt, 'salt'), whole(params.dklen, 'dklen', 1_024)]
  if (dklen < 32) throw new KeystoreError('its derived key is too short')
  if (kdf === 'scrypt') {
    const [N, r, p] = [whole(params.n, 'n', 2 ** 24), whole(params.r, 'r', 64), whole(params.p, 'p', 64)]
    // RFC 7914, 2.
    const isCost = N > 1 && (N & (N - 1)) === 0 && r > 0 && p > 0 && N < 2 ** (16 * r)
    if (!isCost || 128 * N * r > maxMemory) throw new KeystoreError('its scrypt parameters are none, or too many')
    const take = promisify<string, Uint8Array, number, object, Buffer>(scrypt)
    return take(password, salt, dklen, { N, r, p, maxmem: 128 * r * (N + p + 2) + 65_536 })
  }
  if (kdf !== 'pbkdf2' || params.prf !== 'hmac-sha256') throw new KeystoreError(`its key derivation is unknown: ${kdf}`)
  const rounds = whole(params.c, 'c', maxRounds)
  if (rounds === 0) throw new KeystoreError('its pbkdf2 parameters are none')
  return promisify(pbkdf2)(password, salt, rounds, dklen, 'sha256')
}

type Fields = Readonly<Record<string, unknown>>

function read(text: string) {
  const whole = fields(parse(text), 'it')
  if (whole.version !== 3) throw new KeystoreError('it is no keystore file of version 3')
  const crypto = fields(whole.crypto ?? whole.Crypto, 'crypto')
  return {
    ...{ cipher: crypto.cipher, kdf: crypto.kdf, params: fields(crypto.kdfparams, 'kdfparams') },
    iv: hex(fields(crypto.cipherparams, 'cipherparams').iv, 'iv', 16),
    ciphertext: hex(crypto.ciphertext, 'ciphertext', 32),
    mac: hex(crypto.mac, 'mac', 32),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KeystoreError('it is neither 64 hex digits nor a keystore file', { cause })
  }
}

function fields(value: unknown, name: string): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields
  throw new KeystoreError(`${name} is no object`)
}

function hex(value: unknown, name: string, length?: number): Uint8Array {
  if (typeof value === 'string' && /^(?:[0-9a-f]{2}){1,64}$/i.test(value)) {
    const bytes = hexToBytes(value)
    if (length === undefined || bytes.length === length) return bytes
  }
  throw new KeystoreError(`${name} is not the hex that it should be`)
}

function whole(value: unknown, name: string, most: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number
  throw new KeystoreError(`${name} is no number from 0 to ${most}`)
}

/** The file is no key, or the password is another: the fault of who gave it. */
export class KeystoreError extends Error {
  override readonly name = 'KeystoreError'
}
