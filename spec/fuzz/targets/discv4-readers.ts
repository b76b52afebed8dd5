import fc from 'fast-check'
import {
  decodePacket,
  encodePacket,
  isExpired,
  type Packet,
  PacketError,
  signPacket,
} from '../../../protocols/discv4/packets.ts'
import { checkRelay, isUnicast } from '../../../protocols/enode/relay.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { mutatedBytes, mutatedRlp, mutatedText } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

const key = new Uint8Array(32).fill(5)
const place = { ip: Uint8Array.of(127, 0, 0, 1), udp: 30_303, tcp: 30_303 }
const hash = new Uint8Array(32).fill(1)
const expiration = 2_000_000_000n
const packets: readonly Packet[] = [
  { name: 'PING', version: 4n, from: place, to: place, expiration, enrSeq: 1n },
  { name: 'PONG', to: place, replyTo: hash, expiration, enrSeq: 1n },
  { name: 'FINDNODE', target: publicKeyOf(key), expiration },
  { name: 'NEIGHBORS', nodes: [{ ...place, publicKey: publicKeyOf(key) }], expiration },
  { name: 'ENRREQUEST', expiration },
  { name: 'ENRRESPONSE', replyTo: hash, record: signRecord(1n, place, key).raw },
]
const encoded = packets.map((packet) => encodePacket(packet, key).bytes)
const addresses = mutatedText(fc.constantFrom('127.0.0.1', '::1', '10.0.0.1', '192.0.2.1', '2001:db8::', ''))

/** Datagrams of discovery, and the addresses in them. */
export const discv4Readers: Readers = {
  'discv4 packet': reader(mutatedBytes(fc.constantFrom(...encoded)), decodePacket, PacketError),
  'discv4 packet, signed': reader(
    fc.tuple(fc.integer({ min: 0, max: 8 }), mutatedRlp(fc.constantFrom(...encoded.map((bytes) => bytes.slice(98))))),
    ([type, body]) => {
      const { packet } = decodePacket(signPacket({ type, rlp: body }, key).bytes)
      if ('expiration' in packet) isExpired(packet.expiration, 0)
    },
    PacketError,
  ),
  'relayed address': reader(fc.tuple(addresses, addresses), ([sender, ip]) => [checkRelay(sender, ip), isUnicast(ip)]),
}
