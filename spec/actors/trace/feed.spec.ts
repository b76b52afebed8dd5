import { expect } from 'chai'
import { assign, type InspectionEvent, raise, setup } from 'xstate'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import type { FeedEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import type { Live } from '../../../actors/trace/live.ts'
import { describeState } from '../../../machines/names/state-name.ts'

describe('the feed', () => {
  const lamp = setup({
    types: {} as {
      context: { secret: string; clicks: number }
      input: { secret: string }
      events: { type: 'click' | 'break' | 'touch' }
    },
    actions: { light: () => {}, count: assign(({ context }) => ({ clicks: context.clicks + 1 })) },
  }).createMachine({
    id: 'lamp',
    context: ({ input }) => ({ ...input, clicks: 0 }),
    initial: 'off',
    states: {
      off: { on: { click: { target: 'on', actions: ['count', 'light'] } } },
      on: { on: { click: { target: 'off', actions: 'count' }, touch: { actions: 'light' } } },
      broken: { type: 'final' },
    },
    on: { break: '.broken' },
  })
  let feed: Feed
  let entries: FeedEntry[]
  const start = (id = 'lamp/1', parent?: string) =>
    startActor({ clock: new VirtualClock(), feed }, lamp, {
      id,
      input: { secret: 'of no one' },
      ...(parent !== undefined && { parent }),
    })

  beforeEach(() => {
    feed = new Feed()
    entries = []
  })
  const read = () => feed.subscribe((entry) => entries.push(entry))

  it('publishes births, transitions with their effects, and deaths', () => {
    read()
    const actor = start('lamp/1', 'house')
    actor.send({ type: 'click' })
    actor.send({ type: 'touch' })
    actor.send({ type: 'break' })
    const of = { actor: 'lamp/1', chart: 'lamp' }
    expect(entries.map(({ type }) => type)).to.deep.equal([
      ...['actor.started', 'transition', 'transition', 'transition'],
      'actor.stopped',
    ])
    expect(entries.filter(({ type }) => type !== 'transition')).to.deep.equal([
      { type: 'actor.started', ...of, parent: 'house' },
      { type: 'actor.stopped', ...of },
    ])
    expect(entries.filter((entry) => entry.type === 'transition' && entry.event !== 'xstate.init')).to.deep.equal([
      { type: 'transition', ...of, event: 'click', from: 'off', to: 'on', effects: ['light'] },
      { type: 'transition', ...of, event: 'touch', from: 'on', to: 'on', effects: ['light'] },
      { type: 'transition', ...of, event: 'break', from: 'on', to: 'broken', effects: [] },
    ])
  })

  it('publishes an end after the transition that led to it', () => {
    read()
    start().send({ type: 'break' })
    const last = entries.slice(-2).map((entry) => (entry.type === 'transition' ? entry.to : entry.type))
    expect(last).to.deep.equal(['broken', 'actor.stopped'])
    const actor = start('lamp/2')
    actor.send({ type: 'click' })
    actor.stop()
    expect(entries.at(-1)).to.deep.equal({ type: 'actor.stopped', actor: 'lamp/2', chart: 'lamp' })
  })

  it('publishes all that XState reports of an event, whose own inspection goes on beside it', () => {
    const actor = start()
    const lives: Live[] = []
    feed.subscribe((_, live) => lives.push(live))
    const reported: InspectionEvent[] = []
    actor.system.inspect((event) => reported.push(event))
    const click = { type: 'click' } as const
    for (const event of [click, { type: 'touch' } as const, click, { type: 'break' } as const]) actor.send(event)
    const steps = reported.flatMap((event) => (event.type === '@xstate.microstep' ? event._transitions : []))
    const events = reported.flatMap((event) => (event.type === '@xstate.snapshot' ? event.event : []))
    expect(steps.map(({ eventType }) => eventType)).to.deep.equal(['click', 'touch', 'click', 'break'])
    const transitions = lives.filter(({ taken }) => taken)
    expect(transitions.flatMap(({ taken }) => taken)).to.deep.equal(steps)
    expect(transitions.map(({ event }) => event)).to.deep.equal(events)
    expect(transitions[0]?.event).to.equal(click)
    expect(new Set(transitions.map(({ actor }) => actor))).to.deep.equal(new Set([actor]))
  })

  it('publishes every step that one event sets off, and leaves out what the chart raises for itself', () => {
    const relay = setup({ actions: { note: () => {} } }).createMachine({
      id: 'relay',
      initial: 'idle',
      states: {
        idle: { on: { go: { target: 'passing', actions: ['note', raise({ type: 'on' })] } } },
        passing: { entry: 'note', on: { on: 'checking' } },
        checking: { always: { target: 'idle', actions: 'note' } },
      },
    })
    const actor = startActor({ clock: new VirtualClock(), feed }, relay, { id: 'relay/1', input: undefined })
    const taken: string[] = []
    feed.subscribe((entry, live) => {
      entries.push(entry)
      taken.push(...live.taken!.map(({ source, eventType }) => `${source.key} ${eventType}`))
    })
    actor.send({ type: 'go' })
    const of = { actor: 'relay/1', chart: 'relay' }
    expect(entries).to.deep.equal([
      { type: 'transition', ...of, event: 'go', from: 'idle', to: 'idle', effects: ['note', 'note', 'note'] },
    ])
    expect(taken).to.deep.equal(['idle go', 'passing on', 'checking '])
  })

  it('says nothing of an event that the chart ignores', () => {
    const actor = start()
    read()
    actor.send({ type: 'touch' })
    expect(entries).to.deep.equal([])
  })

  it('knows how many events waited at most in a mailbox, the one in hand included', () => {
    const crowd = setup({
      actions: { call: ({ self }) => ['come', 'come', 'come'].map((type) => self.send({ type })) },
    }).createMachine({ id: 'crowd', on: { go: { actions: 'call' }, come: {} } })
    const actor = startActor({ clock: new VirtualClock(), feed }, crowd, { id: 'crowd/1', input: undefined })
    actor.send({ type: 'go' })
    expect(feed.mailboxes.get('crowd')).to.deep.equal({ deepest: 0 }) // no one read
    read()
    actor.send({ type: 'come' })
    expect(feed.mailboxes.get('crowd')).to.deep.equal({ deepest: 1 })
    for (let i = 0; i < 3; i++) actor.send({ type: 'go' })
    expect(feed.mailboxes.get('crowd')).to.deep.equal({ deepest: 4 })
  })

  it('begins and ends with its readers, and names the living actors to one that comes late', () => {
    const actor = start()
    actor.send({ type: 'click' })
    const unsubscribe = read()
    expect(feed.actors).to.deep.equal([{ id: 'lamp/1', chart: 'lamp', state: 'on' }])
    actor.send({ type: 'click' })
    unsubscribe()
    actor.send({ type: 'click' })
    expect(entries).to.have.length(1)
    expect(feed.isRead).to.equal(false)
  })

  it('carries nothing of a context', () => {
    read()
    start().send({ type: 'click' })
    expect(JSON.stringify(entries)).to.not.include('of no one')
  })

  it('does not let a reader that throws stop the actor it reads', (done) => {
    const thrown = new Error('a reader of the spec')
    const listeners = process.rawListeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', (error) => {
      for (const listener of listeners) process.on('uncaughtException', listener as never)
      expect(error).to.equal(thrown)
      done()
    })
    const actor = start()
    const unsubscribe = feed.subscribe(() => {
      unsubscribe()
      throw thrown
    })
    actor.send({ type: 'click' })
    actor.send({ type: 'click' })
    expect(actor.getSnapshot().value).to.equal('off')
  })

  it('ends a reader that throws or whose promise rejects, once and alone; the others get its bug after the entry', async () => {
    const seen: string[] = []
    feed.supervise((error, reader) => seen.push(`${reader}: ${error}`))
    let calls = 0
    feed.subscribe(() => {
      calls += 1
      throw new Error('at once')
    }, 'metrics')
    feed.subscribe(async ({ type }) => {
      if (type === 'transition') throw new Error('later')
    }, 'recorder')
    feed.subscribe(({ type }) => seen.push(type))
    const actor = start()
    actor.send({ type: 'click' })
    await new Promise(setImmediate)
    actor.send({ type: 'click' })
    expect(calls).to.equal(1)
    expect(seen).to.deep.equal([
      ...['actor.started', 'transition', 'metrics: Error: at once', 'recorder: Error: later'],
      'transition',
    ])
  })

  it('has a text for every state', () => {
    expect(describeState('idle')).to.equal('idle')
    expect(describeState({ running: { keepalive: 'quiet', writing: 'flowing' } })).to.equal(
      'running.(keepalive.quiet writing.flowing)',
    )
    expect(describeState({ a: { b: {} } })).to.equal('a.b')
  })
})
