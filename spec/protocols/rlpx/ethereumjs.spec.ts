import { ECIES } from '@ethereumjs/devp2p'
import { expect } from 'chai'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { RlpxSession } from '../../../protocols/rlpx/session.ts'
import {
  bytesOf,
  ciphers,
  drain,
  entropyFrom,
  initiatorKey,
  newInitiator,
  newResponder,
  responderKey,
} from './session-pair.ts'

describe("against @ethereumjs/devp2p's ECIES", () => {
  it('initiates a session whose frames both sides read', () => {
    const initiating = newInitiator(entropyFrom(1))
    const theirs = new Eip8Ecies(responderKey, publicKeyOf(responderKey), publicKeyOf(initiatorKey))
    theirs.parseAuthEIP8(initiating.packet)
    initiating.receive(theirs.createAckEIP8()!)
    talk(new RlpxSession(initiating.finish().secrets, ciphers), theirs)
  })

  it('responds with a session whose frames both sides read', () => {
    const theirs = new Eip8Ecies(initiatorKey, publicKeyOf(initiatorKey), publicKeyOf(responderKey))
    const responding = newResponder(entropyFrom(1))
    responding.receive(theirs.createAuthEIP8()!)
    const { secrets, reply, remotePublicKey } = responding.finish()
    expect(remotePublicKey).to.deep.equal(publicKeyOf(initiatorKey))
    theirs.parseAckEIP8(reply!)
    talk(new RlpxSession(secrets, ciphers), theirs)
  })
})

/** It expects the EIP-8 format from the start. */
class Eip8Ecies extends ECIES {
  protected override _gotEIP8Auth = true
  protected override _gotEIP8Ack = true
}

function talk(ours: RlpxSession, theirs: ECIES): void {
  for (const [code, size] of [
    [1, 0],
    [2, 15],
    [3, 200],
    [4, 5000],
    [5, 100_000],
  ] as const) {
    const payload = bytesOf(size, size + 1)
    ours.write(code, payload)
    const frame = ours.takeOutput()!
    theirs.parseHeader(frame.subarray(0, 32))
    expect(theirs.parseBody(frame.subarray(32))).to.deep.equal(concatBytes(Uint8Array.of(code), payload))
    ours.push(theirs.createBlockHeader(size + 1)!)
    ours.push(theirs.createBody(concatBytes(Uint8Array.of(code), payload))!)
    expect(drain(ours)).to.deep.equal([{ code, payload, wireSize: size }])
  }
  ours.free()
}
