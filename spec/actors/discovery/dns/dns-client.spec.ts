import { expect } from 'chai'
import { DnsClient } from '../../../../actors/discovery/dns/dns-client.ts'
import { DnsLookupFailed, dnsLookup, type LookUpTxt } from '../../../../actors/discovery/dns/txt-lookup.ts'
import { processClock } from '../../../../actors/runtime/process-runtime.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import { formatLink, linkOf, parseLink, signTree, TreeError, toTxt } from '../../../../protocols/dnsdisc/tree.ts'
import { signRecord } from '../../../../protocols/enr/record.ts'
import { utf8ToBytes } from '../../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../../protocols/lib/keccak.ts'
import { signRecoverable } from '../../../../protocols/lib/secp256k1.ts'
import { failureOf } from '../../../failure.ts'
import { exampleEntries, exampleRecords, exampleRoot, exampleUrl } from '../../../protocols/dnsdisc/vectors.ts'
import { DnsServer } from '../../../support/dns-server.ts'
import { keyOf } from '../some-nodes.ts'

const link = parseLink(exampleUrl)
const exampleZone = new Map([
  [link.domain, exampleRoot],
  ...Object.entries(exampleEntries).map(([hash, txt]) => [`${hash}.${link.domain}`, txt] as const),
])
const from =
  (zone: ReadonlyMap<string, string>, asked: string[] = []): LookUpTxt =>
  async (name) => {
    asked.push(name)
    const txt = zone.get(name)
    return txt === undefined ? [] : [txt]
  }
const clientOf = (lookUpTxt: LookUpTxt) => new DnsClient({ lookUpTxt, clock: processClock, rate: 100_000 })
const list = (count: number, seq = 1n) => {
  const records = Array.from({ length: count }, (_, i) => signRecord(1n, {}, keyOf(i + 1)))
  return { records, tree: signTree({ seq, records, links: [] }, keyOf(1)), link: linkOf('l', keyOf(1)) }
}

describe('lists of nodes from DNS', () => {
  it("reads the EIP's from a DNS server on loopback, beside other TXT records", async () => {
    const server = await DnsServer.open(exampleZone)
    server.records.set(link.domain, ['v=spf1 -all', exampleRoot])
    try {
      const client = clientOf(dnsLookup({ servers: [server.address], host: '127.0.0.1' }))
      const { tree, records, links, fetched } = await client.sync(link)
      expect([...tree.entries].sort()).to.deep.equal(Object.entries(exampleEntries).sort())
      expect(records.length).to.equal(exampleRecords.length)
      expect(links.map(formatLink)).to.deep.equal([exampleEntries.C7HRFPF3BLGF3YR4DY5KX3SMBE])
      expect({ fetched, asked: server.asked.length }).to.deep.equal({ fetched: 5, asked: 6 })
      const absent = await failureOf(client.root({ ...link, domain: 'absent.example.org' }))
      expect(absent).to.be.instanceOf(DnsLookupFailed)
      expect(absent.message).to.match(/DNS lookup of absent\.example\.org failed: ENOTFOUND/)
    } finally {
      server.close()
    }
  })
  it('asks for nothing again that it has, after an update of the list', async () => {
    const [before, after] = [list(100), list(101, 2n)]
    const asked: string[] = []
    const client = clientOf(from(toTxt(after.tree, 'l'), asked))
    const { records, fetched } = await client.sync(after.link, { known: before.tree.entries })
    expect(records.length).to.equal(101)
    expect(fetched).to.be.within(2, 15)
    expect(asked.length).to.equal(fetched + 1)
  })
  it('takes a root of the right key alone, and entries that are what their hashes say', async () => {
    const forged = signTree({ seq: 9n, records: [], links: [] }, keyOf(2))
    const wrongRoot = await failureOf(clientOf(from(toTxt(forged, link.domain))).sync(link))
    expect(wrongRoot)
      .to.be.instanceOf(TreeError)
      .and.have.property('message')
      .that.matches(/signature/)
    const [first, second] = exampleRecords as [string, string]
    const zone = new Map([...exampleZone].map(([name, txt]) => [name, txt === first ? second : txt]))
    const wrongEntry = await failureOf(clientOf(from(zone)).sync(link))
    expect(wrongEntry)
      .to.be.instanceOf(TreeError)
      .and.have.property('message')
      .that.matches(/\.nodes\.example\.org: hash mismatch$/)
    for (const gone of exampleZone.keys()) {
      const rest = new Map([...exampleZone].filter(([name]) => name !== gone))
      const fault = await failureOf(clientOf(from(rest)).sync(link))
      expect(fault, gone)
        .to.be.instanceOf(TreeError)
        .and.have.property('message')
        .that.matches(/no valid/)
    }
  })
  it('takes no node among the links, and no link among the nodes', async () => {
    const key = keyOf(1)
    const { entries, root } = signTree({ seq: 1n, records: list(3).records, links: [exampleUrl] }, key)
    const cases = [
      [root.nodesRoot, root.nodesRoot, 'enr entry in link tree'],
      [root.linksRoot, root.linksRoot, 'link entry in ENR tree'],
    ]
    for (const [nodes, links, fault] of cases) {
      const text = `enrtree-root:v1 e=${nodes} l=${links} seq=1`
      const signature = signRecoverable(keccak256(utf8ToBytes(text)), key)
      const zone = toTxt({ root: { nodesRoot: nodes!, linksRoot: links!, seq: 1n, signature }, entries }, 'l')
      expect(await failureOf(clientOf(from(zone)).sync(linkOf('l', key))))
        .to.be.instanceOf(TreeError)
        .with.property('message', fault)
    }
  })
  it('keeps an entry that it was asked for', async () => {
    const asked: string[] = []
    const client = clientOf(from(exampleZone, asked))
    const [hash] = Object.keys(exampleEntries)
    expect(await client.entry(link, hash!)).to.equal(await client.entry(link, hash!))
    expect(asked.length).to.equal(1)
  })
  it('asks ten at once, then three a second', async () => {
    const clock = new VirtualClock(0)
    const asked: string[] = []
    const client = new DnsClient({ lookUpTxt: from(exampleZone, asked), clock })
    for (let i = 0; i < 20; i++) client.root(link).catch(() => {})
    await clock.run(0)
    expect(asked.length).to.equal(10)
    await clock.run(1_001)
    expect(asked.length).to.equal(13)
    await clock.run(10_000)
    expect(asked.length).to.equal(20)
  })
})
