import { isInNetlist, parseNetlist } from './netlist.ts'
import { isLan, isLoopback, parseIp } from './netutil.ts'

// Which addresses one node may name to another (geth p2p/netutil, CheckRelayAddr).

/** @returns why a node at `sender` may not name `ip` as another's address, as geth says it; undefined when it may */
export function checkRelay(sender: string, ip: string | undefined): string | undefined {
  const bytes = ip === undefined ? undefined : parseIp(ip)
  if (ip === undefined || bytes === undefined) return 'invalid IP'
  if (bytes.every((byte) => byte === 0)) return 'zero address'
  if (isSpecial(ip, bytes)) return 'special network'
  if (isLoopback(ip) && !isLoopback(sender)) return 'loopback address from non-loopback host'
  if (isLan(ip) && !isLan(sender)) return 'LAN address from WAN host'
  return undefined
}

/** @returns whether a node can be reached there: neither multicast nor 0.0.0.0 or :: (geth ValidateComplete) */
export function isUnicast(ip: string): boolean {
  const bytes = parseIp(ip)
  return bytes !== undefined && !isMulticast(bytes) && bytes.some((byte) => byte !== 0)
}

const isMulticast = (bytes: Uint8Array) => (bytes.length === 4 ? (bytes[0]! & 0xf0) === 0xe0 : bytes[0] === 0xff)

const isSpecial = (ip: string, bytes: Uint8Array) =>
  isMulticast(bytes) || isInNetlist(bytes.length === 4 ? special4 : special6, ip)

/** RFC 5735, RFC 5156 and https://www.iana.org/assignments/iana-ipv4-special-registry/, as geth has them. */
const special4 = parseNetlist(
  [
    ...['0.0.0.0/8', '192.0.0.0/29', '192.0.0.9/32', '192.0.0.170/32', '192.0.0.171/32', '192.0.2.0/24'],
    ...['192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.175.48.0/24', '198.18.0.0/15'],
    ...['198.51.100.0/24', '203.0.113.0/24', '255.255.255.255/32'],
  ].join(),
)
/** http://www.iana.org/assignments/iana-ipv6-special-registry/, as geth has it. */
const special6 = parseNetlist(
  [
    ...['100::/64', '2001::/32', '2001:1::1/128', '2001:2::/48', '2001:3::/32', '2001:4:112::/48', '2001:5::/32'],
    ...['2001:10::/28', '2001:20::/28', '2001:db8::/32', '2002::/16'],
  ].join(),
)
