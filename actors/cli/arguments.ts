import { InvalidArgumentError } from 'commander'
import { EnodeError } from '../../protocols/enode/enode.ts'
import { isDialable, parseNode } from '../../protocols/enr/parse-node.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import type { Verbosity } from '../log/log.ts'

// What an option's argument must be. Each throws commander's InvalidArgumentError, which is shown with the option's name.

export const toNodes = (text: string): number => toWhole(text, 2, 16)
export const toPort = (text: string): number => toWhole(text, 0, 65_535)
export const toVerbosity = (text: string): Verbosity => toWhole(text, 0, 5) as Verbosity

/** @returns a network id, a uint64 */
export function toNetworkId(text: string): bigint {
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : 0n
  if (id > 0n && id < 2n ** 64n) return id
  throw new InvalidArgumentError('Want a whole number from 1 to 2^64-1.')
}

/** @returns milliseconds of `20s`, `500ms`, `1.5m` or `2h` */
export function toDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const milliseconds = Math.round(Number(number) * units[unit as keyof typeof units])
  if (milliseconds > 0 && milliseconds <= longestTime) return milliseconds
  throw new InvalidArgumentError('Want a time like 500ms, 20s, 5m or 2h, at most 24 days.')
}

/** @returns bytes of `500kB`, `64MB`, `64MiB` or `2GB` */
export function toBytes(text: string): number {
  const [, number, unit] = /^(\d{1,9})(kB|MB|MiB|GB|GiB)$/.exec(text) ?? []
  const bytes = Number(number) * sizes[unit as keyof typeof sizes]
  if (bytes > 0 && Number.isSafeInteger(bytes)) return bytes
  throw new InvalidArgumentError('Want a size like 500kB, 64MB or 2GB.')
}

/** @returns which entry of a recording, from 1 */
export const toEntry = (text: string): number => toWhole(text, 1, 999_999_999)

/** Collects the URLs of an option that may be given again and again. */
export function addEnode(url: string, others: readonly string[] = []): readonly string[] {
  try {
    parseNode(url)
  } catch (error) {
    if (error instanceof EnodeError) throw new InvalidArgumentError(`Want ${wanted(url, error)}.`)
    throw error
  }
  return [...others, url]
}

function wanted(url: string, { message }: EnodeError): string {
  if (url.startsWith('enr:')) return `a node record as its node signed it: ${message}`
  return `enode://<128 hex>@<host>:<port>${url.startsWith('enode://') ? `: ${message}` : ', or a node record as enr:…'}`
}

/** As {@link addEnode}, for nodes that are to be dialed. */
export function addDialable(url: string, others: readonly string[] = []): readonly string[] {
  const urls = addEnode(url, others)
  if (isDialable(parseNode(url))) return urls
  if (url.startsWith('enr:'))
    throw new InvalidArgumentError('The record says not where to dial: want ip and tcp in it.')
  throw new InvalidArgumentError('It says not where to dial: want enode://<128 hex>@<host>:<port>.')
}

/** @returns the URL or record of a node that is to be dialed */
export function toDialable(url: string): string {
  addDialable(url)
  return url
}

/** @returns 32 bytes of `0x` and 64 hex digits */
export function toHash(text: string): Uint8Array {
  if (/^0x[0-9a-f]{64}$/i.test(text)) return hexToBytes(text.slice(2))
  throw new InvalidArgumentError('Want a hash: 0x and 64 hex digits.')
}

/** @returns a block's number or hash; `head`, or `latest` as RPC has it, for the newest that the node has */
export function toBlock(text: string): bigint | Uint8Array | 'head' {
  if (text === 'head' || text === 'latest') return 'head'
  const number = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
  if (number !== undefined && number < 2n ** 64n) return number
  try {
    return toHash(text)
  } catch {
    throw new InvalidArgumentError('Want a block: its number, its hash as 0x and 64 hex digits, or latest.')
  }
}

export function toWhole(text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new InvalidArgumentError(`Want a whole number from ${least} to ${most}.`)
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const sizes = { kB: 1e3, MB: 1e6, MiB: 2 ** 20, GB: 1e9, GiB: 2 ** 30 } as const
/** What a timer can wait, in ms. */
export const longestTime = 2 ** 31 - 1
