import { utf8ToBytes } from '../lib/bytes.ts'
import { PeerError } from '../lib/peer-error.ts'
import { encodeRlp, RlpError, RlpReader, readItem, toUint } from '../lib/rlp.ts'
import { utf8FromBytes } from '../lib/utf8.ts'
import { DiscError, DiscReason } from './disconnect-reasons.ts'

// The base protocol, p2p/5 (devp2p rlpx.md, "p2p" capability).

export const baseProtocolVersion = 5
/** Codes 0x00 to 0x0f are the base protocol's; the first matched protocol begins at 16. */
export const baseProtocolLength = 16
export const baseCodes = { Hello: 0x00, Disconnect: 0x01, Ping: 0x02, Pong: 0x03 } as const
/** By code. */
export const baseNames: ReadonlyMap<number, string> = new Map(
  Object.entries(baseCodes).map(([name, code]) => [code, name]),
)
/** geth `baseProtocolMaxMsgSize`, of the first message only. */
export const maxHelloBytes = 2048
/** From this remote version on, payloads after Hello are snappy (devp2p rlpx.md, "Known Issues" of version 4). */
export const snappyProtocolVersion = 5

/** One capability as `name/version`. Versions over 2^53 are rounded: they match nothing of ours. */
export type Cap = { readonly name: string; readonly version: number }

/** `id` is the 64-byte public key. Integers over 2^53 are rounded. */
export type Hello = {
  readonly version: number
  readonly name: string
  readonly caps: readonly Cap[]
  readonly listenPort: number
  readonly id: Uint8Array
}

export function encodeHello({ version, name, caps, listenPort, id }: Hello): Uint8Array {
  return encodeRlp([
    version,
    utf8ToBytes(name),
    caps.map((cap) => [utf8ToBytes(cap.name), cap.version]),
    listenPort,
    id,
  ])
}

/**
 * Whatever stands after the fifth field is ignored.
 * @throws {PeerError} no Hello
 * @throws {DiscError} InvalidIdentity: the id is not 64 bytes or all zero
 */
export function decodeHello(payload: Uint8Array): Hello {
  const hello = readHello(payload)
  if (hello.id.length !== 64 || hello.id.every((byte) => byte === 0)) throw new DiscError(DiscReason.InvalidIdentity)
  return hello
}

/**
 * The first message of a connection, checked in geth's order (`readProtocolHandshake`).
 * @throws {HelloError} too big, or another message than Hello and Disconnect
 * @throws {DiscError} the remote disconnected, or its id is invalid
 * @throws {PeerError} no Hello
 */
export function decodeFirstMessage(code: number, payload: Uint8Array): Hello {
  if (payload.length > maxHelloBytes) throw new HelloError('message too big')
  if (code === baseCodes.Disconnect) throw new DiscError(decodeDisconnect(payload))
  if (code !== baseCodes.Hello) throw new HelloError(`expected handshake, got ${code.toString(16)}`)
  return decodeHello(payload)
}

/** The payload of Ping and of Pong. */
export const emptyPayload: Uint8Array = Uint8Array.of(0xc0)

export const encodeDisconnect = (reason: DiscReason): Uint8Array => encodeRlp([reason])

/** @returns the reason as {@link readReason} does, or Invalid (0xff) as geth has it where there is none; it never throws */
export const decodeDisconnect = (payload: Uint8Array): DiscReason => readReason(payload) ?? DiscReason.Invalid

/**
 * Reads a list whose first item is the reason, or the bare reason of old clients. Some clients compress it before Hello,
 * too, where nothing is: that is read as what it is.
 * @returns undefined where there is none; it never throws
 */
export function readReason(payload: Uint8Array): DiscReason | undefined {
  // geth reads a stream of at most 100 bytes that may end early. A zero completes no integer, so padding changes none.
  const bytes = new Uint8Array(maxDisconnectBytes)
  bytes.set((isLiteral(payload) ? payload.subarray(2) : payload).subarray(0, maxDisconnectBytes))
  try {
    const item = readItem(bytes)
    return Number(item.isList ? new RlpReader(item.content).uint(1) : toUint(item.content, 1))
  } catch (error) {
    if (error instanceof RlpError) return undefined
    throw error
  }
}

/** Whether a payload is a Disconnect by itself, whatever it came as: `[]`, `[reason]` or a bare reason, and nothing more. */
export const isDisconnect = (payload: Uint8Array): boolean =>
  payload.length <= mostOfDisconnect && (payload[0] === emptyList || readReason(payload) !== undefined)

/** One literal of snappy, as short as a Disconnect: its length, its tag, its bytes. */
const isLiteral = ({ 0: size = 0, 1: tag, length }: Uint8Array): boolean =>
  size >= 1 && size <= mostOfDisconnect && tag === (size - 1) << 2 && length === size + 2

const emptyList = 0xc0
const mostOfDisconnect = 3
const maxDisconnectBytes = 100

/** BOUNDED: caps by the 2 KiB of a first message. */
function readHello(payload: Uint8Array): Hello {
  try {
    const fields = RlpReader.open(payload)
    const version = Number(fields.uint())
    const name = utf8FromBytes(fields.bytes())
    const caps = Array.from(fields.list().rest(), (item) => readCap(RlpReader.open(item.raw)))
    const listenPort = Number(fields.uint())
    const id = fields.bytes()
    for (const _ of fields.rest()); // an open tail, but of RLP
    return { version, name, caps, listenPort, id }
  } catch (cause) {
    if (!(cause instanceof RlpError)) throw cause
    throw new PeerError('invalid message', `(code 0) (size ${payload.length}) ${cause.message}`, { cause })
  }
}

function readCap(fields: RlpReader): Cap {
  const cap = { name: utf8FromBytes(fields.bytes()), version: Number(fields.uint()) }
  fields.end()
  return cap
}

/** The remote's first message is no Hello. */
export class HelloError extends Error {
  override readonly name = 'HelloError'
}
