import { writeFile } from 'node:fs/promises'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import type { Logger } from '../log/log.ts'
import { isReadFault, readBounded } from '../runtime/files.ts'
import type { Entropy } from '../runtime/runtime.ts'

export type JwtSecretOptions = {
  /** Left out, the secret lives as long as the process. */
  readonly path?: string | undefined
  readonly entropy: Entropy
  readonly log: Logger
}

/**
 * The secret that a consensus client shares with us: read from its file, which is made when there is none (geth
 * obtainJWTSecret).
 * @returns 32 bytes
 * @throws (rejects) {JwtSecretError} the file holds something else, or cannot be read or written
 */
export async function resolveJwtSecret({ path, entropy, log }: JwtSecretOptions): Promise<Uint8Array> {
  if (path === undefined) return entropy(32)
  return (await readJwtSecret(path, log)) ?? makeSecret(path, entropy, log)
}

/**
 * @returns 32 bytes; undefined when there is no such file
 * @throws (rejects) {JwtSecretError} the file holds something else, or cannot be read
 */
export async function readJwtSecret(path: string, log: Logger): Promise<Uint8Array | undefined> {
  const bytes = await readBounded(path, maxFile).catch((error: unknown) => {
    if (!isReadFault(error)) throw error
    if ('code' in error && error.code === 'ENOENT') return undefined
    throw new JwtSecretError(`cannot read the JWT secret ${path}: ${error.message}`)
  })
  if (bytes === undefined) return undefined
  const digits = /^(?:0x)?([\da-f]{64})$/i.exec(bytes.toString('utf8').trim())?.[1]
  if (digits === undefined)
    throw new JwtSecretError(`invalid JWT secret in ${path}: want 64 hex digits; remove the file to have one made`)
  log.info('Loaded JWT secret file', { path })
  return hexToBytes(digits)
}

/** 66 characters, and space around them. */
const maxFile = 4_096

async function makeSecret(path: string, entropy: Entropy, log: Logger): Promise<Uint8Array> {
  const secret = entropy(32)
  try {
    await writeFile(path, `0x${bytesToHex(secret)}`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new JwtSecretError(`cannot write the JWT secret ${path}: ${(error as Error).message}`)
  }
  log.info('Generated JWT secret', { path })
  return secret
}

/** No consensus client could connect. */
export class JwtSecretError extends Error {
  override readonly name = 'JwtSecretError'
}
