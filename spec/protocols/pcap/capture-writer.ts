import { concatBytes } from '../../../protocols/lib/bytes.ts'

// Captures as tcpdump and Wireshark write them, for specs.

export type Written = { readonly at: number; readonly bytes: Uint8Array }
export type Format =
  | 'pcap'
  | 'pcap of nanoseconds'
  | 'pcap, big-endian'
  | 'pcapng'
  | 'pcapng of nanoseconds, big-endian'

export function writeCapture(packets: readonly Written[], format: Format = 'pcap', linkType = 1): Uint8Array {
  const isLittle = !format.includes('big-endian')
  const longs = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(4 * values.length))
    for (const [i, value] of values.entries()) view.setUint32(4 * i, value, isLittle)
    return new Uint8Array(view.buffer)
  }
  const shorts = (...values: number[]) => {
    const view = new DataView(new ArrayBuffer(2 * values.length))
    for (const [i, value] of values.entries()) view.setUint16(2 * i, value, isLittle)
    return new Uint8Array(view.buffer)
  }
  const ticksPerMs = format.includes('nano') ? 1e6 : 1e3
  if (!format.startsWith('pcapng')) {
    const header = concatBytes(
      longs(ticksPerMs === 1e6 ? 0xa1b23c4d : 0xa1b2c3d4),
      shorts(2, 4),
      longs(0, 0, 65_535, linkType),
    )
    const records = packets.map(({ at, bytes }) => {
      const seconds = Math.floor(at / 1e3)
      const ticks = Math.round((at - seconds * 1e3) * ticksPerMs)
      return concatBytes(longs(seconds, ticks, bytes.length, bytes.length), bytes)
    })
    return concatBytes(header, ...records)
  }
  const block = (type: number, ...body: Uint8Array[]) => {
    const content = concatBytes(...body)
    const padding = new Uint8Array(-content.length & 3)
    const length = 12 + content.length + padding.length
    return concatBytes(longs(type, length), content, padding, longs(length))
  }
  const section = block(0x0a0d0d0a, longs(0x1a2b3c4d), shorts(1, 0), longs(0xffffffff, 0xffffffff))
  const nano = concatBytes(shorts(9, 1), Uint8Array.of(9, 0, 0, 0), shorts(0, 0))
  const described = block(1, shorts(linkType, 0), longs(65_535), ...(ticksPerMs === 1e6 ? [nano] : []))
  const records = packets.map(({ at, bytes }) => {
    const ticks = BigInt(Math.floor(at)) * BigInt(ticksPerMs) + BigInt(Math.round((at % 1) * ticksPerMs))
    const time = longs(Number(ticks >> 32n), Number(ticks & 0xffffffffn))
    return block(6, longs(0), time, longs(bytes.length, bytes.length), bytes)
  })
  const statistics = block(5, longs(0, 0, 0))
  return concatBytes(section, described, ...records, statistics)
}

export type Sent = {
  readonly from: string
  readonly to: string
  readonly seq: number
  readonly ack?: number
  readonly flags?: ('SYN' | 'ACK' | 'FIN' | 'RST')[]
  readonly payload?: Uint8Array
}

/** An Ethernet frame with a TCP segment over IPv4 in it; checksums are left out. */
export function ethernet({ from, to, seq, ack = 0, flags = ['ACK'], payload = new Uint8Array(0) }: Sent): Uint8Array {
  const [source, target] = [split(from), split(to)]
  const frame = new Uint8Array(54 + payload.length)
  const view = new DataView(frame.buffer)
  view.setUint16(12, 0x0800)
  frame[14] = 0x45
  view.setUint16(16, 40 + payload.length)
  frame[23] = 6
  frame.set(source.ip, 26)
  frame.set(target.ip, 30)
  view.setUint16(34, source.port)
  view.setUint16(36, target.port)
  view.setUint32(38, seq >>> 0)
  view.setUint32(42, ack >>> 0)
  frame[46] = 0x50
  frame[47] = flags.reduce((bits, flag) => bits | { FIN: 1, SYN: 2, RST: 4, ACK: 16 }[flag], 0)
  frame.set(payload, 54)
  return frame
}

const split = (address: string) => {
  const [ip, port] = address.split(':')
  return { ip: ip!.split('.').map(Number), port: Number(port) }
}
