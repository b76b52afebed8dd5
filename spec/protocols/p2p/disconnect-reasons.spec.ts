import { expect } from 'chai'
import { decode, MalformedMessage } from '../../../protocols/eth/messages.ts'
import { MalformedItem } from '../../../protocols/lib/lazy-list.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { RlpError } from '../../../protocols/lib/rlp.ts'
import {
  DiscError,
  DiscReason,
  discReasonText,
  ProtocolReturned,
  reasonOf,
} from '../../../protocols/p2p/disconnect-reasons.ts'

describe('a disconnect reason', () => {
  for (const [code, text] of [
    [0x00, 'disconnect requested'],
    [0x01, 'network error'],
    [0x02, 'breach of protocol'],
    [0x03, 'useless peer'],
    [0x04, 'too many peers'],
    [0x05, 'already connected'],
    [0x06, 'incompatible p2p protocol version'],
    [0x07, 'invalid node identity'],
    [0x08, 'client quitting'],
    [0x09, 'unexpected identity'],
    [0x0a, 'connected to self'],
    [0x0b, 'read timeout'],
    [0x10, 'subprotocol error'],
    [0xff, 'invalid disconnect reason'],
    [0x0c, 'unknown disconnect reason 12'],
    [0xfe, 'unknown disconnect reason 254'],
  ] as const)
    it(`${code} reads "${text}"`, () => {
      expect(discReasonText(code)).to.equal(text)
      expect(new DiscError(code).message).to.equal(text)
    })
})

describe('the reason that an error gives', () => {
  const wrapped = (cause: unknown) => new Error('while reading', { cause })
  const malformed = new MalformedMessage('Status', 0, 1, new RlpError('expected a list'))

  for (const [what, error, reason] of [
    ['a reason', new DiscError(DiscReason.TooManyPeers), DiscReason.TooManyPeers],
    ['an unknown reason', new DiscError(0x30), 0x30],
    ['a wrapped reason', wrapped(new DiscError(DiscReason.TooManyPeers)), DiscReason.SubprotocolError],
    ['a protocol that returned', new ProtocolReturned(), DiscReason.Quitting],
    ['a protocol that returned, wrapped', wrapped(wrapped(new ProtocolReturned())), DiscReason.Quitting],
    ['an invalid message', new PeerError('invalid message', 'x'), DiscReason.ProtocolError],
    ['an invalid message code', new PeerError('invalid message code', 'not handled'), DiscReason.ProtocolError],
    ['a malformed eth message', malformed, DiscReason.ProtocolError],
    ['a wrapped malformed eth message', wrapped(malformed), DiscReason.SubprotocolError],
    ['a malformed item', new MalformedItem(0, new RlpError('expected a list')), DiscReason.SubprotocolError],
    ['any error', new Error('EOF'), DiscReason.SubprotocolError],
    ['what is no error', 'EOF', DiscReason.SubprotocolError],
  ] as const)
    it(`is ${discReasonText(reason)} for ${what}`, () => expect(reasonOf(error)).to.equal(reason))

  it("is a breach of protocol for eth's decoder", () => {
    let thrown: unknown
    try {
      decode(69, 'Status', Uint8Array.of(0x80))
    } catch (error) {
      thrown = error
    }
    expect(reasonOf(thrown)).to.equal(DiscReason.ProtocolError)
  })
})
