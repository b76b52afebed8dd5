import { expect } from 'chai'
import { nodeOfRecord } from '../../../../actors/discovery/discovered-node.ts'
import { FoundNodes, maxFound, maxResponses, packNodes } from '../../../../actors/discovery/v5/nodes.ts'
import { encodeMessage } from '../../../../protocols/discv5/messages.ts'
import { logDistance } from '../../../../protocols/enode/distance.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { type NodeRecord, signRecord } from '../../../../protocols/enr/record.ts'
import { keyOf } from '../some-nodes.ts'

const requestId = new Uint8Array(8).fill(0xff)
const record = (i: number, ip = '127.0.0.1', udp = 30_303, filler = 0): NodeRecord =>
  signRecord(1n, { ip: parseIp(ip)!, udp, ...(filler > 0 && { x: new Uint8Array(filler) }) }, keyOf(i))

describe('the records of NODES', () => {
  const nodes = (records: readonly NodeRecord[]) => packNodes(requestId, records)

  it('go into as many messages as it takes, and each fits a packet', () => {
    expect(nodes([])).to.deep.equal([{ kind: 'Nodes', requestId, total: 1, records: [] }])
    const large = Array.from({ length: maxFound }, (_, i) => record(i + 1, '127.0.0.1', 30_303, 150))
    const messages = nodes(large)
    expect(messages.flatMap(({ records }) => records)).to.deep.equal(large.map(({ raw }) => raw))
    for (const message of messages) {
      expect(message.total).to.equal(messages.length)
      // masking-iv, static header, authdata and tag
      expect(encodeMessage(message).length + 16 + 23 + 32 + 16).to.be.at.most(1_280)
    }
  })
  it('of which each is as large as it may be go, too', () => {
    const filler = 300 - record(1).raw.length - 6
    const largest = Array.from({ length: maxFound }, (_, i) => record(i + 1, '127.0.0.1', 30_303, filler))
    expect(largest[0]!.raw.length).to.be.within(295, 300)
    expect(nodes(largest)).to.have.length(6)
    for (const message of nodes(largest)) expect(encodeMessage(message).length).to.be.at.most(1_150)
  })
})

describe('the answers to FINDNODE', () => {
  const asked = nodeOfRecord(record(100))!
  const far = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => record(i))
  const distancesTo = (records: readonly NodeRecord[]) =>
    records.map((one) => logDistance(asked.id, nodeOfRecord(one)!.id))
  const all = Array.from({ length: 257 }, (_, distance) => distance)
  const take = (records: readonly (NodeRecord | Uint8Array)[], { total = 1, distances = all, from = asked } = {}) => {
    const found = new FoundNodes(from, distances, (ip) => ip !== '127.6.6.6')
    const raws = records.map((one) => (one instanceof Uint8Array ? one : one.raw))
    const isLast = found.take({ kind: 'Nodes', requestId, total, records: raws })
    return { found, isLast, ids: found.nodes.map(({ id }) => id) }
  }
  const idOf = (one: NodeRecord) => nodeOfRecord(one)!.id

  it('bring nodes at the distances that were asked for, each once', () => {
    expect(take(far).ids).to.deep.equal(far.map(idOf))
    expect(take([...far, ...far]).ids).to.deep.equal(far.map(idOf))
    const [distance] = distancesTo(far)
    const near = far.filter((one) => distancesTo([one])[0] === distance)
    expect(near.length).to.be.lessThan(far.length)
    expect(take(far, { distances: [distance!] }).ids).to.deep.equal(near.map(idOf))
  })
  it('bring no one whose address would be a lie or a trap, and are taken all the same', () => {
    const poison = [
      record(10, '0.0.0.0'),
      record(11, '224.0.0.1'),
      record(12, '255.255.255.255'),
      record(13, '127.6.6.6'),
      record(14, '127.0.0.1', 1_024),
      record(15, '127.0.0.1', 53),
      signRecord(1n, {}, keyOf(16)),
      Uint8Array.of(0xc0),
      record(17).raw.map((byte, i) => (i === 50 ? byte ^ 1 : byte)),
      new Uint8Array(301),
    ]
    expect(take([...poison, far[0]!]).ids).to.deep.equal([idOf(far[0]!)])
  })
  it('of a remote host bring no one on our machine or in its network', () => {
    const from = { ...asked, host: '203.0.114.1' }
    const own = [record(20, '127.0.0.1'), record(21, '10.0.0.1'), record(22, '192.168.1.1'), record(23, '::1')]
    expect(take([...own, record(24, '203.0.114.2')], { from }).ids).to.have.length(1)
  })
  it('end with as many as were announced, and never later than with the fifth', () => {
    expect(take(far, { total: 1 }).isLast).to.equal(true)
    expect(take(far, { total: 0 }).isLast).to.equal(true)
    for (const [total, expected] of [
      [3, 3],
      [255, maxResponses],
    ] as const) {
      const { found, isLast } = take([], { total })
      let count = 1
      for (let last = isLast; !last; count++) last = found.take({ kind: 'Nodes', requestId, total: 9, records: [] })
      expect(count).to.equal(expected)
    }
  })
})
