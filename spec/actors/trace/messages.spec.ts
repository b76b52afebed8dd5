import { expect } from 'chai'
import fc from 'fast-check'
import { answers, decodeMessage, nameOf, requestOf } from '../../../actors/trace/messages.ts'
import { encode } from '../../../protocols/eth/messages.ts'
import { ethVersions, messageTable } from '../../../protocols/eth/versions.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, type RlpInput } from '../../../protocols/lib/rlp.ts'
import { encodeDisconnect, encodeHello } from '../../../protocols/p2p/messages.ts'
import { snapAnswerOf, snapTable } from '../../../protocols/snap/versions.ts'
import { anyMessage } from '../../protocols/eth/arbitraries.ts'
import { ethVectors } from '../../vectors/eth-messages.ts'
import { snapVectors } from '../../vectors/snap-messages.ts'

describe('messages for people', () => {
  it('are auth and ack, by what makes them and by their size', () => {
    const packet = (code: number, size: number, version?: number) =>
      decodeMessage({ protocol: 'rlpx', code, size, ...(version !== undefined && { version }) }, undefined)
    expect(packet(0, 407, 4)).to.deep.include({ name: 'auth', text: 'EIP-8, 407 bytes' })
    expect(packet(0, 407, 4).fields).to.deep.include({ format: 'EIP-8', version: 4, bytes: 407 })
    expect(packet(1, 415, 57)).to.deep.include({ name: 'ack', text: 'EIP-8, version 57, 415 bytes' })
    expect(packet(0, 307).text).to.equal('from before EIP-8 by its length, 307 bytes')
    expect(packet(1, 18).text).to.equal('not of EIP-8, 18 bytes')
  })
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
  for (const { what, versions, message, payload } of snapVectors)
    it(`of snap are decoded: ${message.kind}, ${what}`, () => {
      for (const version of versions) {
        const kind = { protocol: 'snap', version, code: snapTable(version).codeOf(message.kind)! }
        const { name, error, fields } = decodeMessage(kind, hexToBytes(payload))
        expect({ name, error }).to.deep.equal({ name: message.kind, error: undefined })
        expect(fields).to.include({ id: 7 })
        const request = Object.entries(snapAnswerOf).find((pair) => pair.includes(name as never))![0]
        expect(requestOf(kind, hexToBytes(payload))).to.deep.equal({ id: 7n, request })
        expect(answers(kind)).to.equal(request !== name)
      }
    })
  it('show amounts of a transaction in decimal, and its signature in hex', () => {
    const [r, s] = [0xab, 0xcd].map((byte) => new Uint8Array(32).fill(byte))
    const transaction = [1, 2, 21_000, new Uint8Array(20).fill(9), 10n ** 18n, new Uint8Array(), 27, r!, s!]
    const { fields } = decodeMessage({ protocol: 'eth', version: 69, code: 2 }, encodeRlp([transaction]))
    expect((fields as { transactions: object[] }).transactions[0]).to.include({
      ...{ gas: 21_000, value: '1000000000000000000' },
      ...{ r: `0x${'ab'.repeat(32)}`, s: `0x${'cd'.repeat(32)}` },
    })
  })
  it('show receipts by the names of their fields, in every encoding', () => {
    const logs = [[new Uint8Array(20).fill(1), [], Uint8Array.of(2)]]
    const shown = { type: 0, status: 1, cumulativeGasUsed: 21_000 }
    const shownLogs = [{ address: `0x${'01'.repeat(20)}`, topics: [], data: '0x02' }]
    const receiptOf = (version: number, ...fields: RlpInput[]) => {
      const { fields: reported } = decodeMessage({ protocol: 'eth', version, code: 16 }, encodeRlp(fields))
      return (reported as { receipts: object[][] }).receipts[0]![0]
    }
    expect(receiptOf(69, 7, [[[0, 1, 21_000, logs]]])).to.deep.equal({ ...shown, logs: shownLogs })
    const bloom = new Uint8Array(256)
    const logsBloom = `0x${'00'.repeat(128)}… (256 bytes)`
    expect(receiptOf(68, 7, [[[1, 21_000, bloom, logs]]])).to.deep.equal({ ...shown, logsBloom, logs: shownLogs })
  })
  it('show cells as they stand, and how many columns are asked for', () => {
    const [hash, mask] = [new Uint8Array(32).fill(3), Uint8Array.of(0b100001, ...new Uint8Array(15))]
    const show = (code: number, ...fields: RlpInput[]) =>
      decodeMessage({ protocol: 'eth', version: 72, code }, encodeRlp([7, [hash], ...fields, mask]))
    const shown = { id: 7, hashes: [`0x${'03'.repeat(32)}`], mask: `0x21${'00'.repeat(15)}` }
    expect(show(0x14)).to.deep.include({ text: '1 hash, 2 columns', fields: shown })
    const cell = new Uint8Array(2_048).fill(1)
    const cells = [[`0x${'01'.repeat(128)}… (2048 bytes)`], ['item 0: expected a cell of 2048 bytes']]
    expect(show(0x15, [[cell], [[]]])).to.deep.include({ text: '2 groups of cells', fields: { ...shown, cells } })
  })
  it('of snap show accounts by the names of their fields', () => {
    const { payload } = snapVectors.find(({ what }) => what.startsWith('an account'))!
    const { fields, text } = decodeMessage({ protocol: 'snap', version: 1, code: 1 }, hexToBytes(payload))
    expect(text).to.equal('1 account')
    expect(fields).to.deep.include({
      accounts: [
        {
          hash: `0x${'11'.repeat(32)}`,
          account: {
            ...{ nonce: 1, balance: 2 },
            storageRoot: '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421',
            codeHash: '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
          },
        },
      ],
      proof: ['0xc180'],
    })
  })
  it('of snap that are malformed, or of no name, say so', () => {
    const kind = { protocol: 'snap', version: 2, code: 6 }
    expect(nameOf(kind)).to.equal('snap 0x06')
    expect(decodeMessage({ ...kind, code: 0 }, Uint8Array.of(0xc0)).error).to.match(/^invalid message: \(code 0\)/)
    const empty = decodeMessage({ ...kind, code: 1 }, hexToBytes('c407c1c0c0'))
    expect(empty.fields).to.deep.include({ accounts: ['item 0: unexpected end of input'] })
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
  it('without a name go by their number', () => {
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
