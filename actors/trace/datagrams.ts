import { PacketError as Discv4PacketError, decodePacket, packetNames } from '../../protocols/discv4/packets.ts'
import { decodeMessage } from '../../protocols/discv5/messages.ts'
import { PacketError as Discv5PacketError } from '../../protocols/discv5/packet-error.ts'
import { formatIp } from '../../protocols/enode/netutil.ts'
import { decodeRecord, endpointOf, RecordError } from '../../protocols/enr/record.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { Decoded } from './decoded.ts'
import type { MessageEntry } from './entries.ts'
import { fieldsOf } from './message-fields.ts'

// Datagrams of discovery as the feed has them: messages of `discv4` and `discv5`, of the actor of the node that sent them
// or gets them; of the protocol's own where there is none. Of v4 the payload is the datagram. Of v5, which is encrypted,
// it is the message, opened; of the packets around it only what says no secret.

/** Packets of v5, by codes that no message has. Payload: the nonce of one that is not opened, WHOAREYOU, the record of a handshake. */
export const discv5Codes = { ordinary: 0x80, whoareyou: 0x81, handshake: 0x82 } as const

/** Whether entries of a protocol are datagrams: not of a connection, and no messages to geth's metrics. */
export const isDatagram = (protocol: string): boolean => protocol === 'discv4' || protocol === 'discv5'

type DatagramKind = Pick<MessageEntry, 'protocol' | 'code'>

/** @returns `PING`, `Findnode`, `whoareyou` */
export const datagramName = ({ protocol, code }: DatagramKind): string | undefined =>
  protocol === 'discv4' ? packetNames[code - 1] : protocol === 'discv5' ? discv5Names.get(code) : undefined

/** Whether it is what {@link openDatagram} throws: the fault of who sent it. */
export const isBadPacket = (error: unknown): error is Error =>
  error instanceof Discv4PacketError || error instanceof Discv5PacketError

/** @throws {PacketError} of either version */
export function openDatagram({ protocol, code }: DatagramKind, payload: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (protocol === 'discv4') return openV4(payload)
  if (code === discv5Codes.ordinary)
    return { fields: fieldsOf({ nonce: payload }), text: 'under no key of this session' }
  if (code === discv5Codes.whoareyou) return openWhoareyou(payload)
  if (code === discv5Codes.handshake) return openRecord(payload)
  const { kind: _, ...message } = decodeMessage(payload)
  const text = 'records' in message ? counted(message.records.length, 'record') : ''
  return { fields: fieldsOf(message), text: 'distances' in message ? `at ${message.distances.join(', ')}` : text }
}

function openV4(datagram: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  const { packet, hash } = decodePacket(datagram)
  const { name: _, ...fields } = packet
  const shown = { fields: fieldsOf({ hash, ...fields }) }
  if (packet.name === 'NEIGHBORS') return { ...shown, text: counted(packet.nodes.length, 'node') }
  if (packet.name === 'ENRRESPONSE') return { ...shown, text: recordText(packet.record) }
  if (packet.name === 'PONG') return { ...shown, text: `to PING ${short(packet.replyTo)}` }
  return { ...shown, text: packet.name === 'PING' ? short(hash) : '' }
}

/** masking-iv(16) ‖ header(23), which has the nonce at 9 ‖ id-nonce(16) ‖ enr-seq(8) */
function openWhoareyou(packet: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  const recordSeq = packet.length === 63 ? view.getBigUint64(55) : 0n
  const fields = fieldsOf({ nonce: packet.subarray(25, 37), idNonce: packet.subarray(39, 55), recordSeq })
  return { fields, text: recordSeq === 0n ? 'it has no record of the other' : `it has record ${recordSeq}` }
}

function openRecord(raw: Uint8Array): Pick<Decoded, 'fields' | 'text'> {
  if (raw.length === 0) return { fields: null, text: 'without a record' }
  return { fields: fieldsOf({ record: raw }), text: recordText(raw) }
}

/** @returns its number and place, or why it is none */
export function recordText(raw: Uint8Array): string {
  try {
    const record = decodeRecord(raw)
    const { ip, udp = 0 } = endpointOf(record)
    return `record ${record.seq}${ip ? ` of ${formatIp(ip)}:${udp}` : ', without an address'}`
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return `a record that is none: ${error.message}`
  }
}

const discv5Names: ReadonlyMap<number, string> = new Map([
  ...['Ping', 'Pong', 'Findnode', 'Nodes', 'TalkRequest', 'TalkResponse'].map((name, i) => [i + 1, name] as const),
  ...Object.entries(discv5Codes).map(([name, code]) => [code, name] as const),
])
const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`
const short = (hash: Uint8Array) => `${bytesToHex(hash.subarray(0, 4))}…`
