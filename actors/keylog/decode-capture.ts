import { readCapture } from '../../protocols/pcap/capture.ts'
import { tcpSegment } from '../../protocols/pcap/tcp-segment.ts'
import { type StreamChunk, TcpStreams } from '../../protocols/pcap/tcp-streams.ts'
import type { SessionKeys } from '../../protocols/rlpx/key-log.ts'
import { RlpxError } from '../../protocols/rlpx/rlpx-error.ts'
import { type CapturedMessage, CaptureSession, type HandshakePart, KeyMissing } from './capture-session.ts'

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
  /** FIN or RST. */
  | { readonly type: 'end' }
  /** Nothing more of this connection can be read. */
  | { readonly type: 'unreadable'; readonly why: string }
)

/**
 * @param file a pcap or pcapng file
 * @throws {CaptureError}
 */
export function* decodeCapture(file: Uint8Array, keyLog: ReadonlyMap<string, SessionKeys>): Generator<CaptureEntry> {
  const streams = new TcpStreams()
  /** By number. BOUNDED: by the connections of the capture. */
  const sessions = new Map<number, CaptureSession | 'over'>()
  try {
    for (const packet of readCapture(file)) {
      const segment = tcpSegment(packet)
      for (const chunk of segment ? streams.take(segment) : []) yield* decodeChunk(packet.at, chunk, sessions, keyLog)
    }
  } finally {
    for (const session of sessions.values()) if (session !== 'over') session.free()
  }
}

function* decodeChunk(
  at: number,
  { connection, client, server, isFromClient, bytes, lost }: StreamChunk,
  sessions: Map<number, CaptureSession | 'over'>,
  keyLog: ReadonlyMap<string, SessionKeys>,
): Generator<CaptureEntry> {
  const session = sessions.get(connection) ?? new CaptureSession(keyLog)
  sessions.set(connection, session)
  if (session === 'over') return
  const [from, to] = isFromClient ? [client, server] : [server, client]
  const place = { at, connection, from, to }
  const end = () => {
    sessions.set(connection, 'over')
    session.free()
  }
  if (bytes.length === 0) {
    end()
    return yield { ...place, type: 'end' }
  }
  if (lost > 0) {
    end()
    return yield { ...place, type: 'unreadable', why: `${lost} bytes are not in the capture` }
  }
  try {
    for (const part of session.take(isFromClient ? 'client' : 'server', bytes))
      yield 'type' in part ? { ...place, ...part } : { ...place, type: 'message', ...part }
  } catch (error) {
    if (!(error instanceof RlpxError || error instanceof KeyMissing)) throw error
    end()
    yield {
      ...place,
      type: 'unreadable',
      why: error instanceof KeyMissing ? error.message : `these are no bytes of an RLPx session: ${error.message}`,
    }
  }
}
