import { utf8ToBytes } from '../lib/bytes.ts'
import { baseProtocolLength, type Cap } from './messages.ts'

// Which protocols two nodes run on one connection, and where their codes begin (geth p2p/peer.go, matchProtocols).

/** A protocol that we run: `length` codes, from 0. */
export type LocalProtocol = { readonly name: string; readonly version: number; readonly length: number }

/** Codes of `protocol` on this connection: `offset` to `offset + length`, the end excluded. */
export type MatchedProtocol<P extends LocalProtocol> = LocalProtocol & { readonly offset: number; readonly protocol: P }

/**
 * The highest common version of every name, names in byte order, codes contiguous from 16.
 * BOUNDED: by the local protocols.
 */
export function matchProtocols<P extends LocalProtocol>(
  local: readonly P[],
  remote: readonly Cap[],
): MatchedProtocol<P>[] {
  const highest = new Map<string, P>()
  for (const cap of sortCaps(remote)) {
    const protocol = local.find((protocol) => isSame(protocol, cap))
    if (protocol) highest.set(cap.name, protocol)
  }
  let next = baseProtocolLength
  return Array.from(highest.values(), (protocol) => {
    const offset = next
    next += protocol.length
    return { name: protocol.name, version: protocol.version, length: protocol.length, offset, protocol }
  })
}

/** @returns how many pairs of `local` and `remote` have name and version in common; 0 makes a peer useless */
export function countMatching(local: readonly Cap[], remote: readonly Cap[]): number {
  return remote.reduce((count, cap) => count + local.filter((protocol) => isSame(protocol, cap)).length, 0)
}

/** @returns `caps` by name in byte order, then by version */
export function sortCaps<C extends Cap>(caps: readonly C[]): C[] {
  return caps.toSorted((a, b) => compareNames(a.name, b.name) || a.version - b.version)
}

const isSame = (a: Cap, b: Cap) => a.name === b.name && a.version === b.version

/** UTF-16 order is byte order but for the characters beyond U+FFFF. */
function compareNames(a: string, b: string): number {
  if (a === b) return 0
  const [x, y] = [utf8ToBytes(a), utf8ToBytes(b)]
  const i = x.findIndex((byte, i) => byte !== y[i])
  return i < 0 ? -1 : x[i]! - (y[i] ?? -1)
}
