import { CaptureReader } from '../../protocols/pcap/capture.ts'
import { tcpSegment } from '../../protocols/pcap/tcp-segment.ts'
import { type StreamChunk, TcpStreams } from '../../protocols/pcap/tcp-streams.ts'
import type { SessionKeys } from '../../protocols/rlpx/key-log.ts'
import { RlpxError } from '../../protocols/rlpx/rlpx-error.ts'
import { type CapturedMessage, CaptureSession, type HandshakePart, KeyMissing, type Side } from './capture-session.ts'

/** What a capture shows of its RLPx connections, in the order of its packets. */
export type CaptureEntry = {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Counted from 1 over all TCP connections of the capture. */
  readonly connection: number
  /** `ip:port` of who sent it, and to whom. */
  readonly from: string
  readonly to: string
} & (
  | HandshakePart
  | ({ readonly type: 'message' } & CapturedMessage)
  /** FIN: `from` says no more. RST: neither does. */
  | { readonly type: 'end'; readonly by: 'FIN' | 'RST' }
  /** Nothing more that `from` says can be read; nothing of the connection, if its Hellos were not. */
  | { readonly type: 'unreadable'; readonly why: string; readonly missing?: number }
)

/** Reads the messages out of a capture, pcap or pcapng, as its bytes come. To be closed. */
export class CaptureDecoder {
  readonly #keyLog: ReadonlyMap<string, SessionKeys>
  readonly #capture = new CaptureReader()
  readonly #streams = new TcpStreams()
  /** By number. BOUNDED: by the connections of the capture. */
  readonly #sessions = new Map<number, Reading>()
  #last = 0

  constructor(keyLog: ReadonlyMap<string, SessionKeys>) {
    this.#keyLog = keyLog
  }

  /** @throws {CaptureError} */
  *push(bytes: Uint8Array): Generator<CaptureEntry> {
    for (const packet of this.#capture.push(bytes)) {
      const segment = tcpSegment(packet)
      this.#last = packet.at
      if (segment) yield* this.#read(this.#streams.take(segment, packet.at))
    }
  }

  /** What waited for bytes that the capture lacks. @throws {CaptureError} it is cut off */
  *end(): Generator<CaptureEntry> {
    this.#capture.end()
    yield* this.#read(this.#streams.finish(this.#last))
  }

  close(): void {
    for (const reading of this.#sessions.values()) reading.close()
  }

  *#read(chunks: readonly StreamChunk[]): Generator<CaptureEntry> {
    for (const chunk of chunks) {
      const reading = this.#sessions.get(chunk.connection) ?? new Reading(this.#keyLog)
      this.#sessions.set(chunk.connection, reading)
      yield* reading.take(chunk)
    }
  }
}

/** One connection, as far as it can be read. */
class Reading {
  readonly #session: CaptureSession
  /** BOUNDED: two. */
  readonly #open = new Set<Side>(['client', 'server'])

  constructor(keyLog: ReadonlyMap<string, SessionKeys>) {
    this.#session = new CaptureSession(keyLog)
  }

  *take(chunk: StreamChunk): Generator<CaptureEntry> {
    const { at, connection, client, server, isFromClient, bytes, lost, cutTo, end } = chunk
    const side = isFromClient ? 'client' : 'server'
    const [from, to] = isFromClient ? [client, server] : [server, client]
    const place = { at, connection, from, to }
    if (this.#open.size === 0 || (end !== 'RST' && !this.#open.has(side))) return
    if (lost > 0) {
      this.#giveUp(side)
      return yield { ...place, type: 'unreadable', why: whyLost(lost, cutTo), missing: lost }
    }
    if (end) {
      if (end === 'RST') this.close()
      else this.#end(side)
      return yield { ...place, type: 'end', by: end }
    }
    try {
      for (const part of this.#session.take(side, bytes, chunk.isFromStart))
        yield 'type' in part ? { ...place, ...part } : { ...place, type: 'message', ...part }
    } catch (error) {
      if (!(error instanceof RlpxError || error instanceof KeyMissing)) throw error
      const why = chunk.isFromStart || this.#session.isOpen ? whyNot(error) : beganLate
      this.#giveUp(side)
      yield { ...place, type: 'unreadable', why }
    }
  }

  close(): void {
    if (this.#open.size > 0) this.#session.free()
    this.#open.clear()
  }

  #giveUp(side: Side): void {
    if (this.#session.hasMet) this.#end(side)
    else this.close()
  }

  #end(side: Side): void {
    if (this.#open.size === 1 && this.#open.has(side)) this.close()
    this.#open.delete(side)
  }
}

const beganLate = 'the capture began after the handshake of this connection, if it is one of RLPx'

const whyLost = (lost: number, cutTo: number | undefined) =>
  cutTo === undefined
    ? `${lost} bytes are missing from the capture in this direction, and what follows them cannot be read`
    : `the capture cut its packets to ${cutTo} bytes (snaplen): capture with -s 0`

const whyNot = (error: RlpxError | KeyMissing) =>
  error instanceof KeyMissing ? error.message : `these are no bytes of an RLPx session: ${error.message}`
