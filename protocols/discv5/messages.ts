import { concatBytes } from '../lib/bytes.ts'
import { encodeList, encodeRlp, RlpError, RlpReader, readItem } from '../lib/rlp.ts'
import { PacketError } from './packet-error.ts'

// Messages (discv5-wire.md, "Protocol Messages"): message-type ‖ RLP of [request-id, …].

export type Message = Ping | Pong | Findnode | Nodes | TalkRequest | TalkResponse

/** `requestId`: at most 8 bytes, the same in the response. */
type Identified = { readonly requestId: Uint8Array }

/** `recordSeq`: of the sender's record. */
export type Ping = Identified & { readonly kind: 'Ping'; readonly recordSeq: bigint }

/** `ip` (4 or 16 bytes) and `port`: where the PING came from. */
export type Pong = Identified & {
  readonly kind: 'Pong'
  readonly recordSeq: bigint
  readonly ip: Uint8Array
  readonly port: number
}

/** Asks for nodes at these logarithmic distances from the recipient; 0 is itself. BOUNDED: by its packet. */
export type Findnode = Identified & { readonly kind: 'Findnode'; readonly distances: readonly number[] }

/** One of `total` responses to a Findnode. `records`: RLP, not verified. BOUNDED: by its packet. */
export type Nodes = Identified & {
  readonly kind: 'Nodes'
  readonly total: number
  readonly records: readonly Uint8Array[]
}

export type TalkRequest = Identified & {
  readonly kind: 'TalkRequest'
  /** The name of an application's protocol. */
  readonly protocol: Uint8Array
  readonly request: Uint8Array
}

/** Empty when the recipient does not speak the protocol. */
export type TalkResponse = Identified & { readonly kind: 'TalkResponse'; readonly response: Uint8Array }

/** @throws {PacketError} it is no message */
export function decodeMessage(plaintext: Uint8Array): Message {
  const [type] = plaintext
  if (type === undefined) throw new PacketError('no message', 'message contains no data')
  const read = readers[type as keyof typeof readers]
  if (read === undefined) throw new PacketError('message type', `unknown message type ${type}`)
  try {
    const list = readItem(plaintext, 1)
    if (1 + list.raw.length !== plaintext.length) throw new RlpError('bytes after the message')
    const fields = RlpReader.open(list.raw)
    const requestId = fields.bytes()
    const message = read(fields, requestId)
    fields.end()
    if (requestId.length > maxRequestIdBytes) throw new PacketError('request id', 'request ID larger than 8 bytes')
    return message
  } catch (cause) {
    if (cause instanceof RlpError) throw new PacketError('message', cause.message, { cause })
    throw cause
  }
}

/** @returns the plaintext of a packet */
export function encodeMessage(message: Message): Uint8Array {
  return concatBytes(
    Uint8Array.of(typeOf[message.kind]),
    encodeList([encodeRlp(message.requestId), ...fieldsOf(message)]),
  )
}

const maxRequestIdBytes = 8

const typeOf = { Ping: 1, Pong: 2, Findnode: 3, Nodes: 4, TalkRequest: 5, TalkResponse: 6 } as const

type Read = (fields: RlpReader, requestId: Uint8Array) => Message
const readers: Readonly<Record<(typeof typeOf)[Message['kind']], Read>> = {
  1: (fields, requestId) => ({ kind: 'Ping', requestId, recordSeq: fields.uint() }),
  2: (fields, requestId) => ({
    ...{ kind: 'Pong', requestId, recordSeq: fields.uint() },
    ...{ ip: readIp(fields), port: Number(fields.uint(2)) },
  }),
  3: (fields, requestId) => ({ kind: 'Findnode', requestId, distances: [...readDistances(fields.list())] }),
  4: (fields, requestId) => ({
    ...{ kind: 'Nodes', requestId, total: Number(fields.uint(1)) },
    records: [...readRecords(fields.list())],
  }),
  5: (fields, requestId) => ({ kind: 'TalkRequest', requestId, protocol: fields.bytes(), request: fields.bytes() }),
  6: (fields, requestId) => ({ kind: 'TalkResponse', requestId, response: fields.bytes() }),
}

function readIp(fields: RlpReader): Uint8Array {
  const ip = fields.bytes()
  if (ip.length !== 4 && ip.length !== 16) throw new RlpError(`an IP address of ${ip.length} bytes`)
  return ip
}

function* readDistances(list: RlpReader): Generator<number> {
  while (!list.isDone) yield Number(list.uint())
}

function* readRecords(list: RlpReader): Generator<Uint8Array> {
  while (!list.isDone) yield list.listItem().raw
}

function fieldsOf(message: Message): Uint8Array[] {
  switch (message.kind) {
    case 'Ping':
      return [encodeRlp(message.recordSeq)]
    case 'Pong':
      return [encodeRlp(message.recordSeq), encodeRlp(message.ip), encodeRlp(message.port)]
    case 'Findnode':
      return [encodeList(message.distances.map((distance) => encodeRlp(distance)))]
    case 'Nodes':
      return [encodeRlp(message.total), encodeList(message.records)]
    case 'TalkRequest':
      return [encodeRlp(message.protocol), encodeRlp(message.request)]
    case 'TalkResponse':
      return [encodeRlp(message.response)]
  }
}
