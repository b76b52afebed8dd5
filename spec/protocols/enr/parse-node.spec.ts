import { expect } from 'chai'
import { EnodeError } from '../../../protocols/enode/enode.ts'
import { isDialable, parseNode } from '../../../protocols/enr/parse-node.ts'
import { formatRecord, signRecord } from '../../../protocols/enr/record.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'

describe('a node by its name', () => {
  const key = new Uint8Array(32).fill(7)
  const publicKey = publicKeyOf(key)

  it('is an enode URL or a node record, and the same node by both', () => {
    const record = formatRecord(signRecord(1n, { ip: Uint8Array.of(127, 0, 0, 1), tcp: 30_303, udp: 30_304 }, key))
    const node = parseNode(record)
    expect(node).to.deep.include({ publicKey, host: '127.0.0.1', tcp: 30_303, udp: 30_304 })
    const url = `enode://${Buffer.from(publicKey).toString('hex')}@127.0.0.1:30303?discport=30304`
    expect(parseNode(url)).to.deep.equal(node)
  })
  it('has no address where the record has none', () =>
    expect(parseNode(formatRecord(signRecord(1n, {}, key)))).not.to.have.property('host'))
  it('can be dialed where it has an address and a TCP port', () => {
    const can = (fields: Parameters<typeof signRecord>[1]) =>
      isDialable(parseNode(formatRecord(signRecord(1n, fields, key))))
    const ip = Uint8Array.of(127, 0, 0, 1)
    expect([can({ ip, tcp: 1 }), can({ ip, udp: 1 }), can({ tcp: 1 }), can({})]).to.deep.equal([
      ...[true, false, false, false],
    ])
  })
  for (const [text, complaint] of [
    ['x', "missing 'enr:' prefix for base64-encoded record"],
    ['enr:AA', 'record is not one list'],
    ['enode://ab', 'invalid public key'],
  ] as const)
    it(`is not "${text}"`, () => expect(() => parseNode(text)).to.throw(EnodeError, complaint))
})
