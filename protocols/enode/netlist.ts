import { parseIp } from './netutil.ts'

// Networks by CIDR mask (geth p2p/netutil, Netlist): who a node may speak with.

/** BOUNDED: by the node's own configuration. */
export type Netlist = readonly { readonly address: Uint8Array; readonly bits: number }[]

/**
 * @param text masks between commas: `10.0.0.0/8,fc00::/7`
 * @throws {NetlistError} what is no mask
 */
export function parseNetlist(text: string): Netlist {
  const masks = text.split(',').map((mask) => mask.trim())
  return masks.filter((mask) => mask !== '').map(parseMask)
}

/** @returns whether `ip` is in one of the networks; false for what is no IP */
export function isInNetlist(list: Netlist, ip: string): boolean {
  const bytes = parseIp(ip)
  return bytes !== undefined && list.some(({ address, bits }) => hasPrefix(bytes, address, bits))
}

function parseMask(mask: string): Netlist[number] {
  const [, ip = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(mask) ?? []
  const address = parseIp(ip)
  if (!address || Number(digits) > address.length * 8) throw new NetlistError(`invalid CIDR address: ${mask}`)
  return { address, bits: Number(digits) }
}

function hasPrefix(ip: Uint8Array, address: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  const rest = 0xff & (0xff00 >> (bits & 7))
  return (
    ip.length === address.length &&
    address.subarray(0, whole).every((byte, i) => byte === ip[i]) &&
    (rest === 0 || (ip[whole]! & rest) === (address[whole]! & rest))
  )
}

/** The text is no list of networks: the fault of its author. */
export class NetlistError extends Error {
  override readonly name = 'NetlistError'
}
