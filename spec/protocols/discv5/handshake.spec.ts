import { expect } from 'chai'
import { acceptAnswer, answerChallenge, deriveKeys, idSignatureInput } from '../../../protocols/discv5/handshake.ts'
import { PacketError } from '../../../protocols/discv5/packet-error.ts'
import {
  decompressPublicKey,
  ecdhPoint,
  publicKeyOf,
  Secp256k1Error,
  signRecoverable,
} from '../../../protocols/lib/secp256k1.ts'
import { ecdh, handshake, idSigning, keyDerivation, nodeA, nodeB } from './vectors.ts'

describe('the handshake of discv5', () => {
  it("agrees on the secrets of the specification's test vectors", () => {
    expect(ecdhPoint(decompressPublicKey(ecdh.publicKey), ecdh.secretKey)).to.deep.equal(ecdh.sharedSecret)
    const { ephemeralKey, destKey, challengeData, initiatorKey, recipientKey } = keyDerivation
    const shared = ecdhPoint(decompressPublicKey(destKey), ephemeralKey)
    expect(deriveKeys(shared, challengeData, nodeA.id, nodeB.id)).to.deep.equal({ initiatorKey, recipientKey })
  })
  it('signs the id as they do', () => {
    const { staticKey, ephemeralKey, challengeData, signature } = idSigning
    const input = idSignatureInput({ challengeData, ephemeralKey, recipient: nodeB.id })
    expect(signRecoverable(input, staticKey).subarray(0, 64)).to.deep.equal(signature)
  })

  const { challengeData } = handshake
  const answer = answerChallenge(
    { selfId: nodeA.id, remoteId: nodeB.id, challengeData },
    { privateKey: nodeA.key, ephemeralKey: handshake.ephemeral.key, remoteKey: publicKeyOf(nodeB.key) },
  )
  const accept = (changes: Partial<Parameters<typeof acceptAnswer>[1]> = {}, challenge = challengeData) =>
    acceptAnswer(
      { selfId: nodeB.id, remoteId: nodeA.id, challengeData: challenge },
      { privateKey: nodeB.key, remoteKey: publicKeyOf(nodeA.key), ...answer, ...changes },
    )

  it('gives both sides the same keys', () => {
    const { writeKey, readKey } = answer.keys
    expect(accept()).to.deep.equal({ writeKey: readKey, readKey: writeKey })
  })
  it('refuses who does not hold the key of the record, and an answer to another challenge', () => {
    expect(() => accept({ remoteKey: publicKeyOf(nodeB.key) })).to.throw(PacketError, 'invalid ID nonce signature')
    expect(() => accept({}, keyDerivation.challengeData)).to.throw(PacketError, 'invalid ID nonce signature')
    expect(() => accept({ signature: new Uint8Array(64) })).to.throw(PacketError, 'invalid ID nonce signature')
    expect(() => accept({ signature: new Uint8Array(0) })).to.throw(PacketError, 'invalid ID nonce signature')
  })
  it('refuses an ephemeral key that is none, though it is signed', () => {
    for (const ephemeralKey of [
      new Uint8Array(0),
      new Uint8Array(33),
      Uint8Array.from([2, ...new Array<number>(32).fill(0xff)]),
      new Uint8Array(65),
    ]) {
      const input = idSignatureInput({ challengeData, ephemeralKey, recipient: nodeB.id })
      const signature = signRecoverable(input, nodeA.key).subarray(0, 64)
      expect(() => accept({ ephemeralKey, signature })).to.throw(PacketError, 'invalid ephemeral pubkey')
    }
  })
  it('is not made with a key that is none', () => {
    expect(() => ecdhPoint(new Uint8Array(64), ecdh.secretKey)).to.throw(Secp256k1Error, 'bad public key')
    expect(() => ecdhPoint(publicKeyOf(nodeA.key), new Uint8Array(32))).to.throw(Secp256k1Error, 'bad private key')
  })
})
