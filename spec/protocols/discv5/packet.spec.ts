import { expect } from 'chai'
import fc from 'fast-check'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { answerChallenge } from '../../../protocols/discv5/handshake.ts'
import { decodeMessage, encodeMessage } from '../../../protocols/discv5/messages.ts'
import {
  decodePacket,
  encodeHandshake,
  encodeOrdinary,
  encodeRandom,
  encodeWhoareyou,
  type HandshakePacket,
  maskChallenge,
  minPacketBytes,
  type OrdinaryPacket,
  openMessage,
  randomMessageBytes,
} from '../../../protocols/discv5/packet.ts'
import { PacketError, type PacketFault } from '../../../protocols/discv5/packet-error.ts'
import { decodeRecord } from '../../../protocols/enr/record.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { encryption, handshake, handshakeWithRecord, nodeA, nodeB, ping, whoareyou } from './vectors.ts'

const noIv = new Uint8Array(16)
const decode = (datagram: Uint8Array) => decodePacket(nodeCiphers, nodeB.id, datagram)
const open = (packet: OrdinaryPacket | HandshakePacket, key: Uint8Array) => openMessage(nodeCiphers, key, packet)!

describe("a packet of the specification's test vectors", () => {
  it('is read: a PING', () => {
    const packet = decode(ping.packet) as OrdinaryPacket
    expect(packet).to.deep.include({ kind: 'ordinary', nonce: ping.nonce, source: nodeA.id })
    expect(decodeMessage(open(packet, ping.readKey))).to.deep.equal(ping.message)
  })
  it('is read: a WHOAREYOU', () => {
    const { nonce, idNonce, recordSeq, challengeData } = whoareyou
    expect(decode(whoareyou.packet)).to.deep.equal({ kind: 'whoareyou', nonce, idNonce, recordSeq, challengeData })
  })
  it('is read: a PING with a handshake, and with a record', () => {
    const packet = decode(handshake.packet) as HandshakePacket
    expect(packet).to.deep.include({ kind: 'handshake', nonce: handshake.nonce, source: nodeA.id })
    expect(packet.ephemeralKey).to.deep.equal(handshake.ephemeral.publicKey)
    expect(packet.record).to.have.length(0)
    expect(decodeMessage(open(packet, handshake.readKey))).to.deep.equal(handshake.message)
    const recorded = decode(handshakeWithRecord.packet) as HandshakePacket
    expect(decodeRecord(recorded.record)).to.deep.include({ seq: 1n, publicKey: publicKeyOf(nodeA.key) })
    expect(decodeMessage(open(recorded, handshakeWithRecord.readKey))).to.deep.equal(handshakeWithRecord.message)
  })
  it('is written byte for byte', () => {
    const envelope = { to: nodeB.id, iv: noIv, nonce: ping.nonce }
    expect(
      encodeOrdinary(nodeCiphers, envelope, {
        ...{ source: nodeA.id, key: ping.readKey, plaintext: encodeMessage(ping.message) },
      }),
    ).to.deep.equal(ping.packet)
    const challengeData = encodeWhoareyou({ iv: noIv, nonce: whoareyou.nonce }, whoareyou)
    expect(challengeData).to.deep.equal(whoareyou.challengeData)
    expect(maskChallenge(nodeCiphers, nodeB.id, challengeData)).to.deep.equal(whoareyou.packet)
    for (const vector of [handshake, handshakeWithRecord]) {
      const answer = answerChallenge(
        { selfId: nodeA.id, remoteId: nodeB.id, challengeData: vector.challengeData },
        { privateKey: nodeA.key, ephemeralKey: vector.ephemeral.key, remoteKey: publicKeyOf(nodeB.key) },
      )
      expect(answer.keys.writeKey).to.deep.equal(vector.readKey)
      const { record } = decode(vector.packet) as HandshakePacket
      const plaintext = encodeMessage(vector.message)
      const packet = { ...answer, source: nodeA.id, record, key: answer.keys.writeKey, plaintext }
      expect(encodeHandshake(nodeCiphers, envelope, packet)).to.deep.equal(vector.packet)
    }
  })
  it('is encrypted and decrypted with AES-GCM', () => {
    const { key, nonce, plaintext, aad, sealed } = encryption
    expect(nodeCiphers.sealGcm(key, nonce, plaintext, aad)).to.deep.equal(sealed)
    expect(nodeCiphers.openGcm(key, nonce, sealed, aad)).to.deep.equal(plaintext)
    expect(nodeCiphers.openGcm(key, nonce, sealed, noIv)).to.equal(undefined)
  })
})

