import { expect } from 'chai'
import fc from 'fast-check'
import { decodeMessage, nameOf } from '../../../actors/inspector/messages.ts'
import { encode } from '../../../protocols/eth/messages.ts'
import { ethVersions, messageTable } from '../../../protocols/eth/versions.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeDisconnect, encodeHello } from '../../../protocols/p2p/messages.ts'
import { anyMessage } from '../../protocols/eth/arbitraries.ts'
import { ethVectors } from '../../vectors/eth-messages.ts'

describe('messages for people', () => {
  for (const { what, versions, message, payload } of ethVectors)
    it(`are decoded: ${what}`, () => {
      for (const version of versions) {
        const code = messageTable(version).codeOf(message.kind)!
        const { name, error, fields } = decodeMessage({ protocol: 'eth', version, code }, hexToBytes(payload))
        expect({ name, error }).to.deep.equal({ name: message.kind, error: undefined })
        if ('id' in message) expect(BigInt((fields as { id: number | string }).id)).to.equal(message.id)
      }
    })
  for (const version of ethVersions)
    it(`of eth/${version} are whatever a remote sends, and never a fault of ours`, () => {
      const table = messageTable(version)
      const codes = Array.from({ length: table.length }, (_, code) => code)
      const sent = fc.constantFrom(...codes).chain((code) => {
        const name = table.nameOf(code)
        const raw = fc.uint8Array({ maxLength: 60 })
        return fc.record({
          code: fc.constant(code),
          payload: name
            ? fc.oneof(
                raw,
                anyMessage(version, name).map((message) => encode(version, message)),
              )
            : raw,
        })
      })
      fc.assert(
        fc.property(sent, ({ code, payload }) => {
          const decoded = decodeMessage({ protocol: 'eth', version, code }, payload)
          expect(JSON.parse(JSON.stringify(decoded))).to.have.property(
            'name',
            nameOf({ protocol: 'eth', version, code }),
          )
        }),
      )
    })
  it('of the base protocol say what they mean', () => {
    const id = new Uint8Array(64).fill(7)
    const hello = encodeHello({ version: 5, name: 'Geth/v1', caps: [{ name: 'eth', version: 69 }], listenPort: 0, id })
    expect(decodeMessage({ protocol: 'p2p', code: 0 }, hello)).to.deep.include({
      name: 'Hello',
      text: 'Geth/v1',
      fields: { version: 5, name: 'Geth/v1', caps: ['eth/69'], listenPort: 0, id: `0x${'07'.repeat(64)}` },
    })
    expect(decodeMessage({ protocol: 'p2p', code: 1 }, encodeDisconnect(4))).to.deep.include({
      name: 'Disconnect',
      text: 'too many peers',
      fields: { reason: 4, text: 'too many peers' },
    })
    expect(nameOf({ protocol: 'p2p', code: 2 })).to.equal('Ping')
  })
  it('that nobody gave a name go by their number', () => {
    expect(decodeMessage({ protocol: 'door', version: 1, code: 3 }, new Uint8Array(5))).to.deep.equal({
      ...{ name: 'door 0x03', fields: null, text: '5 bytes' },
    })
  })
  it('say so when they are malformed, or were not kept', () => {
    const status = { protocol: 'eth', version: 69, code: 0 }
    expect(decodeMessage(status, Uint8Array.of(0xc0)).error).to.match(/^invalid message: \(code 0\)/)
    expect(decodeMessage(status, undefined).error).to.equal('the payload was not kept')
  })
})
