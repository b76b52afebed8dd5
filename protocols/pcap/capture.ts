// Capture files: classic pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), of either byte order.

export type CapturedPacket = {
  /** Milliseconds since 1970, with the fraction that the file has. */
  readonly at: number
  /** What `bytes` begin with: LINKTYPE_ETHERNET is 1. */
  readonly linkType: number
  /** As much as was captured. A view. */
  readonly bytes: Uint8Array
}

/**
 * @param file a whole capture file
 * @throws {CaptureError} what it is not; the packets before the fault were given
 */
export function readCapture(file: Uint8Array): Generator<CapturedPacket> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const magic = file.length < 4 ? 0 : view.getUint32(0, true)
  if (magic === sectionHeader) return readPcapng(view)
  const format = classicFormats[magic]
  if (format === undefined) throw new CaptureError('this is no pcap or pcapng file')
  return readClassic(view, format)
}

type Classic = { readonly isLittle: boolean; readonly ticksPerMs: number }

/** By the magic number, read as little-endian. */
const classicFormats: Readonly<Record<number, Classic>> = {
  2712847316: { isLittle: true, ticksPerMs: 1e3 },
  3569595041: { isLittle: false, ticksPerMs: 1e3 },
  2712812621: { isLittle: true, ticksPerMs: 1e6 },
  1295823521: { isLittle: false, ticksPerMs: 1e6 },
}

function* readClassic(view: DataView, { isLittle, ticksPerMs }: Classic): Generator<CapturedPacket> {
  if (view.byteLength < 24) throw new CaptureError('it ends within its header')
  const linkType = view.getUint32(20, isLittle) & 0xffff
  for (let offset = 24; offset < view.byteLength; ) {
    if (offset + 16 > view.byteLength) throw new CaptureError(`it is cut off at byte ${offset}`)
    const [seconds, ticks, length] = [0, 4, 8].map((at) => view.getUint32(offset + at, isLittle)) as [
      number,
      number,
      number,
    ]
    const bytes = slice(view, offset + 16, length)
    yield { at: seconds * 1e3 + ticks / ticksPerMs, linkType, bytes }
    offset += 16 + length
  }
}

/** Block types. */
const sectionHeader = 0x0a0d0d0a
const interfaceDescription = 1
const simplePacket = 3
const enhancedPacket = 6

type Interface = { readonly linkType: number; readonly ticksPerMs: number }

function* readPcapng(view: DataView): Generator<CapturedPacket> {
  let isLittle = true
  /** BOUNDED: by the file, 20 bytes each. */
  let interfaces: Interface[] = []
  for (let offset = 0; offset < view.byteLength; ) {
    if (offset + 12 > view.byteLength) throw new CaptureError(`it is cut off at byte ${offset}`)
    const type = view.getUint32(offset, isLittle)
    if (type === sectionHeader) {
      isLittle = view.getUint32(offset + 8, true) === 0x1a2b3c4d
      interfaces = []
    }
    const length = view.getUint32(offset + 4, isLittle)
    if (length < 12 || length % 4 !== 0) throw new CaptureError(`a block at byte ${offset} has no length`)
    const body = new DataView(view.buffer, view.byteOffset + offset + 8, slice(view, offset, length).length - 12)
    if (type === interfaceDescription) interfaces.push(readInterface(body, isLittle))
    const packet = packetIn(type, body, isLittle, interfaces)
    if (packet) yield packet
    offset += length
  }
}

function packetIn(
  type: number,
  body: DataView,
  isLittle: boolean,
  interfaces: readonly Interface[],
): CapturedPacket | undefined {
  if (type === simplePacket && body.byteLength >= 4 && interfaces[0])
    return { at: 0, linkType: interfaces[0].linkType, bytes: slice(body, 4, body.byteLength - 4) }
  if (type !== enhancedPacket || body.byteLength < 20) return undefined
  const from = interfaces[body.getUint32(0, isLittle)]
  if (from === undefined) throw new CaptureError('a packet is of an interface that was not described')
  const ticks = body.getUint32(4, isLittle) * 2 ** 32 + body.getUint32(8, isLittle)
  return {
    at: ticks / from.ticksPerMs,
    linkType: from.linkType,
    bytes: slice(body, 20, body.getUint32(12, isLittle)),
  }
}

function readInterface(body: DataView, isLittle: boolean): Interface {
  if (body.byteLength < 8) throw new CaptureError('an interface is not described whole')
  let ticksPerMs = 1e3
  for (let at = 8; at + 4 <= body.byteLength; ) {
    const [code, length] = [body.getUint16(at, isLittle), body.getUint16(at + 2, isLittle)]
    if (code === resolutionOption && length === 1 && at + 5 <= body.byteLength) {
      const exponent = body.getUint8(at + 4)
      ticksPerMs = (exponent & 0x80 ? 2 ** (exponent & 0x7f) : 10 ** exponent) / 1e3
    }
    at += 4 + length + (-length & 3)
  }
  return { linkType: body.getUint16(0, isLittle), ticksPerMs }
}

const resolutionOption = 9

function slice(view: DataView, offset: number, length: number): Uint8Array {
  if (offset + length > view.byteLength) throw new CaptureError(`it is cut off at byte ${view.byteOffset + offset}`)
  return new Uint8Array(view.buffer, view.byteOffset + offset, length)
}

/** The file is no capture, or is damaged. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}