describe('a packet', () => {
  const faultOf = (datagram: Uint8Array): PacketFault | undefined => {
    try {
      decode(datagram)
      return undefined
    } catch (error) {
      return (error as PacketError).fault
    }
  }
  /** A packet of the header `plain`, masked for node B, and of what follows. */
  const masked = (plain: Uint8Array, rest = new Uint8Array(0)) =>
    concatBytes(noIv, nodeCiphers.aesCtr(nodeB.id.subarray(0, 16), noIv).update(plain), rest)
  type Header = { id?: string; version?: number; flag?: number; authSize?: number; authdata?: Uint8Array }
  const headerOf = ({ id = 'discv5', version = 1, flag = 0, authSize = 32, authdata }: Header) =>
    concatBytes(
      new TextEncoder().encode(id),
      Uint8Array.of(0, version, flag),
      ping.nonce,
      Uint8Array.of(authSize >> 8, authSize & 0xff),
      authdata ?? new Uint8Array(authSize),
    )
  const message = new Uint8Array(20)

  it('that is too short, too long or of another protocol may be of another reader', () => {
    for (const bytes of [0, 1, minPacketBytes - 1, 1281, 65_507])
      expect(faultOf(new Uint8Array(bytes))).to.equal('size')
    expect(faultOf(masked(headerOf({ id: 'discv4' }), message))).to.equal('protocol id')
    // One that is masked for somebody else.
    expect(() => decodePacket(nodeCiphers, nodeA.id, ping.packet)).to.throw(PacketError, 'another protocol')
    expect(new PacketError('size', '').isForeign && new PacketError('protocol id', '').isForeign).to.equal(true)
    expect(new PacketError('flag', '').isForeign).to.equal(false)
  })
  it('has a version, a flag and authdata that are known', () => {
    expect(faultOf(masked(headerOf({}), message))).to.equal(undefined)
    expect(faultOf(masked(headerOf({ version: 0 }), message))).to.equal('version')
    expect(faultOf(masked(headerOf({ flag: 3 }), message))).to.equal('flag')
    expect(faultOf(masked(headerOf({ authSize: 31 }), message))).to.equal('authdata size')
    expect(faultOf(masked(headerOf({ authSize: 33 }), message))).to.equal('authdata size')
    expect(faultOf(masked(headerOf({ authSize: 0xffff, authdata: new Uint8Array(40) }), message))).to.equal(
      'authdata size',
    )
    expect(faultOf(masked(headerOf({ flag: 1, authSize: 25 }), message))).to.equal('authdata size')
    expect(faultOf(masked(headerOf({ flag: 2, authSize: 33 }), message))).to.equal('authdata size')
    const sizes = new Uint8Array(60)
    sizes.set([20, 7], 32)
    expect(faultOf(masked(headerOf({ flag: 2, authSize: 60, authdata: sizes }), message))).to.equal('authdata size')
  })
  it('that brings a WHOAREYOU is larger than it', () => {
    expect(faultOf(masked(headerOf({}), new Uint8Array(15)))).to.equal('size')
    const envelope = { to: nodeB.id, iv: noIv, nonce: ping.nonce }
    const random = encodeRandom(nodeCiphers, envelope, { source: nodeA.id, filler: new Uint8Array(randomMessageBytes) })
    expect(random.length).to.be.greaterThan(whoareyou.packet.length)
    expect(openMessage(nodeCiphers, ping.readKey, decode(random) as OrdinaryPacket)).to.equal(undefined)
  })
  it('whose message has no room for its tag is not decrypted', () => {
    const packet = decode(masked(headerOf({}), new Uint8Array(20))) as OrdinaryPacket
    expect(openMessage(nodeCiphers, ping.readKey, { ...packet, sealed: new Uint8Array(15) })).to.equal(undefined)
  })
  it('of any bytes is read or is a typed error', () => {
    const tail = fc.uint8Array({ maxLength: 200 })
    const flag = fc.integer({ min: 0, max: 4 })
    fc.assert(
      fc.property(flag, fc.integer({ min: 0, max: 200 }), tail, tail, (flag, authSize, authdata, rest) => {
        const header = headerOf({ flag, authSize, authdata })
        try {
          const packet = decode(masked(header, rest))
          if (packet.kind !== 'whoareyou') openMessage(nodeCiphers, ping.readKey, packet)
        } catch (error) {
          expect(error).to.be.instanceOf(PacketError)
        }
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 63, maxLength: 1280 }), (bytes) => {
        expect(() => decode(bytes)).to.throw(PacketError)
      }),
    )
  })
})
