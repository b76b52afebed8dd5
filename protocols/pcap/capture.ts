// Capture files: classic pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), of either byte order.

export type CapturedPacket = {
  /** Milliseconds since 1970, with the fraction that the file has. */
  readonly at: number
  /** What `bytes` begin with: LINKTYPE_ETHERNET is 1. */
  readonly linkType: number
  /** As much as was captured. A view of what was read. */
  readonly bytes: Uint8Array
}

/** Reads a capture as its bytes come. */
export class CaptureReader {
  #records: Records | undefined
  /** Bytes before those that are held. */
  #offset = 0
  /** BOUNDED: one record and what came with its end. */
  #parts: Uint8Array[] = []
  #held = 0
  /** Bytes without which there is nothing to read: so no byte is copied more than once for a record. */
  #needed = 4

  /** @throws {CaptureError} it does not end where it should */
  end(): void {
    if (this.#records && this.#held === 0) return
    if (this.#records) throw new CaptureError(`it is cut off at byte ${this.#offset}`)
    const held = joined(this.#parts, this.#held)
    throw new CaptureError(isCapture(held) ? 'it ends within its header' : notOne)
  }

  /** @throws {CaptureError} the file is none, or damaged: the packets before were given */
  *push(bytes: Uint8Array): Generator<CapturedPacket> {
    this.#parts.push(bytes)
    this.#held += bytes.length
    if (this.#held < this.#needed) return
    const held = joined(this.#parts, this.#held)
    const view = new DataView(held.buffer, held.byteOffset, held.length)
    let at = 0
    for (;;) {
      const size = this.#sizeAt(view, at)
      this.#needed = size
      if (at + size > held.length) break
      if (this.#records) {
        const packet = this.#records.packetIn(view, at, size)
        if (packet) yield packet
      } else this.#records = recordsOf(view)
      at += size
    }
    this.#offset += at
    this.#parts = [held.subarray(at)]
    this.#held -= at
  }

  /** @returns the bytes of the record at `at`, or of as much of it as says how long it is */
  #sizeAt(view: DataView, at: number): number {
    if (!this.#records) return headingSize(view)
    if (at + this.#records.head > view.byteLength) return this.#records.head
    const size = this.#records.sizeAt(view, at)
    if (size <= maxRecord) return size
    throw new CaptureError(`a record at byte ${this.#offset + at} is said to have ${size} bytes, more than any has`)
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** What libpcap and Wireshark bound a packet and a block by, and more. */
const maxRecord = 16 << 20

type Records = {
  /** Bytes that say how long a record is. */
  readonly head: number
  /** @throws {CaptureError} */
  sizeAt(view: DataView, at: number): number
  /** @param size as `sizeAt` gave it; that many bytes are there. @throws {CaptureError} */
  packetIn(view: DataView, at: number, size: number): CapturedPacket | undefined
}

const notOne = 'this is no pcap or pcapng file'
const magicOf = (view: DataView) => (view.byteLength < 4 ? 0 : view.getUint32(0, true))
const isCapture = ({ buffer, byteOffset, byteLength }: Uint8Array) => {
  const magic = magicOf(new DataView(buffer, byteOffset, byteLength))
  return magic === sectionHeader || classicFormats[magic] !== undefined
}

/** @returns the bytes before the first record. @throws {CaptureError} */
function headingSize(view: DataView): number {
  if (view.byteLength < 4) return 4
  const magic = magicOf(view)
  if (magic === sectionHeader) return 0
  if (classicFormats[magic] === undefined) throw new CaptureError(notOne)
  return 24
}

function recordsOf(view: DataView): Records {
  const format = classicFormats[magicOf(view)]
  return format ? new ClassicRecords(view.getUint32(20, format.isLittle) & 0xffff, format) : new PcapngBlocks()
}

type Classic = { readonly isLittle: boolean; readonly ticksPerMs: number }

/** By the magic number, read as little-endian. */
const classicFormats: Readonly<Record<number, Classic>> = {
  2712847316: { isLittle: true, ticksPerMs: 1e3 },
  3569595041: { isLittle: false, ticksPerMs: 1e3 },
  2712812621: { isLittle: true, ticksPerMs: 1e6 },
  1295823521: { isLittle: false, ticksPerMs: 1e6 },
}

class ClassicRecords implements Records {
  readonly head = 16
  readonly #linkType: number
  readonly #format: Classic

  constructor(linkType: number, format: Classic) {
    this.#linkType = linkType
    this.#format = format
  }

  sizeAt(view: DataView, at: number): number {
    return this.head + view.getUint32(at + 8, this.#format.isLittle)
  }

  packetIn(view: DataView, at: number, size: number): CapturedPacket {
    const { isLittle, ticksPerMs } = this.#format
    const [seconds, ticks] = [view.getUint32(at, isLittle), view.getUint32(at + 4, isLittle)]
    const bytes = slice(view, at + this.head, size - this.head)
    return { at: seconds * 1e3 + ticks / ticksPerMs, linkType: this.#linkType, bytes }
  }
}

/** Block types. */
const sectionHeader = 0x0a0d0d0a
const interfaceDescription = 1
const simplePacket = 3
const enhancedPacket = 6

type Interface = { readonly linkType: number; readonly ticksPerMs: number }

class PcapngBlocks implements Records {
  readonly head = 12
  #isLittle = true
  /** BOUNDED: mostInterfaces. */
  #interfaces: Interface[] = []

  sizeAt(view: DataView, at: number): number {
    const isSection = view.getUint32(at, this.#isLittle) === sectionHeader
    const isLittle = isSection ? isSectionLittle(view, at) : this.#isLittle
    const size = view.getUint32(at + 4, isLittle)
    if (size < 12 || size % 4 !== 0) throw new CaptureError(`a block has ${size} bytes, which none has`)
    return size
  }

  packetIn(view: DataView, at: number, size: number): CapturedPacket | undefined {
    const type = view.getUint32(at, this.#isLittle)
    if (type === sectionHeader) {
      this.#isLittle = isSectionLittle(view, at)
      this.#interfaces = []
    }
    const body = new DataView(view.buffer, view.byteOffset + at + 8, size - 12)
    if (type === interfaceDescription) {
      if (this.#interfaces.length >= mostInterfaces) throw new CaptureError('it describes interfaces without end')
      this.#interfaces.push(readInterface(body, this.#isLittle))
    }
    return packetIn(type, body, this.#isLittle, this.#interfaces)
  }
}

const isSectionLittle = (view: DataView, at: number) => view.getUint32(at + 8, true) === 0x1a2b3c4d
const mostInterfaces = 65_536

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
  if (offset + length > view.byteLength) throw new CaptureError('a packet is longer than the block it is in')
  return new Uint8Array(view.buffer, view.byteOffset + offset, length)
}

/** The file is no capture, or is damaged. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
}
