import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect'
import { expect } from 'chai'
import { assign, setup } from 'xstate'
import { Inspector } from '../../../actors/inspector/inspector.ts'
import { StatelyClient, type StatelyEvent } from '../../../actors/inspector/stately.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'

/** Refuses to compile when our events are none of the package's. */
const asTheirs = (event: StatelyEvent): StatelyInspectionEvent => event

describe('the feed as @statelyai/inspect has it', () => {
  const lamp = setup({
    types: {} as {
      context: { secret: string; clicks: number }
      input: { secret: string }
      events: { type: 'click'; by: Uint8Array; count: bigint }
    },
    actions: { light: () => {}, count: assign(({ context }) => ({ clicks: context.clicks + 1 })) },
  }).createMachine({
    id: 'lamp',
    context: ({ input }) => ({ ...input, clicks: 0 }),
    initial: 'off',
    states: {
      off: { on: { click: { target: 'lit', actions: ['light', 'count'] } } },
      lit: { tags: 'bright', type: 'final' },
    },
  })
  let feed: Feed
  const start = () =>
    startActor({ clock: new VirtualClock(), feed }, lamp, {
      id: 'lamp/1',
      parent: 'house',
      input: { secret: 'of no one' },
    })
  const click = { type: 'click', by: Uint8Array.of(0xab), count: 3n } as const
  const attach = (socket = { bufferedAmount: 0 }) => {
    const pushes: StatelyEvent[] = []
    const send = (text: string) => void pushes.push(JSON.parse(text))
    const end = new StatelyClient([{ node: 'alice', feed }], Object.assign(socket, { send }))
    return { pushes, end }
  }
  beforeEach(() => {
    feed = new Feed()
  })

  it('begins with the living actors, and sends events with the states that they lead to', () => {
    const actor = start()
    const { pushes } = attach()
    actor.send(click)
    const [born, event, snapshot, end] = pushes.map(asTheirs)
    const of = { sessionId: 'alice/lamp/1', rootId: 'alice/lamp/1' }
    expect(born).to.deep.include({ ...of, type: '@xstate.actor', name: 'alice/lamp/1', parentId: 'alice/house' })
    expect(born).to.have.nested.property('snapshot.value', 'off')
    const definition = JSON.parse((born as { definition: string }).definition)
    expect(definition.states.off.on.click).to.deep.equal({ target: 'lit', actions: ['light', 'count'] })
    const click0 = { type: 'click', by: '0xab', count: 3 }
    expect(event).to.deep.include({ ...of, type: '@xstate.event', event: click0 })
    expect(snapshot).to.deep.include({ ...of, type: '@xstate.snapshot', event: click0 })
    expect(snapshot)
      .to.have.property('snapshot')
      .that.deep.includes({ status: 'done', value: 'lit', tags: ['bright'] })
    expect(end).to.have.nested.property('snapshot.status', 'stopped')
    for (const one of pushes) expect([one._version, Number(one.createdAt) > 0]).to.deep.equal(['0.7.2', true])
  })
  it('sends nothing of a context', () => {
    const actor = start()
    const { pushes } = attach()
    actor.send(click)
    expect(JSON.stringify(pushes)).not.to.contain('of no one')
  })
  it('bounds an event that refers to itself, and leaves out its ports', () => {
    const actor = start()
    const { pushes } = attach()
    const ring: { next?: object; ports: object } = { ports: { key: 'of no one' } }
    ring.next = ring
    actor.send({ ...click, ...ring } as typeof click)
    expect(JSON.stringify(pushes[1])).to.have.length.below(500).and.not.contain('of no one')
  })
  it('leaves out what a tool does not read, and begins anew with it', () => {
    const socket = { bufferedAmount: 8 << 20 }
    const { pushes } = attach(socket)
    start()
    expect(pushes).to.deep.equal([])
    socket.bufferedAmount = 0
    feed.publish({ type: 'message.sent', actor: 'peer/1', protocol: 'p2p', code: 2, size: 1 })
    expect(pushes.map(({ type, sessionId }) => [type, sessionId])).to.deep.equal([['@xstate.actor', 'alice/lamp/1']])
  })
  it('reads the feed only while somebody is attached', () => {
    const { end } = attach()
    expect(feed.isRead).to.equal(true)
    end.close()
    expect(feed.isRead).to.equal(false)
  })
  it('is received by the package itself', async () => {
    const inspector = await Inspector.open({ feed, id: 'ab'.repeat(32), name: 'Peerchart' })
    start()
    const receiver = createWebSocketReceiver({ server: inspector.statelyAddress })
    const first = await new Promise<StatelyInspectionEvent>((resolve) => {
      receiver.subscribe((event) => resolve(event))
    })
    expect(first).to.deep.include({ type: '@xstate.actor', sessionId: 'lamp/1' })
    await inspector.close()
  })
})
