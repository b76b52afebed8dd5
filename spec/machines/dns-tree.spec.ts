import { expect } from 'chai'
import { type DnsTreeEvent, dnsTreeMachine, maxLinks, maxMissing } from '../../machines/dns-tree.ts'
import type { TreeEntry } from '../../protocols/dnsdisc/tree.ts'
import { signRecord } from '../../protocols/enr/record.ts'
import { keyOf } from '../actors/discovery/some-nodes.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('a list of nodes in DNS', () => {
  const chart = new ChartWalk(dnsTreeMachine)
  type At = Step<typeof dnsTreeMachine>
  const record = signRecord(1n, {}, keyOf(1))
  const wanted: DnsTreeEvent = { type: 'node.wanted' }
  const root = (nodesRoot = 'nodes', linksRoot = 'links'): DnsTreeEvent => ({
    type: 'root.resolved',
    root: { nodesRoot, linksRoot, seq: 1n, signature: new Uint8Array(65) },
  })
  const rootFailed: DnsTreeEvent = { type: 'root.failed' }
  const failed: DnsTreeEvent = { type: 'entry.failed' }
  const resolved = (entry: TreeEntry): DnsTreeEvent => ({ type: 'entry.resolved', entry })
  const branch = (...children: string[]) => resolved({ kind: 'branch', children })
  const link = resolved({ kind: 'link', link: { domain: 'n', publicKey: new Uint8Array(64) } })
  const node = resolved({ kind: 'node', record })
  const elapsed = (delay: string, state: string) =>
    ({ type: `xstate.after.${delay}.dns-tree.listed.${state}` }) as never as DnsTreeEvent
  const recheck = elapsed('rootRecheck', 'schedule.waiting')
  const paused = elapsed('rootPause', 'walk.pausing')
  const start = () => chart.from({ ports: noPorts, seed: 1 })
  const times = (count: number, event: DnsTreeEvent) => Array<DnsTreeEvent>(count).fill(event)
  /** At the first node. */
  const walking = (...events: DnsTreeEvent[]) => chart.on(start(), wanted, root(), branch(), ...events)
  const asks = (hash: string) => [['resolveEntry', { hash }]]
  const walkOf = ({ state }: At) => /walk\.(\w+)/.exec(state)?.[1]

  it('asks nothing before a node is wanted, then for its root', () => {
    expect(start().effects).to.deep.equal([])
    expect(chart.on(start(), wanted).effects).to.deep.equal([['resolveRoot', undefined]])
  })
  it('reads all links before any node, and reports them once', () => {
    const linked = chart.on(start(), wanted, root())
    expect(linked.effects).to.deep.equal(asks('links'))
    const second = chart.on(linked, branch('a', 'b'), link)
    expect(second.effects).to.deep.equal(asks('b'))
    expect(chart.on(second, link).effects.map(([name]) => name)).to.deep.equal(['reportLinks', 'resolveEntry'])
    expect(walking().effects).to.deep.equal([['reportLinks', { links: [] }], ...asks('nodes')])
  })
  it('goes down to one node, then rests until another is wanted', () => {
    const there = walking(branch('a', 'b', 'c'), node)
    expect(there.effects).to.deep.equal([['reportNode', { record }]])
    const all = new Set(
      [there, chart.on(there, wanted), chart.on(there, wanted, node, wanted)].map(({ context }) => context.asked),
    )
    expect(all).to.deep.equal(new Set(['a', 'b', 'c']))
    expect(chart.on(there, wanted, node, wanted, node, wanted).effects).to.deep.equal(asks('nodes'))
  })
  it('asks for a node again that it did not get, and after six failures for the root', () => {
    const again = walking(failed)
    expect(again.effects).to.deep.equal(asks('nodes'))
    expect(walking(...times(5, failed)).effects).to.deep.equal(asks('nodes'))
    expect(walking(...times(6, failed)).effects).to.deep.equal([['resolveRoot', undefined]])
    expect(walking(...times(5, link), link).effects).to.deep.equal([['resolveRoot', undefined]])
    const linked = chart.on(start(), wanted, root())
    for (const fault of [failed, node]) {
      expect(chart.on(linked, fault).effects).to.deep.equal(asks('links'))
      expect(chart.on(linked, ...times(6, fault)).effects).to.deep.equal([['resolveRoot', undefined]])
    }
  })
  it('reads a root again after half an hour, and of what it names only what is new', () => {
    const later = chart.on(walking(branch('a', 'b'), node), recheck)
    expect(later.effects).to.deep.equal([])
    const checking = chart.on(later, wanted)
    expect(checking.effects).to.deep.equal([['resolveRoot', undefined]])
    const same = chart.on(checking, root())
    expect(same.context.nodes).to.have.length(1)
    expect(['a', 'b']).to.include(same.context.asked)
    expect(chart.on(checking, root('others')).effects).to.deep.equal(asks('others'))
    expect(chart.on(checking, root('nodes', 'more')).effects).to.deep.equal(asks('more'))
  })
  it('asks for a root that it does not get ever less often', () => {
    expect(walkOf(chart.on(start(), wanted, ...times(5, rootFailed)))).to.equal('root')
    const slow = chart.on(start(), wanted, ...times(6, rootFailed))
    expect(walkOf(slow)).to.equal('pausing')
    expect(chart.on(slow, paused).effects).to.deep.equal([['resolveRoot', undefined]])
    const slower = chart.on(slow, ...times(15, paused).flatMap((event) => [event, rootFailed]))
    expect([slower.context.rootFails, walkOf(slower)]).to.deep.equal([21, 'pausing'])
    expect(walkOf(chart.on(slower, paused, root()))).to.equal('link')
  })
  it('waits for another root when it has no node', () => {
    const empty = walking(branch())
    expect(walkOf(empty)).to.equal('empty')
    expect(chart.on(empty, wanted).effects).to.deep.equal([])
    const checking = chart.on(empty, recheck)
    expect(checking.effects).to.deep.equal([['resolveRoot', undefined]])
    expect(walkOf(chart.on(checking, root()))).to.equal('empty')
    expect(chart.on(checking, root('full')).effects).to.deep.equal(asks('full'))
  })
  it('keeps no more than its bounds of what a list names', () => {
    const many = branch(...Array.from({ length: maxMissing + 10 }, (_, i) => `${i}`))
    expect(walking(many).context.nodes).to.have.length(maxMissing)
    const linked = chart.on(start(), wanted, root(), branch(...Array.from({ length: maxLinks + 10 }, (_, i) => `${i}`)))
    const found = chart.on(linked, ...times(maxLinks + 9, link))
    expect([found.context.found.length, found.context.links.length]).to.deep.equal([maxLinks, 1])
  })
  it('stops', () => expect(chart.on(walking(), { type: 'tree.stop' }).state).to.equal('stopped'))
})
