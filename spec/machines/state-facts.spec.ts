import { expect } from 'chai'
import type { AnyStateMachine } from 'xstate'
import * as charts from '../../machines/index.ts'
import type { Phase } from '../../machines/names/state-meta.ts'
import { causeOf, factsOf, hasLabels, phaseOf, stateFacts } from '../../machines/state-facts.ts'

// Readers of the feed know states by what their charts say of them. A state that says nothing is missed here, whatever it is called.

const outermostOf = (machine: AnyStateMachine) => Object.values(machine.root.states)
const idsOf = (machine: AnyStateMachine) => outermostOf(machine).map(({ key }) => key)

describe('what charts say of their states', () => {
  for (const chart of [charts.peerMachine, charts.scriptedPeerMachine])
    it(`is how far a connection is, in every state of ${chart.id} that it stays in`, () => {
      const passed = outermostOf(chart).filter(({ always }) => always?.length)
      const without = idsOf(chart).filter((state) => phaseOf(chart.id, state) === undefined)
      expect(without).to.deep.equal(passed.map(({ key }) => key))
    })
  it('is a phase for everything that a reader distinguishes', () => {
    const phasesOf = (chart: AnyStateMachine) => new Set([...factsOf(chart).values()].map(({ phase }) => phase))
    const ofPeer: Phase[] = ['securing', 'greeting', 'admitted', 'running', 'closing', 'closed']
    expect([...phasesOf(charts.peerMachine)]).to.include.members(ofPeer)
    const ofScript: Phase[] = ['listening', 'dialing', 'securing', 'greeting', 'handshaking', 'running', 'closed']
    expect([...phasesOf(charts.scriptedPeerMachine)]).to.include.members(ofScript)
    expect([...phasesOf(charts.ethPeerMachine)]).to.include.members(['handshaking', 'running', 'closed'])
    expect([...phasesOf(charts.nodeMachine)]).to.include.members(['closing', 'closed'])
  })
  for (const chart of [charts.nodeMachine, charts.serverMachine, charts.ethPeerMachine, charts.protocolManagerMachine])
    it(`is a label of every state that ${chart.id} comes to`, () => {
      const without = outermostOf(chart).filter(({ key }) => !stateFacts(chart.id, key)?.label)
      expect(without.map(({ key }) => key)).to.deep.equal([chart.root.initial.target[0]!.key])
    })
  it('is why, of every end of a peer', () => {
    const { root } = charts.peerMachine
    const closing = new Set(['closing', 'closed'])
    const nodes = [root, ...Object.values(root.states)].flatMap((node) => [node, ...descendantsOf(node)])
    const ends = nodes.flatMap((node) => [...node.transitions.values()].flat())
    const events = ends
      .filter(({ target }) => target?.some(({ key }) => closing.has(key)))
      .map(({ eventType }) => eventType)
    expect(events.length).to.be.above(10)
    const without = events.filter((event) => causeOf('peer', event) === undefined)
    // Its reason is the identity, and only `explain` says so.
    expect([...new Set(without)]).to.deep.equal(['hello.accepted'])
  })
  it('is the place in which geth counts a setup that fails', () => {
    const places = [...factsOf(charts.peerMachine).values()].map(({ setupFault }) => setupFault)
    expect(places.filter(Boolean).sort()).to.deep.equal(['rlpx_enc', 'rlpx_proto'])
  })
  it('is that blocks are fetched, of one state and all in it', () => {
    expect([...factsOf(charts.downloaderMachine)].filter(([, { tags }]) => tags.has('syncing')).length).to.be.above(5)
    expect(stateFacts('downloader', 'idle')?.tags.has('syncing')).to.equal(false)
    expect(stateFacts('downloader', 'syncing.filling')?.tags.has('syncing')).to.equal(true)
  })
  it('is read off states as the feed writes them', () => {
    expect(phaseOf('peer', 'running.(keepalive.quiet writing.flowing)')).to.equal('running')
    expect(stateFacts('peer', 'securing.handshaking')).to.include({ phase: 'securing', setupFault: 'rlpx_enc' })
    expect(stateFacts('peer', 'closed')?.isFinal).to.equal(true)
  })
  it('is nothing of charts and states that are not ours', () => {
    for (const [chart, state] of [
      ['mine', 'running'],
      ['peer', 'no'],
      ['peer', ''],
      ['__proto__', 'x'],
      ['peer', 'constructor'],
    ] as const)
      expect(stateFacts(chart, state)?.phase, `${chart} ${state}`).to.equal(undefined)
    expect(causeOf('peer', 'constructor')).to.equal(undefined)
    expect(hasLabels('mine')).to.equal(false)
  })
})

type Node = AnyStateMachine['root']
const descendantsOf = (node: Node): Node[] =>
  Object.values(node.states).flatMap((child) => [child, ...descendantsOf(child)])
