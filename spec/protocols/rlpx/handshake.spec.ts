import { expect } from 'chai'
import { concatBytes, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'
import { publicKeyOf, signRecoverable } from '../../../protocols/lib/secp256k1.ts'
import { eciesEncrypt, eciesOverhead } from '../../../protocols/rlpx/ecies.ts'
import { type Handshake, initiate, respond } from '../../../protocols/rlpx/handshake.ts'
import vectors from '../../vectors/rlpx-eip-8.json' with { type: 'json' }
import {
  bytesOf,
  ciphers,
  entropyFrom,
  errorCodeOf,
  initiatorKey,
  newInitiator,
  newResponder,
  responderKey,
  shakeHands,
} from './session-pair.ts'

describe("EIP-8's published handshake", () => {
  const a = keysOf(vectors.initiator)
  const b = keysOf(vectors.responder)
  const responder = () =>
    respond({ privateKey: b.privateKey, entropy: entropyFrom(1, b.ephemeralKey, b.nonce), ciphers })
  const initiator = () =>
    initiate({
      privateKey: a.privateKey,
      remotePublicKey: publicKeyOf(b.privateKey),
      entropy: entropyFrom(1, a.ephemeralKey, a.nonce),
      ciphers,
    })

  it('gives B the published secrets from auth₂', () => {
    const { secrets, remotePublicKey } = finished(responder(), hexToBytes(vectors.auth.version4))
    expect(remotePublicKey).to.deep.equal(publicKeyOf(a.privateKey))
    expect(secrets.aes).to.deep.equal(hexToBytes(vectors.secrets.aes))
    expect(secrets.mac).to.deep.equal(hexToBytes(vectors.secrets.mac))
    const ingressMac = keccak256(concatBytes(secrets.ingressSeed, Uint8Array.from([0x66, 0x6f, 0x6f])))
    expect(ingressMac).to.deep.equal(hexToBytes(vectors.secrets.ingressMacOfFoo))
  })
  it('gives A the same secrets from ack₂', () => {
    const { secrets } = finished(initiator(), hexToBytes(vectors.ack.version4))
    expect(secrets.aes).to.deep.equal(hexToBytes(vectors.secrets.aes))
    expect(secrets.mac).to.deep.equal(hexToBytes(vectors.secrets.mac))
  })
  it('takes auth₃ and ack₃, of later versions with more items', () => {
    const fromAuth = finished(responder(), hexToBytes(vectors.auth.version56WithMoreItems))
    const fromAck = finished(initiator(), hexToBytes(vectors.ack.version57WithMoreItems))
    expect(fromAuth.secrets.aes).to.deep.equal(hexToBytes(vectors.secrets.aes))
    expect(fromAck.secrets.aes).to.deep.equal(hexToBytes(vectors.secrets.aes))
    expect([fromAuth, fromAck].map(({ remoteVersion }) => remoteVersion)).to.deep.equal([56, 57])
  })
  it('takes neither auth₁ nor ack₁, of the format before EIP-8, as geth does not', () => {
    // what was the key's first bytes is now a size: the packet is complete when so much has come
    const longer = (hex: string) => concatBytes(hexToBytes(hex), new Uint8Array(2048))
    expect(errorCodeOf(() => finished(responder(), longer(vectors.auth.v4Format)))).to.equal('handshake')
    expect(errorCodeOf(() => finished(initiator(), longer(vectors.ack.v4Format)))).to.equal('handshake')
  })
})

describe('an RLPx handshake', () => {
  it('leaves both sides with mirrored secrets and the initiator known', () => {
    const { initiator, responder } = shakeHands()
    expect(responder.remotePublicKey).to.deep.equal(publicKeyOf(initiatorKey))
    expect(initiator.remotePublicKey).to.deep.equal(publicKeyOf(responderKey))
    expect(initiator.secrets.egressSeed).to.deep.equal(responder.secrets.ingressSeed)
    expect(initiator.secrets.ingressSeed).to.deep.equal(responder.secrets.egressSeed)
    expect([initiator.secrets.aes, initiator.secrets.mac]).to.deep.equal([responder.secrets.aes, responder.secrets.mac])
  })

  it('pads with 100 to 199 bytes, varying', () => {
    const sizes = Array.from({ length: 40 }, (_, seed) => newInitiator(entropyFrom(seed)).packet.length)
    const [least, most] = [2 + eciesOverhead + 169 + 100, 2 + eciesOverhead + 169 + 199]
    expect(sizes.every((size) => size >= least && size <= most)).to.equal(true)
    expect(new Set(sizes).size).to.be.greaterThan(10)
  })

  it('takes an auth and an ack split at any byte, and hands back what follows', () => {
    const { packet } = newInitiator(entropyFrom(1))
    const reply = finished(newResponder(entropyFrom(2)), packet).reply!
    for (const [whole, side] of [
      [packet, () => newResponder(entropyFrom(2))],
      [reply, () => newInitiator(entropyFrom(1))],
    ] as const)
      for (let split = 0; split <= whole.length; split++) {
        const handshake = side()
        expect(handshake.receive(whole.subarray(0, split))).to.equal(split === whole.length)
        expect(handshake.received).to.equal(split)
        if (split < whole.length)
          expect(handshake.receive(concatBytes(whole.subarray(split), Uint8Array.of(7, 8)))).to.equal(true)
        if (split % 100 === 1) expect(handshake.finish().rest).to.deep.equal(Uint8Array.of(7, 8))
      }
  }).timeout(30_000)

  it('takes a packet byte by byte', () => {
    const { packet } = newInitiator(entropyFrom(1))
    const responder = newResponder(entropyFrom(2))
    const completed = [...packet].map((byte) => responder.receive(Uint8Array.of(byte)))
    expect(completed.indexOf(true)).to.equal(packet.length - 1)
    expect(responder.received).to.equal(packet.length)
    expect(responder.finish().rest.length).to.equal(0)
  })

  it('refuses a size above 2,048 as soon as it is there, and holds no more than that', () => {
    for (const size of [2049, 0x8000, 0xffff]) {
      const responder = newResponder(entropyFrom(1))
      expect(responder.receive(Uint8Array.of(size >> 8))).to.equal(false)
      expect(errorCodeOf(() => responder.receive(Uint8Array.of(size & 0xff)))).to.equal('message too big')
    }
    expect(newResponder(entropyFrom(1)).receive(Uint8Array.of(2048 >> 8, 2048 & 0xff))).to.equal(false)
  })

  it('answers packets of every length 0 to 600, whatever their size prefix, with one error or with waiting', () => {
    const garbage = bytesOf(600)
    garbage[0] = 4
    for (const prefix of [undefined, 0, 1, 112, 113, 114, 306, 0xffff])
      for (let length = 0; length <= 600; length++) {
        const size = prefix ?? length
        const packet = concatBytes(Uint8Array.of(size >> 8, size & 0xff), garbage.subarray(0, length))
        const responder = newResponder(entropyFrom(1))
        const outcome = errorCodeOf(() => responder.receive(packet) && responder.finish())
        expect(outcome).to.equal(size > 2048 ? 'message too big' : size <= length ? 'handshake' : undefined)
      }
  }).timeout(30_000)

  it('answers a valid ECIES packet around a body of any length with the same error', () => {
    for (let length = 0; length <= 200; length += 5) {
      const packet = sealed(bytesOf(length, 9))
      expect(errorCodeOf(() => finished(newResponder(entropyFrom(1)), packet))).to.equal('handshake')
    }
  }).timeout(30_000)

  it('refuses an auth or ack that is changed in any byte, with one error', () => {
    const initiating = newInitiator(entropyFrom(1))
    const ack = finished(newResponder(entropyFrom(2)), initiating.packet).reply!
    for (const [whole, side] of [
      [initiating.packet, () => newResponder(entropyFrom(2))],
      [ack, () => newInitiator(entropyFrom(1))],
    ] as const)
      for (let at = 2; at < whole.length; at++)
        expect(errorCodeOf(() => finished(side(), changed(whole, at)))).to.equal('handshake', `byte ${at}`)
  }).timeout(60_000)

  describe('refuses, with the one error,', () => {
    const nonce = bytesOf(32, 3)
    const good = { signature: validSignature(nonce), publicKey: publicKeyOf(initiatorKey) as Uint8Array, nonce }
    const auth = (change: Partial<typeof good>) => {
      const { signature, publicKey, nonce } = { ...good, ...change }
      return sealed(encodeRlp([signature, publicKey, nonce, 4]))
    }
    it('nothing of what it would take (the cases below differ from a good auth in one thing)', () =>
      expect(finished(newResponder(entropyFrom(1)), auth({})).remotePublicKey).to.deep.equal(good.publicKey))

    for (const [what, packet] of [
      ['a node key of zeros', auth({ publicKey: new Uint8Array(64) })],
      ['a node key off the curve', auth({ publicKey: new Uint8Array(64).fill(1) })],
      ['a node key with x ≥ p', auth({ publicKey: new Uint8Array(64).fill(0xff) })],
      ['a node key of 63 bytes', auth({ publicKey: good.publicKey.subarray(1) })],
      ['a signature of zeros', auth({ signature: new Uint8Array(65) })],
      ['a recovery id of 4', auth({ signature: changed(good.signature, 64, 4) })],
      ['a signature of 64 bytes', auth({ signature: good.signature.subarray(1) })],
      ['a nonce of 31 bytes', auth({ nonce: good.nonce.subarray(1) })],
      ['a list of nothing', sealed(Uint8Array.of(0xc0))],
      ['a list that claims 2^48 bytes', sealed(Uint8Array.of(0xfd, 1, 0, 0, 0, 0, 0, 0))],
      ['a string', sealed(encodeRlp(bytesOf(100)))],
      ['an ephemeral key of zeros', changedKey(auth({}), new Uint8Array(64))],
      ['an ephemeral key off the curve', changedKey(auth({}), new Uint8Array(64).fill(1))],
      ['an ephemeral key with x ≥ p', changedKey(auth({}), new Uint8Array(64).fill(0xff))],
      ['a compressed ephemeral key', changed(auth({}), 2, 2)],
    ] as const)
      it(what, () => expect(errorCodeOf(() => finished(newResponder(entropyFrom(1)), packet))).to.equal('handshake'))
  })

  it('does not dial a node key off the curve', () =>
    expect(
      errorCodeOf(() =>
        initiate({
          privateKey: initiatorKey,
          remotePublicKey: new Uint8Array(64).fill(1),
          entropy: entropyFrom(1),
          ciphers,
        }),
      ),
    ).to.equal('handshake'))

  it('throws loudly when it is used out of order', () => {
    const responder = newResponder(entropyFrom(1))
    expect(() => responder.finish()).to.throw('not complete')
    responder.receive(newInitiator(entropyFrom(2)).packet)
    expect(() => responder.receive(Uint8Array.of(1))).to.throw('complete already')
  })
})

function finished(handshake: Handshake, packet: Uint8Array) {
  if (!handshake.receive(packet)) throw new Error('incomplete')
  return handshake.finish()
}

/** A packet to the responder with `body` and nothing else wrong. */
function sealed(body: Uint8Array): Uint8Array {
  const size = body.length + eciesOverhead
  const prefix = Uint8Array.of(size >> 8, size & 0xff)
  return concatBytes(
    prefix,
    eciesEncrypt(publicKeyOf(responderKey), body, prefix, { entropy: entropyFrom(5), ciphers }),
  )
}

/** A signature that recovers: which hash it is over does not matter to the decoder. */
function validSignature(nonce: Uint8Array): Uint8Array {
  return signRecoverable(nonce, bytesOf(32, 4))
}

function changed(bytes: Uint8Array, at: number, to = bytes[at]! ^ 0x40): Uint8Array {
  const copy = bytes.slice()
  copy[at] = to
  return copy
}

function changedKey(packet: Uint8Array, key: Uint8Array): Uint8Array {
  const copy = packet.slice()
  copy.set(key, 3)
  return copy
}

function keysOf(hex: { privateKey: string; ephemeralKey: string; nonce: string }) {
  return {
    privateKey: hexToBytes(hex.privateKey),
    ephemeralKey: hexToBytes(hex.ephemeralKey),
    nonce: hexToBytes(hex.nonce),
  }
}
