import { expect } from 'chai'
import fc from 'fast-check'
import { decodeMessage, encodeMessage, type Message } from '../../../protocols/discv5/messages.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'

describe('a message of discv5', () => {
  const requestId = Uint8Array.of(1)
  const list = (fill: number) => Uint8Array.of(0xc1, fill)
  const samples: readonly (readonly [hex: string, message: Message])[] = [
    ['01c20101', { kind: 'Ping', requestId, recordSeq: 1n }],
    ['02ca0101847f000001821388', { kind: 'Pong', requestId, recordSeq: 1n, ip: hexToBytes('7f000001'), port: 5000 }],
    ['03c501c3820100', { kind: 'Findnode', requestId, distances: [256] }],
    ['03c301c180', { kind: 'Findnode', requestId, distances: [0] }],
    ['04c30101c0', { kind: 'Nodes', requestId, total: 1, records: [] }],
    ['04c70102c4c101c102', { kind: 'Nodes', requestId, total: 2, records: [list(1), list(2)] }],
    ['05c50182757080', { kind: 'TalkRequest', requestId, protocol: hexToBytes('7570'), request: new Uint8Array(0) }],
    ['06c2807f', { kind: 'TalkResponse', requestId: new Uint8Array(0), response: hexToBytes('7f') }],
  ]
  for (const [hex, message] of samples)
    it(`is written and read: ${message.kind} ${hex}`, () => {
      expect(bytesToHex(encodeMessage(message))).to.equal(hex)
      expect(decodeMessage(hexToBytes(hex))).to.deep.equal(message)
    })

  const refused: readonly (readonly [what: string, hex: string, fault: string])[] = [
    ['nothing', '', 'no message'],
    ['a type that is none', '00c20101', 'message type'],
    ['a type of the future', '07c20101', 'message type'],
    ['no RLP', '01', 'message'],
    ['no list', '0101', 'message'],
    ['a list that claims more than the packet has', '01f90fff0101', 'message'],
    ['a field too few', '01c101', 'message'],
    ['a field too many', '01c3010101', 'message'],
    ['bytes after the message', '01c2010101', 'message'],
    ['a request ID of 9 bytes', '01cb8901020304050607080901', 'request id'],
    ['a request ID that is a list', '01c2c001', 'message'],
    ['a sequence number of 9 bytes', '01cb0189010203040506070809', 'message'],
    ['an IP address of 5 bytes', '02cb0101857f00000101821388', 'message'],
    ['a port of 3 bytes', '02cb0101847f00000183010000', 'message'],
    ['distances that are no list', '03c20101', 'message'],
    ['a distance that is a list', '03c301c1c0', 'message'],
    ['a total of 2 bytes', '04c501820100c0', 'message'],
    ['a record that is a string', '04c40101c101', 'message'],
    ['a name that is a list', '05c301c080', 'message'],
  ]
  for (const [what, hex, fault] of refused)
    it(`is refused: ${what}`, () =>
      expect(() => decodeMessage(hexToBytes(hex)))
        .to.throw(PacketError)
        .with.property('fault', fault))

  it('of any bytes is read or is a typed error', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 }), fc.uint8Array({ maxLength: 60 }), (type, body) => {
        const bytes = Uint8Array.from([type, 0xc0 + Math.min(55, body.length), ...body])
        try {
          decodeMessage(bytes)
        } catch (error) {
          expect(error).to.be.instanceOf(PacketError)
        }
      }),
    ))
})
