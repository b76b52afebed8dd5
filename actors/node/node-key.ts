import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { isPrivateKey } from '../../protocols/lib/secp256k1.ts'
import { readStart } from '../runtime/files.ts'
import { makeDirectory } from '../runtime/make-directory.ts'
import type { Entropy } from '../runtime/runtime.ts'

export type NodeKeyOptions = {
  /** Used as it is, never written. */
  readonly nodeKey?: Uint8Array | undefined
  /** Read, or written when it is not there. */
  readonly file?: string | undefined
  readonly entropy: Entropy
}

/**
 * The key that a node is known by (geth's Config.NodeKey): the one given, else the one in the file, else a fresh one that
 * dies with the process. Where geth replaces a key file that it cannot read, this refuses: a lost key would
 * lose the identity too.
 * @returns 32 bytes
 * @throws {NodeKeyError}
 */
export async function resolveNodeKey({ nodeKey, file, entropy }: NodeKeyOptions): Promise<Uint8Array> {
  if (nodeKey) return checkNodeKey(nodeKey)
  if (file === undefined) return generateNodeKey(entropy)
  return (await readIfThere(file)) ?? (await saveNodeKey(file, generateNodeKey(entropy)))
}

/**
 * Reads a key file in geth's form: 64 hex digits, then at most two newline characters.
 * @throws {NodeKeyError}
 */
export async function readNodeKey(path: string): Promise<Uint8Array> {
  const key = await readIfThere(path)
  if (key) return key
  throw new NodeKeyError(`there is no node key file ${path}`)
}

/**
 * Writes a fresh key to a file that is not there yet, for its owner alone.
 * @returns 32 bytes
 * @throws {NodeKeyError}
 */
export async function createNodeKey(path: string, entropy: Entropy): Promise<Uint8Array> {
  const key = generateNodeKey(entropy)
  try {
    await writeFile(path, bytesToHex(key), { flag: 'wx', mode: 0o600, flush: true })
    return key
  } catch (error) {
    const why = hasCode(error, 'EEXIST') ? 'the file exists, and a key is never written over' : (error as Error).message
    throw new NodeKeyError(`cannot write the node key ${path}: ${why}`, { cause: error })
  }
}

/**
 * @param hex 64 digits, no 0x
 * @throws {NodeKeyError} with geth's message
 */
export function parseNodeKey(hex: string): Uint8Array {
  if (hex.length < 64) throw new NodeKeyError('node key too short, want 64 hex characters')
  if (hex.length > 64) throw new NodeKeyError('node key too long, want 64 hex characters')
  if (!/^[0-9a-f]+$/i.test(hex)) throw new NodeKeyError('invalid hex character in node key')
  return checkNodeKey(hexToBytes(hex))
}

function checkNodeKey(key: Uint8Array): Uint8Array {
  if (key.length === 32 && isPrivateKey(key)) return key
  throw new NodeKeyError('the node key is not a private key of secp256k1: want 32 bytes, above zero, below the order')
}

function generateNodeKey(entropy: Entropy): Uint8Array {
  const key = entropy(32)
  return isPrivateKey(key) ? key : generateNodeKey(entropy)
}

/** 64 digits and two newlines. */
const maxKeyFile = 66

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    text = (await readStart(path, maxKeyFile + 1)).toString('latin1')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw new NodeKeyError(`cannot read the node key ${path}: ${(error as Error).message}`, { cause: error })
  }
  try {
    return parseNodeKey(text.replace(/[\r\n]{1,2}$/, ''))
  } catch (cause) {
    const { message } = cause as NodeKeyError
    throw new NodeKeyError(`${path}: ${message}; restore it, or move it away for a new identity`, { cause })
  }
}

/** @returns `key`, or the one that another process wrote in the meantime */
async function saveNodeKey(path: string, key: Uint8Array): Promise<Uint8Array> {
  try {
    await makeDirectory(join(path, '..'), 0o700)
    await writeFile(path, bytesToHex(key), { flag: 'wx', mode: 0o600, flush: true })
    return key
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return readNodeKey(path)
    throw new NodeKeyError(`cannot write the node key ${path}: ${(error as Error).message}`, { cause: error })
  }
}

const hasCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code

/** The key is not there, not a key, or cannot be kept. Its message never shows a digit of it. */
export class NodeKeyError extends Error {
  override readonly name = 'NodeKeyError'
}
