import { expect } from 'chai'
import fc from 'fast-check'
import { discv5Codes } from '../../../actors/trace/datagrams.ts'
import { decodeMessage } from '../../../actors/trace/messages.ts'
import { encodePacket, type Packet, rlpOf, signPacket } from '../../../protocols/discv4/packets.ts'
import { encodeMessage } from '../../../protocols/discv5/messages.ts'
import { encodeWhoareyou } from '../../../protocols/discv5/packet.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { keyOf } from '../discovery/some-nodes.ts'

describe('datagrams for people', () => {
  const v4 = { protocol: 'discv4', version: 4 }
  const v5 = { protocol: 'discv5', version: 5 }
  const record = signRecord(7n, { ip: Uint8Array.of(127, 0, 0, 1), udp: 9 }, keyOf(1)).raw
  const hash = new Uint8Array(32).fill(0xab)
  const requestId = Uint8Array.of(1)
  const signed = (packet: Packet) => encodePacket(packet, keyOf(1)).bytes

  for (const [code, payload, name, text] of [
    [
      2,
      signed({ name: 'PONG', to: { ip: new Uint8Array(4), udp: 1, tcp: 1 }, replyTo: hash, expiration: 1n }),
      'PONG',
      'to PING abababab…',
    ],
    [4, signed({ name: 'NEIGHBORS', nodes: [], expiration: 1n }), 'NEIGHBORS', '0 nodes'],
    [6, signed({ name: 'ENRRESPONSE', replyTo: hash, record }), 'ENRRESPONSE', 'record 7 of 127.0.0.1:9'],
    [5, signed({ name: 'ENRREQUEST', expiration: 1n }), 'ENRREQUEST', ''],
  ] as const)
    it(`of v4 are decoded: ${name}`, () => expect(decodeMessage({ ...v4, code }, payload)).to.include({ name, text }))
  for (const [code, payload, name, text] of [
    [3, encodeMessage({ kind: 'Findnode', requestId, distances: [256, 255] }), 'Findnode', 'at 256, 255'],
    [4, encodeMessage({ kind: 'Nodes', requestId, total: 1, records: [record] }), 'Nodes', '1 record'],
    [discv5Codes.ordinary, new Uint8Array(12), 'ordinary', 'under no key of this session'],
    [discv5Codes.handshake, new Uint8Array(0), 'handshake', 'without a record'],
    [discv5Codes.handshake, Uint8Array.of(0xc0), 'handshake', /^a record that is none: /],
    [
      discv5Codes.whoareyou,
      encodeWhoareyou(
        { iv: new Uint8Array(16), nonce: new Uint8Array(12) },
        { idNonce: new Uint8Array(16), recordSeq: 5n },
      ),
      'whoareyou',
      'it has record 5',
    ],
  ] as const)
    it(`of v5 are decoded: ${name}, ${text}`, () => {
      const decoded = decodeMessage({ ...v5, code }, payload)
      expect(decoded.name).to.equal(name)
      if (typeof text === 'string') expect(decoded.text).to.equal(text)
      else expect(decoded.text).to.match(text)
    })
  it('are whatever a remote sends, and never a fault of ours', () => {
    const codes = fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, ...Object.values(discv5Codes))
    fc.assert(
      fc.property(fc.constantFrom(v4, v5), codes, fc.uint8Array({ maxLength: 80 }), (kind, code, bytes) => {
        expect(decodeMessage({ ...kind, code }, bytes).name).to.be.a('string')
        const packet = signPacket({ type: code, rlp: bytes }, keyOf(1)).bytes
        expect(decodeMessage({ ...v4, code }, packet).name).to.be.a('string')
      }),
      { numRuns: 60 },
    )
    const cut = rlpOf({ name: 'ENRREQUEST', expiration: 1n }).subarray(0, 1)
    expect(decodeMessage({ ...v4, code: 5 }, signPacket({ type: 5, rlp: cut }, keyOf(1)).bytes)).to.include({
      text: 'malformed',
    })
  })
})
