import { type CapturedPacket, CaptureReader } from '../../../protocols/pcap/capture.ts'

/** The packets of a whole capture, which is handed over in pieces of `size` bytes. */
export function* readCapture(file: Uint8Array, size = file.length || 1): Generator<CapturedPacket> {
  const reader = new CaptureReader()
  for (let at = 0; at < file.length; at += size) yield* reader.push(file.subarray(at, at + size))
  reader.end()
}
