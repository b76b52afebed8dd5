import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { CaptureDecoder, type CaptureEntry } from '../../../actors/keylog/decode-capture.ts'
import { decodeMessage } from '../../../actors/trace/messages.ts'
import { CaptureError, CaptureReader } from '../../../protocols/pcap/capture.ts'
import { KeyLogError, parseKeyLog } from '../../../protocols/rlpx/key-log.ts'
import { writeCapture } from '../../protocols/pcap/capture-writer.ts'
import { projectRoot } from '../../support/project.ts'
import { mutatedBytes, mutatedText } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

/** See its README.md; what is no program is in the sources alone. */
const folder = join(projectRoot, 'spec/vectors/captures')
const files = ['ethernet.pcap', 'sll.pcap', 'sll2.pcap'].map((name) => new Uint8Array(readFileSync(join(folder, name))))
const keys = readFileSync(join(folder, 'keys'), 'utf8')

/** The packets of a capture by themselves, so that they can come in another order, twice or not at all. */
const packets = Array.from(new CaptureReader().push(files[0]!), ({ at, bytes }) => ({ at, bytes: bytes.slice() }))
const formats = [
  'pcap',
  'pcap of nanoseconds',
  'pcap, big-endian',
  'pcapng',
  'pcapng of nanoseconds, big-endian',
] as const
const shuffled = fc
  .tuple(
    fc.array(
      fc.tuple(fc.nat(packets.length - 1), fc.nat(packets.length - 1), fc.constantFrom('swap', 'drop', 'double')),
      {
        maxLength: 4,
      },
    ),
    fc.constantFrom(...formats),
  )
  .map(([changes, format]) => {
    const order = [...packets]
    for (const [i, j, how] of changes) {
      if (how === 'drop') order.splice(i, 1)
      else if (how === 'double') order.splice(j, 0, packets[i]!)
      else if (order[i] && order[j]) [order[i], order[j]] = [order[j], order[i]]
    }
    return writeCapture(order, format)
  })

/** What tcpdump and `--keylog` wrote. */
export const captures: Readers = {
  capture: reader(
    fc.tuple(
      mutatedBytes(fc.oneof(fc.constantFrom(...files), shuffled)),
      fc.oneof({ weight: 4, arbitrary: fc.constant(keys) }, mutatedText(fc.constant(keys))),
      fc.constantFrom(1 << 16, 1_000, 7),
    ),
    ([file, log, size]) => {
      const decoder = new CaptureDecoder(parseKeyLog(log))
      try {
        for (let at = 0; at < file.length; at += size) readAll(decoder.push(file.subarray(at, at + size)))
        readAll(decoder.end())
      } finally {
        decoder.close()
      }
    },
    ...[CaptureError, KeyLogError],
  ),
}

function readAll(entries: Iterable<CaptureEntry>): void {
  for (const entry of entries) {
    if (entry.type !== 'message') continue
    const { protocol = 'unknown', version, code, payload } = entry
    decodeMessage({ protocol, code, ...(version !== undefined && { version }) }, payload)
  }
}
