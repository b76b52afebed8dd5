import { PeerError } from '../../protocols/lib/peer-error.ts'
import { DiscError } from '../../protocols/p2p/disconnect-reasons.ts'
import { type MatchedProtocol, matchProtocols } from '../../protocols/p2p/matching.ts'
import {
  baseProtocolLength,
  type Cap,
  decodeFirstMessage,
  type Hello,
  HelloError,
  snappyProtocolVersion,
} from '../../protocols/p2p/messages.ts'
import { plainDisconnect } from '../../protocols/plain-disconnect.ts'
import { authId, type SessionKeys, secretsToRead } from '../../protocols/rlpx/key-log.ts'
import { PacketReader } from '../../protocols/rlpx/packet-reader.ts'
import { RlpxError } from '../../protocols/rlpx/rlpx-error.ts'
import { RlpxSession } from '../../protocols/rlpx/session.ts'
import { tableOf } from '../../protocols/sub-protocols.ts'
import { nodeCiphers } from '../runtime/ciphers.ts'

export type Side = 'client' | 'server'

/** One message that somebody sent in a captured session. */
export type CapturedMessage = {
  /** `p2p` for the base protocol; undefined where a protocol that is not known here came before it. */
  readonly protocol: string | undefined
  readonly version?: number
  /** Relative to the protocol's offset. */
  readonly code: number
  readonly payload: Uint8Array
}

/** A packet of the handshake, by its bytes on the wire. */
export type HandshakePart = { readonly type: 'auth' | 'ack'; readonly size: number }

/** Reads the bytes of one captured RLPx connection. */
export class CaptureSession {
  readonly #keyLog: ReadonlyMap<string, SessionKeys>
  readonly #packets = { client: new PacketReader(), server: new PacketReader() }
  #auth: Uint8Array | undefined
  #readers: Readonly<Record<Side, RlpxSession>> | undefined
  readonly #hellos: Partial<Record<Side, Hello>> = {}
  #protocols: readonly MatchedProtocol<Known>[] = []
  /** Who has sent a Disconnect that was not compressed. BOUNDED: two. */
  readonly #gone = new Set<Side>()

  constructor(keyLog: ReadonlyMap<string, SessionKeys>) {
    this.#keyLog = keyLog
  }

  /** Both auth and ack were read. */
  get isOpen(): boolean {
    return this.#readers !== undefined
  }

  /** Both Hellos were read: neither direction needs the other any more. */
  get hasMet(): boolean {
    return this.#hellos.client !== undefined && this.#hellos.server !== undefined
  }

  /**
   * @throws {RlpxError} the bytes are not those of the session
   * @throws {KeyMissing} the key log has not its keys
   */
  *take(side: Side, bytes: Uint8Array, isFromStart: boolean): Generator<CapturedMessage | HandshakePart> {
    if (this.#readers) return yield* this.#read(side, bytes)
    if (side === 'client' ? this.#auth !== undefined : this.#auth === undefined) throw new RlpxError('handshake')
    const isFirst = this.#packets[side].received === 0
    if (isFirst && bytes.length > 2 && bytes[2] !== uncompressedPoint) throw new RlpxError('handshake')
    if (!this.#packets[side].receive(bytes)) return
    const { packet, rest } = this.#packets[side].take()
    if (side === 'client') {
      if (rest.length > 0) throw new RlpxError('handshake') // its frames need the ack
      // Without the opening of the connection, only the key log distinguishes an auth from what looks like one.
      if (!isFromStart && !this.#keyLog.has(authId(packet))) throw new RlpxError('handshake')
      this.#auth = packet
      return yield { type: 'auth', size: packet.length }
    }
    yield { type: 'ack', size: packet.length }
    this.#open(this.#auth!, packet)
    yield* this.#read('server', rest)
  }

  free(): void {
    for (const reader of Object.values(this.#readers ?? {})) reader.free()
  }

  #open(auth: Uint8Array, ack: Uint8Array): void {
    const keys = this.#keyLog.get(authId(auth))
    if (!keys) throw new KeyMissing()
    const reader = (sender: 'initiator' | 'responder') =>
      new RlpxSession(secretsToRead(keys, { auth, ack }, sender), nodeCiphers)
    this.#readers = { client: reader('initiator'), server: reader('responder') }
  }

  *#read(side: Side, bytes: Uint8Array): Generator<CapturedMessage> {
    const reader = this.#readers![side]
    reader.push(bytes)
    try {
      while (reader.hasWork) {
        const message = reader.next()
        if (message) yield this.#sort(side, message)
      }
    } catch (error) {
      const disconnect = plainDisconnect(error)
      if (!disconnect || this.#gone.has(side)) throw error
      this.#gone.add(side)
      yield this.#sort(side, disconnect)
    }
  }

  #sort(side: Side, { code, payload }: { code: number; payload: Uint8Array }): CapturedMessage {
    if (this.#hellos[side] === undefined) this.#noteHello(side, code, payload)
    if (code < baseProtocolLength) return { protocol: 'p2p', code, payload }
    const matched = this.#protocols.find(({ offset, length }) => code >= offset && code < offset + length)
    if (!matched) return { protocol: undefined, code, payload }
    return { protocol: matched.name, version: matched.version, code: code - matched.offset, payload }
  }

  #noteHello(side: Side, code: number, payload: Uint8Array): void {
    const hello = tryDecode(code, payload)
    if (!hello) return
    this.#hellos[side] = hello
    const { client, server } = this.#hellos
    if (!client || !server) return
    // A side compresses from the moment it has read the other's Hello.
    if (server.version >= snappyProtocolVersion) this.#readers!.client.enableSnappy()
    if (client.version >= snappyProtocolVersion) this.#readers!.server.enableSnappy()
    this.#protocols = matchKnown(client.caps, server.caps)
  }
}

/** What auth and ack have behind their size: the first byte of an ECIES message's public key. */
const uncompressedPoint = 4

type Known = Cap & { readonly length: number }

/** A protocol that is not known here has an unknown length, and makes those after it unreadable. */
function matchKnown(ours: readonly Cap[], theirs: readonly Cap[]): readonly MatchedProtocol<Known>[] {
  const matched = matchProtocols(
    ours.map((cap) => ({ ...cap, length: tableOf(cap.name, cap.version)?.length ?? 0 })),
    theirs,
  )
  const end = matched.findIndex(({ length }) => length === 0)
  return end < 0 ? matched : matched.slice(0, end)
}

function tryDecode(code: number, payload: Uint8Array): Hello | undefined {
  try {
    return decodeFirstMessage(code, payload)
  } catch (error) {
    if (error instanceof DiscError || error instanceof HelloError || error instanceof PeerError) return undefined
    throw error
  }
}

/** The session is not in the key log. */
export class KeyMissing extends Error {
  override readonly name = 'KeyMissing'
  constructor() {
    super('its keys are not in the key log')
  }
}
