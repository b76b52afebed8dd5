import { expect } from 'chai'
import { bucketSize, Table } from '../../../actors/discovery/table.ts'
import { compareDistance, logDistance } from '../../../protocols/enode/distance.ts'
import { signRecord } from '../../../protocols/enr/record.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { farNodes, keyOf, someNode } from './some-nodes.ts'

describe('the table of nodes', () => {
  const self = someNode(10_000).id
  const ids = (nodes: readonly { id: string }[]) => nodes.map(({ id }) => id)
  const tableOf = (changed?: (id: string, isIn: boolean) => void) =>
    new Table({ self, now: () => 7, draw: (end) => end - 1, changed: (node, isIn) => changed?.(node.id, isIn) })
  const noneIsBusy = () => false

  it('takes each node once, and not its own', () => {
    const table = tableOf()
    const node = someNode(1)
    expect(table.add(node)).to.equal(true)
    expect(table.add(node)).to.equal(false)
    expect(table.add(someNode(10_000))).to.equal(false)
    expect(table.size).to.equal(1)
    expect(table.get(node.id)).to.deep.equal({
      ...{ node, addedToTable: 7, addedToBucket: 7, checks: 0, isLive: false, revalidation: 'fast' },
    })
  })
  it('has 17 buckets of 16 nodes, and the rest wait until one goes', () => {
    const changes: [string, boolean][] = []
    const table = tableOf((id, isIn) => changes.push([id, isIn]))
    const nodes = farNodes(self, bucketSize + 12)
    for (const node of nodes) table.add(node)
    expect(table.buckets().map(({ length }) => length)).to.deep.equal([...new Array(16).fill(0), bucketSize])
    expect(ids(table.atDistance(256))).to.deep.equal([])
    // The ten latest wait, the latest first; the draw takes the last.
    changes.length = 0
    for (const { id } of nodes.slice(0, 11)) table.remove(id)
    expect(changes.filter(([, isIn]) => isIn).map(([id]) => id)).to.deep.equal(ids(nodes.slice(18, 28)))
    expect(table.size).to.equal(bucketSize - 1)
  })
  it('takes two of a /24 into a bucket, ten into itself, and of loopback and private networks any number', () => {
    const [wan, lan] = [tableOf(), tableOf()]
    for (const node of farNodes(self, 5, (i) => `9.9.9.${i + 1}`)) wan.add(node)
    expect(wan.size).to.equal(2)
    for (const node of farNodes(self, 5, (i) => `10.9.9.${i + 1}`)) lan.add(node)
    expect(lan.size).to.equal(5)
    const everywhere = tableOf()
    for (let i = 0; i < 5_000; i++)
      everywhere.add({ ...someNode(1, '9.9.9.9'), id: bytesToHex(keccak256(Uint8Array.of(i >> 8, i))) })
    expect(everywhere.size).to.equal(10)
  })
  it('gives the room of a subnet back when a node goes', () => {
    const table = tableOf()
    const nodes = farNodes(self, 4, (i) => `9.9.9.${i + 1}`)
    for (const node of nodes) table.add(node)
    table.remove(nodes[0]!.id)
    expect(table.add(nodes[3]!)).to.equal(true)
    expect(table.add(nodes[2]!)).to.equal(false)
  })
  it('takes no node that cannot be reached', () => {
    const table = tableOf()
    for (const host of ['0.0.0.0', '224.0.0.1', 'host']) expect(table.add(someNode(1, host)), host).to.equal(false)
  })
  it('names those closest to a target, those that answered before all others', () => {
    const table = tableOf()
    const nodes = Array.from({ length: 40 }, (_, i) => someNode(i + 1))
    for (const node of nodes) table.add(node)
    const target = someNode(77).id
    const sorted = nodes.filter(({ id }) => table.get(id)).sort((a, b) => compareDistance(target, a.id, b.id))
    expect(ids(table.closest(target, 16, true))).to.deep.equal(ids(sorted.slice(0, 16)))
    table.noteAlive(sorted[9]!.id, 1)
    expect(ids(table.closest(target, 16, true))).to.deep.equal([sorted[9]!.id])
    expect(ids(table.closest(target, 16, false))).to.have.length(16)
    expect(ids(table.atDistance(logDistance(self, sorted[9]!.id)))).to.include(sorted[9]!.id)
  })
  it('checks those that answered in another list than those that have not', () => {
    const table = tableOf()
    const [a, b] = [someNode(1), someNode(2)]
    expect(table.pick('fast', noneIsBusy)).to.equal(undefined)
    table.add(a)
    table.add(b)
    table.noteAlive(a.id, 4)
    expect(table.pick('slow', noneIsBusy)).to.deep.equal(a)
    expect(table.pick('fast', noneIsBusy)).to.deep.equal(b)
    expect(table.pick('fast', (id) => id === b.id)).to.equal(undefined)
    table.noteSilent(a.id, 1)
    expect(table.pick('slow', noneIsBusy)).to.equal(undefined)
    expect(table.get(a.id)).to.deep.include({ checks: 1, isLive: true, revalidation: 'fast' })
    table.noteSilent(a.id, 0)
    expect(table.get(a.id)).to.equal(undefined)
  })
  it('lets a node go that fails to answer five times, but from a bucket of four and more', () => {
    const table = tableOf()
    const nodes = farNodes(self, 4)
    for (const node of nodes.slice(1)) table.add(node)
    table.noteFindFails(nodes[1]!.id, 5)
    expect(table.size).to.equal(3)
    table.add(nodes[0]!)
    table.noteFindFails(nodes[1]!.id, 4)
    expect(table.size).to.equal(4)
    table.noteFindFails(nodes[1]!.id, 5)
    expect(
      ids(
        table
          .buckets()
          .flat()
          .map(({ node }) => node),
      ),
    ).to.not.include(nodes[1]!.id)
  })

  describe('of a node that it has', () => {
    const node = someNode(1)
    const at = (seq: bigint, host = node.host, udp = node.udp) => ({
      ...node,
      ...{ host, udp, record: signRecord(seq, {}, keyOf(1)) },
    })
    const tableWith = () => {
      const table = tableOf()
      table.add(at(2n))
      table.noteAlive(node.id, 3)
      return table
    }

    it('takes a newer record, and no older one that others gave', () => {
      const table = tableWith()
      expect(table.update(at(2n, '127.0.0.2'))).to.equal(false)
      expect(table.get(node.id)!.node.host).to.equal(node.host)
      expect(table.update(at(3n))).to.equal(false)
      expect(table.get(node.id)).to.deep.include({ isLive: true, node: at(3n) })
    })
    it('takes whatever endpoint it contacts us from, and checks it there before it is named to others', () => {
      const table = tableWith()
      expect(table.add({ ...node, udp: 4 }, true)).to.equal(false)
      expect(table.get(node.id)).to.deep.include({ isLive: false, revalidation: 'fast', checks: 3 })
      expect(table.get(node.id)!.node.udp).to.equal(4)
    })
    it('keeps the record when it contacts us from where it was', () => {
      const table = tableWith()
      table.add(node, true)
      expect(table.get(node.id)).to.deep.include({ isLive: true, node: at(2n) })
    })
    it('lets it not move to where there is no room', () => {
      const table = tableOf()
      const nodes = farNodes(self, 3, (i) => (i < 2 ? `9.9.9.${i + 1}` : '127.0.0.1'))
      for (const one of nodes) table.add(one)
      expect(table.update({ ...nodes[2]!, host: '9.9.9.9' }, true)).to.equal(false)
      expect(table.get(nodes[2]!.id)!.node.host).to.equal('127.0.0.1')
    })
  })
})
