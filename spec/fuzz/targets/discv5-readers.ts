import fc from 'fast-check'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { decodeMessage, encodeMessage } from '../../../protocols/discv5/messages.ts'
import { decodePacket, openMessage } from '../../../protocols/discv5/packet.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import { concatBytes, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { handshake, handshakeWithRecord, nodeB, ping, whoareyou } from '../../protocols/discv5/vectors.ts'
import { mutatedBytes } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

/** The bytes of a packet before and after its header was masked for node B: the same step does both. */
function masked(packet: Uint8Array): Uint8Array {
  const [iv, rest] = [packet.slice(0, 16), packet.subarray(16)]
  if (iv.length < 16) return packet
  return concatBytes(iv, nodeCiphers.aesCtr(nodeB.id.subarray(0, 16), iv).update(rest))
}

const packets = [ping, whoareyou, handshake, handshakeWithRecord].map(({ packet }) => masked(packet))
const requestId = Uint8Array.of(1)
const messages = [
  encodeMessage(ping.message),
  encodeMessage({ kind: 'Pong', requestId, recordSeq: 1n, ip: Uint8Array.of(127, 0, 0, 1), port: 30_303 }),
  encodeMessage({ kind: 'Findnode', requestId, distances: [0, 255, 256] }),
  encodeMessage({ kind: 'Nodes', requestId, total: 2, records: [Uint8Array.of(0xc1, 1), Uint8Array.of(0xc0)] }),
  encodeMessage({ kind: 'TalkRequest', requestId, protocol: utf8ToBytes('talk'), request: requestId }),
  encodeMessage({ kind: 'TalkResponse', requestId, response: requestId }),
]

/** Node Discovery v5: packets, and messages once they are decrypted. */
export const discv5Readers: Readers = {
  discv5Packet: reader(
    mutatedBytes(fc.constantFrom(...packets)),
    (bytes) => {
      const packet = decodePacket(nodeCiphers, nodeB.id, masked(bytes))
      if (packet.kind !== 'whoareyou') openMessage(nodeCiphers, ping.readKey, packet)
    },
    PacketError,
  ),
  discv5Message: reader(mutatedBytes(fc.constantFrom(...messages)), decodeMessage, PacketError),
}
