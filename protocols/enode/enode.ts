import { bytesToHex, hexToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { formatIp, joinHostPort, parseIp } from './netutil.ts'

// Node URLs: enode://<128 hex>@<ip or name>:<tcp>[?discport=<udp>] (devp2p enr.md, geth p2p/enode/urlv4.go).

/** A node as a URL names it. Without `host` its address is still to be found. */
export type Enode = {
  /** 64 bytes, a point of secp256k1. */
  readonly publicKey: Uint8Array
  /** Keccak-256 of the public key, as 64 hex digits. */
  readonly id: string
  /** An IP address in its one spelling, or a DNS name. */
  readonly host?: string
  readonly tcp: number
  readonly udp: number
}

/** @throws {EnodeError} with geth's message */
export function parseEnode(url: string): Enode {
  if (!url.startsWith('enode://')) throw new EnodeError("missing 'enr:' prefix for base64-encoded record")
  if (/^enode:\/\/[0-9a-f]+$/i.test(url)) return toEnode(parsePublicKey(url.slice('enode://'.length)))
  const [, authority, query = ''] = /^enode:\/\/([^/?#]*)[^?#]*(?:\?([^#]*))?/.exec(url)!
  const at = authority!.lastIndexOf('@')
  if (at < 0) throw new EnodeError('does not contain node ID')
  const publicKey = parsePublicKey(authority!.slice(0, at))
  const { host, port } = splitHost(authority!.slice(at + 1))
  const tcp = parsePort(port, 'invalid port')
  const discport = /(?:^|&)discport=([^&]+)/.exec(query)?.[1]
  return toEnode(publicKey, host, tcp, discport === undefined ? tcp : parsePort(discport, 'invalid discport in query'))
}

/** @returns the URL that {@link parseEnode} reads; only the id when the host is not known */
export function formatEnode({ publicKey, host, tcp, udp }: Omit<Enode, 'id'>): string {
  const node = `enode://${bytesToHex(publicKey)}`
  if (host === undefined) return node
  return `${node}@${joinHostPort(host, tcp)}${udp === tcp ? '' : `?discport=${udp}`}`
}

/** @returns the 32-byte id of a 64-byte public key */
export const nodeIdOf = (publicKey: Uint8Array): Uint8Array => keccak256(publicKey)

/** @param host left out: the node's address is not known */
export function toEnode(publicKey: Uint8Array, host?: string, tcp = 0, udp = tcp): Enode {
  const node = { publicKey, id: bytesToHex(nodeIdOf(publicKey)), tcp, udp }
  return host === undefined ? node : { ...node, host }
}

function parsePublicKey(hex: string): Uint8Array {
  const wrong = /[^0-9a-f]/i.exec(hex)
  if (wrong) throw new EnodeError(`invalid public key (encoding/hex: invalid byte: ${describe(wrong[0])})`)
  if (hex.length % 2 === 1) throw new EnodeError('invalid public key (encoding/hex: odd length hex string)')
  if (hex.length !== 128) throw new EnodeError('invalid public key (wrong length, want 128 hex chars)')
  if (!isOnCurve(hex)) throw new EnodeError('invalid public key (invalid secp256k1 public key)')
  return hexToBytes(hex)
}

const describe = (char: string) => `U+${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')} '${char}'`

/** secp256k1: y² = x³ + 7 over the field of p. */
function isOnCurve(hex: string): boolean {
  const p = 2n ** 256n - 2n ** 32n - 977n
  const [x, y] = [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)]
  return x < p && y < p && (y * y - x * x * x - 7n) % p === 0n
}

function splitHost(text: string): { host: string | undefined; port: string } {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(text) ?? []
  const name = bracketed ?? plain
  const ip = name === undefined ? undefined : parseIp(name)
  return { host: ip ? formatIp(ip) : name || undefined, port }
}

function parsePort(text: string, fault: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (port <= 0xffff) return port
  throw new EnodeError(fault)
}

/** The text names no node: the fault of its author. */
export class EnodeError extends Error {
  override readonly name = 'EnodeError'
}
