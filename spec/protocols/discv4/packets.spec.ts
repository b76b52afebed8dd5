import { expect } from 'chai'
import fc from 'fast-check'
import {
  decodePacket,
  encodePacket,
  isExpired,
  maxNeighbors,
  maxPacketBytes,
  type Packet,
  PacketError,
  signPacket,
} from '../../../protocols/discv4/packets.ts'
import { formatIp, parseIp } from '../../../protocols/enode/netutil.ts'
import { bytesToHex, concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import eip8 from '../../vectors/discv4-eip-8.json' with { type: 'json' }

describe('discv4 packets', () => {
  const key = hexToBytes(eip8.privateKey)
  const expiration = 1_136_239_445n
  const place = (ip: string, udp: number, tcp: number) => ({ ip: parseIp(ip)!, udp, tcp })

  describe('of EIP-8 are read, whatever they carry beside', () => {
    const read = (hex: string) => {
      const { packet, publicKey, hash } = decodePacket(hexToBytes(hex))
      expect(bytesToHex(publicKey)).to.equal(bytesToHex(publicKeyOf(key)))
      expect(bytesToHex(hash)).to.equal(hex.slice(0, 64))
      return packet
    }
    it('a PING with more elements, the first of them a sequence number', () =>
      expect(read(eip8.pingVersion4)).to.deep.equal({
        name: 'PING',
        version: 4n,
        from: place('127.0.0.1', 3_322, 5_544),
        to: place('::1', 2_222, 3_333),
        expiration,
        enrSeq: 1n,
      }))
    it('a PING of another version', () =>
      expect(read(eip8.pingVersion555)).to.deep.equal({
        name: 'PING',
        version: 555n,
        from: place('2001:db8:3c4d:15::abcd:ef12', 3_322, 5_544),
        to: place('2001:db8:85a3:8d3:1319:8a2e:370:7348', 2_222, 33_338),
        expiration,
      }))
    it('a PONG', () =>
      expect(read(eip8.pong)).to.deep.equal({
        name: 'PONG',
        to: place('2001:db8:85a3:8d3:1319:8a2e:370:7348', 2_222, 33_338),
        replyTo: hexToBytes('fbc914b16819237dcd8801d7e53f69e9719adecb3cc0e790c57e91ca4461c954'),
        expiration,
      }))
    it('a FINDNODE', () =>
      expect(read(eip8.findnode)).to.deep.equal({
        name: 'FINDNODE',
        target: hexToBytes(
          'ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd31387574077f301b421bc84df7266c44e9e6d569fc56be00812904767bf5ccd1fc7f',
        ),
        expiration,
      }))
    it('NEIGHBORS', () => {
      const packet = read(eip8.neighbors) as Packet & { name: 'NEIGHBORS' }
      expect(packet.expiration).to.equal(expiration)
      expect(packet.nodes.map(({ ip, udp, tcp }) => [formatIp(ip), udp, tcp])).to.deep.equal([
        ['99.33.22.55', 4_444, 4_445],
        ['1.2.3.4', 1, 1],
        ['2001:db8:3c4d:15::abcd:ef12', 3_333, 3_333],
        ['2001:db8:85a3:8d3:1319:8a2e:370:7348', 999, 1_000],
      ])
    })
  })

  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const endpoint = fc.record({
    ip: fc.oneof(bytes(4), bytes(16), fc.constant(new Uint8Array(0))),
    udp: fc.nat(0xffff),
    tcp: fc.nat(0xffff),
  })
  const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)
  const seq = fc.option(
    uint64.map((enrSeq) => ({ enrSeq })),
    { nil: {} },
  )
  const neighbor = fc.tuple(endpoint, bytes(64)).map(([place, publicKey]) => ({ ...place, publicKey }))
  const packet: fc.Arbitrary<Packet> = fc.oneof(
    fc
      .tuple(
        fc.record({
          name: fc.constant('PING' as const),
          version: uint64,
          from: endpoint,
          to: endpoint,
          expiration: uint64,
        }),
        seq,
      )
      .map(([ping, seq]) => ({ ...ping, ...seq })),
    fc
      .tuple(
        fc.record({ name: fc.constant('PONG' as const), to: endpoint, replyTo: bytes(32), expiration: uint64 }),
        seq,
      )
      .map(([pong, seq]) => ({ ...pong, ...seq })),
    fc.record({ name: fc.constant('FINDNODE' as const), target: bytes(64), expiration: uint64 }),
    fc.record({
      name: fc.constant('NEIGHBORS' as const),
      nodes: fc.array(neighbor, { maxLength: maxNeighbors }),
      expiration: uint64,
    }),
    fc.record({ name: fc.constant('ENRREQUEST' as const), expiration: uint64 }),
    fc.record({
      name: fc.constant('ENRRESPONSE' as const),
      replyTo: bytes(32),
      record: fc.uint8Array({ maxLength: 200 }).map((bytes) => encodeRlp([bytes])),
    }),
  )

  it('are read as they were written, and none is too long', () =>
    fc.assert(
      fc.property(packet, (packet) => {
        const { bytes, hash } = encodePacket(packet, key)
        expect(bytes.length).to.be.at.most(maxPacketBytes)
        expect(decodePacket(bytes)).to.deep.equal({ packet, publicKey: publicKeyOf(key), hash })
      }),
      { numRuns: 50 },
    ))

  const signed = (type: number, body: Uint8Array) => signPacket({ type, rlp: body }, key).bytes
  const list = (...items: RlpInput[]) => encodeRlp(items)
  const at = [new Uint8Array(4), 1, 1]
  for (const [what, bytes, complaint] of [
    ['nothing', new Uint8Array(0), 'too small'],
    ['a header alone', new Uint8Array(97), 'too small'],
    ['random bytes', new Uint8Array(200).fill(7), 'bad hash'],
    ['more than 1280 bytes', signed(5, concatBytes(list(1), new Uint8Array(1_200))), 'bad hash'],
    ['type 0', signed(0, list(1)), 'unknown type: 0'],
    ['type 66', signed(66, list(1)), 'unknown type: 66'],
    ['no list', signed(1, encodeRlp('ping')), 'expected a list'],
    ['no content', signed(1, new Uint8Array(0)), 'unexpected end of input'],
    ['an empty list', signed(1, list()), 'unexpected end of input'],
    ['a list that claims more than it has', signed(5, Uint8Array.of(0xf8, 0xff, 1)), 'value larger than the input'],
    ['an endpoint of four elements', signed(1, list(4, [...at, 1], at, 1)), 'too many list items'],
    [
      'a port of three bytes',
      signed(1, list(4, [new Uint8Array(4), 0x1_0000, 1], at, 1)),
      'integer wider than 2 bytes',
    ],
    ['an expiration of nine bytes', signed(5, list(2n ** 64n)), 'integer wider than 8 bytes'],
    ['a target of 63 bytes', signed(3, list(new Uint8Array(63), 1)), 'expected 64 bytes, got 63'],
    ['a neighbor that is no list', signed(4, list([1], 1)), 'expected a list, got a string'],
    ['a neighbor without a key', signed(4, list([at], 1)), 'unexpected end of input'],
    ['a record that is no list', signed(6, list(new Uint8Array(32), 1)), 'expected a list, got a string'],
    ['elements behind that are no RLP', signed(5, Uint8Array.of(0xc2, 1, 0xb8)), 'value larger than the input'],
  ] as const)
    it(`are refused with ${what}`, () => expect(() => decodePacket(bytes)).to.throw(PacketError, complaint))
  it('are refused with a signature that no key made', () => {
    const packet = encodePacket({ name: 'ENRREQUEST', expiration: 1n }, key).bytes
    packet.fill(0xff, 32, 97)
    packet.set(keccak256(packet.subarray(32)))
    expect(() => decodePacket(packet)).to.throw(PacketError, 'secp256k1: bad signature')
  })

  it('expire by the second, and one of 2^63 or more has expired', () => {
    const now = 1_000_500
    expect(isExpired(1_000n, now)).to.equal(true)
    expect(isExpired(1_001n, now)).to.equal(false)
    expect(isExpired(2n ** 63n - 1n, now)).to.equal(false)
    expect(isExpired(2n ** 63n, now)).to.equal(true)
    expect(isExpired(BigInt.asUintN(64, -1_020n), now)).to.equal(true)
  })
})
