import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../../protocols/lib/bytes.ts'
import { PeerError } from '../../../protocols/lib/peer-error.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { DiscError, DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import {
  baseCodes,
  decodeDisconnect,
  decodeFirstMessage,
  decodeHello,
  emptyPayload,
  encodeDisconnect,
  encodeHello,
  type Hello,
  HelloError,
} from '../../../protocols/p2p/messages.ts'
import { disconnectReadings, disconnectVectors, helloVector } from '../../vectors/p2p-messages.ts'

const id = new Uint8Array(64).fill(0xaa)
const hello: Hello = {
  version: 5,
  name: 'x/1',
  caps: [
    { name: 'eth', version: 69 },
    { name: 'snap', version: 1 },
  ],
  listenPort: 0,
  id,
}

describe('a Hello', () => {
  it('is written as geth writes it', () => expect(bytesToHex(encodeHello(hello))).to.equal(helloVector))
  it('is read as it was written', () => expect(decodeHello(hexToBytes(helloVector))).to.deep.equal(hello))

  it('may have fields that a later version adds', () => {
    const payload = encodeRlp([5, utf8ToBytes('x/1'), [], 0, id, 7, [utf8ToBytes('later')]])
    expect(decodeHello(payload)).to.deep.equal({ ...hello, caps: [] })
  })
  it('keeps names of any length and any UTF-8', () => {
    const long = { ...hello, name: 'Ω'.repeat(500), caps: [{ name: 'a name beyond eight', version: 1 }] }
    expect(decodeHello(encodeHello(long))).to.deep.equal(long)
  })
  it('shows U+FFFD for bytes that are no UTF-8', () => {
    const payload = encodeRlp([5, Uint8Array.of(0x61, 0xff, 0x62), [], 0, id])
    expect(decodeHello(payload).name).to.equal('a\uFFFDb')
  })
  it('takes any version and port', () => {
    const payload = encodeRlp([0, utf8ToBytes(''), [], 2n ** 64n - 1n, id])
    expect(decodeHello(payload)).to.deep.include({ version: 0, listenPort: 2 ** 64 })
  })

  for (const [what, payload] of [
    ['no RLP', Uint8Array.of(0xf8, 0xff)],
    ['nothing', new Uint8Array()],
    ['a byte string', Uint8Array.of(0x83, 1, 2, 3)],
    ['a missing id', encodeRlp([5, utf8ToBytes('x'), [], 0])],
    ['a capability with a third field', encodeRlp([5, utf8ToBytes('x'), [[utf8ToBytes('eth'), 69, 1]], 0, id])],
    ['a capability that is a string', encodeRlp([5, utf8ToBytes('x'), [utf8ToBytes('eth')], 0, id])],
    ['a version wider than uint64', encodeRlp([2n ** 64n, utf8ToBytes('x'), [], 0, id])],
    ['a version with a leading zero', hexToBytes(`f8490078c080b840${'aa'.repeat(64)}00000000`)],
    ['a tail that is no RLP', hexToBytes(`f8470578c080b840${'aa'.repeat(64)}b8`)],
  ] as const)
    it(`is a breach of protocol with ${what}`, () => {
      expect(() => decodeHello(payload)).to.throw(PeerError, /^invalid message: \(code 0\) \(size \d+\)/)
    })

  for (const [what, wrong] of [
    ['63 bytes', id.subarray(1)],
    ['65 bytes', new Uint8Array(65).fill(1)],
    ['no bytes', new Uint8Array()],
    ['zeros', new Uint8Array(64)],
  ] as const)
    it(`has no identity with an id of ${what}`, () => {
      expect(() => decodeHello(encodeHello({ ...hello, id: wrong })))
        .to.throw(DiscError)
        .with.property('reason', DiscReason.InvalidIdentity)
    })

  it('comes back from any name, capabilities and key', () => {
    const anyHello = fc.record({
      version: fc.nat(),
      name: fc.string({ unit: 'grapheme' }),
      caps: fc.array(fc.record({ name: fc.string(), version: fc.nat() }), { maxLength: 40 }),
      listenPort: fc.nat(0xffff),
      id: fc.uint8Array({ minLength: 64, maxLength: 64 }).filter((key) => key.some((byte) => byte > 0)),
    })
    fc.assert(
      fc.property(anyHello, (any) => {
        expect(decodeHello(encodeHello(any))).to.deep.equal(any)
      }),
    )
  })
})

describe('the first message', () => {
  const disconnected = (payload: string) => () => decodeFirstMessage(baseCodes.Disconnect, hexToBytes(payload))

  it('is a Hello', () => expect(decodeFirstMessage(baseCodes.Hello, hexToBytes(helloVector))).to.deep.equal(hello))
  it('may be a Disconnect, as a list', () => {
    expect(disconnected('c108')).to.throw(DiscError).with.property('reason', DiscReason.Quitting)
  })
  it('may be a Disconnect, as a single byte', () => {
    expect(disconnected('08')).to.throw(DiscError).with.property('reason', DiscReason.Quitting)
  })
  it('may be nothing else', () => {
    expect(() => decodeFirstMessage(0x989898, emptyPayload)).to.throw(HelloError, 'expected handshake, got 989898')
  })
  it('may have 2048 bytes', () => {
    expect(decodeFirstMessage(baseCodes.Hello, padded(2048))).to.deep.equal(hello)
  })
  it('may not have 2049, whatever it is', () => {
    expect(() => decodeFirstMessage(baseCodes.Hello, padded(2049))).to.throw(HelloError, 'message too big')
    expect(() => decodeFirstMessage(baseCodes.Disconnect, padded(2050))).to.throw(HelloError, 'message too big')
  })
  it('is read or refused, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.nat(3), garbage(hexToBytes(helloVector)), (code, payload) => {
        try {
          decodeFirstMessage(code, payload)
        } catch (error) {
          if (!(error instanceof HelloError || error instanceof DiscError || error instanceof PeerError)) throw error
        }
      }),
      { numRuns: 2000 },
    )
  })

  const padded = (length: number) => {
    const bytes = new Uint8Array(length)
    bytes.set(hexToBytes(helloVector))
    return bytes
  }
})

describe('a Disconnect', () => {
  for (const [reason, payload] of disconnectVectors)
    it(`with reason ${reason} is ${payload}`, () => expect(bytesToHex(encodeDisconnect(reason))).to.equal(payload))

  for (const [what, payload, reason] of disconnectReadings)
    it(`of ${what} gives ${reason}`, () => expect(decodeDisconnect(hexToBytes(payload))).to.equal(reason))

  it('comes back from every reason', () => {
    for (let reason = 0; reason <= 0xff; reason++) expect(decodeDisconnect(encodeDisconnect(reason))).to.equal(reason)
  })
  it('is read whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
        expect(decodeDisconnect(payload)).to.be.within(0, 0xff)
      }),
      { numRuns: 2000 },
    )
  })
})

/** Random bytes, or `seed` with some bytes changed. */
const garbage = (seed: Uint8Array) =>
  fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.array(fc.tuple(fc.nat(seed.length - 1), fc.nat(0xff)), { minLength: 1, maxLength: 4 }).map((changes) => {
      const bytes = seed.slice()
      for (const [at, byte] of changes) bytes[at] = byte
      return bytes
    }),
  )
