import { expect } from 'chai'
import { authId, formatKeyLogLine, KeyLogError, parseKeyLog, secretsToRead } from '../../../protocols/rlpx/key-log.ts'
import { deriveSecrets } from '../../../protocols/rlpx/secrets.ts'

describe('a log of session keys', () => {
  const bytes = (fill: number, length = 32) => new Uint8Array(length).fill(fill)
  const handshake = {
    ephemeralSecret: bytes(1),
    initiator: { nonce: bytes(2), packet: bytes(3, 400) },
    responder: { nonce: bytes(4), packet: bytes(5, 380) },
  }
  const initiator = deriveSecrets({ ...handshake, isInitiator: true })
  const responder = deriveSecrets({ ...handshake, isInitiator: false })
  const packets = { auth: handshake.initiator.packet, ack: handshake.responder.packet }

  it('is the same whichever side wrote it', () =>
    expect(formatKeyLogLine(initiator, true)).to.equal(formatKeyLogLine(responder, false)))
  it('opens what each side sent, as the other side does', () => {
    const log = parseKeyLog(`# ours\n\n${formatKeyLogLine(initiator, true)}`)
    const keys = log.get(authId(packets.auth))!
    expect(secretsToRead(keys, packets, 'initiator')).to.deep.equal(responder)
    expect(secretsToRead(keys, packets, 'responder')).to.deep.equal(initiator)
  })
  for (const line of ['RLPX', 'CLIENT_RANDOM 00 11', formatKeyLogLine(initiator, true).slice(0, -2), 'x'.repeat(1e6)])
    it(`has no line "${line.slice(0, 20)}", and does not show it`, () =>
      expect(() => parseKeyLog(`#\n${line}`))
        .to.throw(KeyLogError)
        .with.property('message', 'line 2 is no line of a key log: want RLPX and five numbers of 64 hex digits'))
})
