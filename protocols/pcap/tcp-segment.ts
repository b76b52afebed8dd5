// From a captured packet down to TCP: Ethernet (with VLAN tags), Linux cooked, loopback and raw IP; RFC 791, 8200, 9293.

export type TcpSegment = {
  /** `ip:port`, an IPv6 address in brackets. */
  readonly from: string
  readonly to: string
  readonly seq: number
  /** Of the other direction: all before it has arrived. Nothing unless isAck. */
  readonly ack: number
  readonly isSyn: boolean
  readonly isAck: boolean
  readonly isFin: boolean
  readonly isReset: boolean
  /** A view of what was captured of it. */
  readonly payload: Uint8Array
  /** Bytes of the payload as it was sent. */
  readonly size: number
  /** The packet in the capture, in bytes. */
  readonly captured: number
}

/** @returns the TCP segment in `bytes`; undefined for whatever else it is, a fragment of one included */
export function tcpSegment({ linkType, bytes }: { linkType: number; bytes: Uint8Array }): TcpSegment | undefined {
  const start = ipStart(linkType, bytes)
  const ip = start === undefined ? undefined : bytes.subarray(start)
  const packet = ip && (ip[0]! >> 4 === 4 ? openIpv4(ip) : ip[0]! >> 4 === 6 ? openIpv6(ip) : undefined)
  return packet && openTcp(packet, bytes.length)
}

const ipv4Ether = 0x0800
const ipv6Ether = 0x86dd
const isIp = (etherType: number) => etherType === ipv4Ether || etherType === ipv6Ether

/** Where the IP header begins, by the link type's own header. */
function ipStart(linkType: number, bytes: Uint8Array): number | undefined {
  if (linkType === 0 || linkType === 108) return 4
  if (linkType === 101 || linkType === 228 || linkType === 229) return 0
  if (linkType === 113) return isIp(uint16(bytes, 14)) ? 16 : undefined
  if (linkType === 276) return isIp(uint16(bytes, 0)) ? 20 : undefined
  if (linkType !== 1) return undefined
  let at = 12
  while (uint16(bytes, at) === 0x8100 || uint16(bytes, at) === 0x88a8) at += 4
  return isIp(uint16(bytes, at)) ? at + 2 : undefined
}

type IpPacket = { readonly source: string; readonly target: string; readonly tcp: Uint8Array; readonly size: number }

const tcpProtocol = 6

function openIpv4(ip: Uint8Array): IpPacket | undefined {
  const headerLength = (ip[0]! & 15) * 4
  const end = uint16(ip, 2) || ip.length // 0: cut up by the network card
  const isFragment = (uint16(ip, 6) & 0x3fff) !== 0
  if (headerLength < 20 || end < headerLength || isFragment || ip[9] !== tcpProtocol) return undefined
  return {
    source: ip.subarray(12, 16).join('.'),
    target: ip.subarray(16, 20).join('.'),
    tcp: ip.subarray(headerLength, end),
    size: end - headerLength,
  }
}

function openIpv6(ip: Uint8Array): IpPacket | undefined {
  if (ip.length < 40 || ip[6] !== tcpProtocol) return undefined
  const size = uint16(ip, 4) || ip.length - 40
  return { source: ipv6(ip.subarray(8, 24)), target: ipv6(ip.subarray(24, 40)), tcp: ip.subarray(40, 40 + size), size }
}

function openTcp({ source, target, tcp, size }: IpPacket, captured: number): TcpSegment | undefined {
  const headerLength = (tcp[12]! >> 4) * 4
  if (!(headerLength >= 20 && headerLength <= size)) return undefined
  const flags = tcp[13]
  if (flags === undefined) return undefined
  return {
    from: `${source}:${uint16(tcp, 0)}`,
    to: `${target}:${uint16(tcp, 2)}`,
    seq: uint16(tcp, 4) * 0x10000 + uint16(tcp, 6),
    ack: uint16(tcp, 8) * 0x10000 + uint16(tcp, 10),
    isSyn: (flags & 2) !== 0,
    isAck: (flags & 16) !== 0,
    isFin: (flags & 1) !== 0,
    isReset: (flags & 4) !== 0,
    payload: tcp.subarray(headerLength),
    size: size - headerLength,
    captured,
  }
}

const uint16 = (bytes: Uint8Array, at: number) => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

function ipv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => uint16(bytes, 2 * i).toString(16))
  return `[${groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')}]`
}
