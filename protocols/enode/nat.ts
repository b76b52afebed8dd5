import { formatIp, parseIp } from './netutil.ts'

// How a node behind a router learns its address (geth p2p/nat): the texts of `--nat`.

/** `any`: what other nodes report. `extip`: what the operator says, whatever they report. */
export type Nat = { readonly kind: 'none' | 'any' } | { readonly kind: 'extip'; readonly ip: string }

/**
 * @param text `none`, `any` or `extip:<IP>`, with geth's other spellings
 * @throws {NatError} with geth's message where it has one
 */
export function parseNat(text: string): Nat {
  const [, name = '', address] = /^([^:]*)(?::(.*))?$/s.exec(text)!
  const kind = name.toLowerCase()
  const ip = address === undefined || kind === 'stun' ? undefined : parseIp(address)
  if (address !== undefined && kind !== 'stun' && !ip) throw new NatError('invalid IP address')
  if (['', 'none', 'off'].includes(kind)) return { kind: 'none' }
  if (['any', 'auto', 'on'].includes(kind)) return { kind: 'any' }
  if (kind === 'extip' || kind === 'ip') {
    if (!ip) throw new NatError('missing IP address')
    return { kind: 'extip', ip: formatIp(ip) }
  }
  if (['upnp', 'pmp', 'natpmp', 'nat-pmp', 'stun'].includes(kind))
    throw new NatError(`${kind} is not there: map the port in the router, and say extip:<IP> or any`)
  throw new NatError(`unknown mechanism "${name}"`)
}

/** @returns the text that {@link parseNat} reads */
export const formatNat = (nat: Nat): string => (nat.kind === 'extip' ? `extip:${nat.ip}` : nat.kind)

/** The text names no mechanism, or one that is not there: the fault of its author. */
export class NatError extends Error {
  override readonly name = 'NatError'
}
