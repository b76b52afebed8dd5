import { expect } from 'chai'
import type { DiscoveredNode } from '../../../../actors/discovery/discovered-node.ts'
import { DnsClient } from '../../../../actors/discovery/dns/dns-client.ts'
import { DnsLists } from '../../../../actors/discovery/dns/dns-lists.ts'
import { DnsLookupFailed } from '../../../../actors/discovery/dns/txt-lookup.ts'
import { silent } from '../../../../actors/log/log.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import { formatLink, linkOf, signTree, TreeError, toTxt } from '../../../../protocols/dnsdisc/tree.ts'
import { signRecord } from '../../../../protocols/enr/record.ts'
import { keyOf, someNode } from '../some-nodes.ts'

/** A zone, who reads it, and what came of it. */
class Reader {
  readonly clock = new VirtualClock(0)
  readonly zone = new Map<string, string>()
  readonly nodes: DiscoveredNode[] = []
  readonly asked: string[] = []
  lists: DnsLists | undefined
  rested = 0

  /** A list of the `key`th key with nodes of these keys; without an address where the key is negative. */
  publish(key: number, nodes: readonly number[], links: readonly string[] = [], seq = 1n): string {
    const records = nodes.map((i) =>
      signRecord(1n, i < 0 ? {} : { ip: Uint8Array.of(127, 0, 0, 1), udp: 30_000 + i }, keyOf(Math.abs(i))),
    )
    for (const [name, txt] of toTxt(signTree({ seq, records, links }, keyOf(key)), `${key}.example`))
      this.zone.set(name, txt)
    return formatLink(linkOf(`${key}.example`, keyOf(key)))
  }

  read(...urls: string[]): DnsLists {
    const lookUpTxt = async (name: string) => {
      this.asked.push(name)
      const txt = this.zone.get(name)
      if (txt === undefined) throw new DnsLookupFailed(name, Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
      return [txt]
    }
    const client = new DnsClient({ lookUpTxt, clock: this.clock, rate: 1_000 })
    const lists = new DnsLists(processRuntime({ clock: this.clock }), {
      ...{ id: 'dns', parent: 'node', urls, client, log: silent },
      found: (nodes) => this.nodes.push(...nodes),
      rested: () => this.rested++,
    })
    this.lists = lists
    return lists
  }

  async want(count: number): Promise<readonly string[]> {
    this.nodes.length = 0
    for (let i = 0; i < count; i++) {
      this.lists!.want()
      await this.clock.run(1_000)
    }
    return this.nodes.map(({ id }) => id)
  }
}

const idsOf = (...keys: number[]) => keys.map((i) => someNode(i).id).sort()

describe('nodes for the dialer from lists in DNS', () => {
  it('are all of the list, and then again', async () => {
    const reader = new Reader()
    reader.read(reader.publish(1, [11, 12, 13]))
    expect([...(await reader.want(3))].sort()).to.deep.equal(idsOf(11, 12, 13))
    expect([...(await reader.want(3))].sort()).to.deep.equal(idsOf(11, 12, 13))
    expect(reader.rested).to.equal(6)
    expect(reader.asked.length).to.equal(new Set(reader.asked).size)
  })
  it('are not asked for before they are wanted', async () => {
    const reader = new Reader()
    reader.read(reader.publish(1, [11]))
    await reader.clock.run(60_000)
    expect(reader.asked).to.deep.equal([])
  })
  it('are those of lists that are linked, too, as long as they are', async () => {
    const reader = new Reader()
    const linked = reader.publish(2, [21])
    const url = reader.publish(1, [11], [linked])
    const lists = reader.read(url)
    const seen = new Set(await reader.want(40))
    expect([...seen].sort()).to.deep.equal(idsOf(11, 21))
    expect(lists.urls).to.deep.equal([url, linked])
    reader.publish(1, [12], [], 2n)
    await reader.clock.run(31 * 60_000)
    await reader.want(40)
    expect(lists.urls).to.deep.equal([url])
    expect([...new Set(await reader.want(5))]).to.deep.equal(idsOf(12))
  })
  it('have an address: of others it is only said that they were read', async () => {
    const reader = new Reader()
    reader.read(reader.publish(1, [-11]))
    expect(await reader.want(3)).to.deep.equal([])
    expect(reader.rested).to.equal(3)
  })
  it('come once DNS has the list, though it had none before', async () => {
    const reader = new Reader()
    reader.read(formatLink(linkOf('1.example', keyOf(1))))
    expect(await reader.want(1)).to.deep.equal([])
    await reader.clock.run(60_000)
    expect(reader.asked.length).to.be.within(7, 40)
    reader.publish(1, [11])
    await reader.clock.run(20_000)
    expect(reader.nodes.map(({ id }) => id)).to.deep.equal(idsOf(11))
  })
  it('end when they are closed', async () => {
    const reader = new Reader()
    const lists = reader.read(reader.publish(1, [11]))
    lists.close()
    expect(await reader.want(2)).to.deep.equal([])
    expect(reader.asked).to.deep.equal([])
  })
  it('are of URLs alone that are some', () => {
    expect(() => new Reader().read('enrtree://nodes.example.org')).to.throw(TreeError)
  })
})
