import { expect } from 'chai'
import fc from 'fast-check'
import { setup } from 'xstate'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'

// What an effect does, as a tree: it sends to actors, starts one, sends a message on the wire, ends its own, throws.
type Plan = { readonly do: 'send' | 'start' | 'message' | 'end' | 'throw'; readonly to: number; readonly next: Plan[] }
type Numbered = Omit<Plan, 'next'> & { readonly n: number; readonly cause: number; readonly next: Numbered[] }
type Go = { readonly type: 'go'; readonly plan: Numbered } | { readonly type: 'end' }

const relay = setup({
  types: {} as { context: { act(plan: Numbered): void }; input: { act(plan: Numbered): void }; events: Go },
  actions: { act: ({ context }, { plan }: { plan: Numbered }) => context.act(plan) },
}).createMachine({
  id: 'relay',
  context: ({ input }) => input,
  initial: 'on',
  states: {
    on: {
      on: {
        go: { actions: { type: 'act', params: ({ event }) => event } },
        end: 'off',
      },
    },
    off: { type: 'final' },
  },
})

const plansOf = fc.memo(
  (depth): fc.Arbitrary<Plan> =>
    fc.record({
      do: fc.oneof(
        { weight: 6, arbitrary: fc.constant('send' as const) },
        { weight: 2, arbitrary: fc.constantFrom('start' as const, 'message' as const) },
        { weight: 1, arbitrary: fc.constantFrom('end' as const, 'throw' as const) },
      ),
      to: fc.nat(3),
      next: depth > 1 ? fc.array(plansOf(), { maxLength: 3 }) : fc.constant([]),
    }),
)
const plans = plansOf(5)

/** What happened, in the order of the feed: by the number of its plan. */
type Report = {
  readonly what: 'step' | 'start' | 'message' | 'bug' | 'stop'
  readonly actor: string
  readonly n?: number
}

function play(plan: Plan, isReadLate = false) {
  const feed = new Feed()
  const reported: Report[] = []
  const bugs: string[] = []
  /** Sent in an effect to another actor, by number, and whose chart took it. */
  const sent: number[] = []
  const taken: number[] = []
  /** Whose effects run. */
  const running: string[] = []
  const nested: string[] = []
  const actors = new Map<string, ReturnType<typeof start>>()
  const start = (id: string) => {
    const act = (plan: Numbered) => {
      taken.push(plan.n)
      if (running.length > 0) nested.push(`${id} in ${running.at(-1)}`)
      running.push(id)
      try {
        for (const one of plan.next) perform(one, id)
      } finally {
        running.pop()
      }
    }
    return startActor({ clock: new VirtualClock(), feed, supervisor: ({ actor }) => bugs.push(actor) }, relay, {
      id,
      input: { act },
      crashed: () => feed.publish({ type: 'bug', actor: id, error: 'Error', message: '', ends: 'connection' }),
    })
  }
  const perform = (one: Numbered, by: string) => {
    const other = `relay/${one.to}`
    if (one.do === 'message') feed.publish({ type: 'message.sent', actor: by, protocol: 'p2p', code: one.n, size: 0 })
    else if (one.do === 'start') actors.set(`${by}/${one.n}`, start(`${by}/${one.n}`))
    else if (one.do === 'throw') throw new Error('of a plan')
    else if (one.do === 'end') actors.get(by)!.send({ type: 'end' })
    else {
      if (other !== by) sent.push(one.n)
      actors.get(other)!.send({ type: 'go', plan: one })
    }
  }
  const read = () =>
    feed.subscribe((entry, { event }) => {
      const { actor } = entry
      const { plan } = (event ?? {}) as { plan?: Numbered }
      if (entry.type === 'transition') reported.push({ what: 'step', actor, ...(plan && { n: plan.n }) })
      else if (entry.type === 'message.sent') reported.push({ what: 'message', actor, n: entry.code })
      else if (entry.type === 'actor.started') reported.push({ what: 'start', actor, n: Number(/\d+$/.exec(actor)) })
      else reported.push({ what: entry.type === 'bug' ? 'bug' : 'stop', actor })
    })
  for (let i = 0; i < 4; i++) actors.set(`relay/${i}`, start(`relay/${i}`))
  if (!isReadLate) read()
  let count = 0
  const number = ({ next, ...rest }: Plan, cause: number): Numbered => {
    const n = ++count
    return { ...rest, n, cause, next: next.map((one) => number(one, n)) }
  }
  const root = number({ ...plan, do: 'send' }, 0)
  perform(root, 'outside')
  return { root, reported, sent, taken, nested, bugs, actors, read }
}

const flat = (plan: Numbered): Numbered[] => [plan, ...plan.next.flatMap(flat)]

describe('the law of the step', () => {
  const holds = (check: (played: ReturnType<typeof play>) => void) =>
    fc.assert(
      fc.property(plans, (plan) => {
        check(play(plan))
      }),
      { numRuns: 300, seed: 15 },
    )

  it('has every entry of the feed after its cause', () =>
    holds(({ root, reported }) => {
      const at = new Map(
        reported.flatMap(({ n, what }, index) => (n === undefined || what === 'stop' ? [] : [[n, index]])),
      )
      for (const { n, cause } of flat(root)) {
        const [effect, before] = [at.get(n), at.get(cause)]
        if (effect !== undefined && cause > 0) expect(before, `${cause}, which led to ${n}`).to.be.below(effect)
      }
    }))
  it('takes no step inside of that of another', () => holds(({ nested }) => expect(nested).to.deep.equal([])))
  it('delivers what is sent to others in the order it was sent', () =>
    holds(({ sent, taken }) => {
      const crossing = new Set(sent)
      const reached = new Set(taken)
      expect(taken.filter((n) => crossing.has(n))).to.deep.equal(sent.filter((n) => reached.has(n)))
    }))
  it('blames what a step throws on whose step it was, and ends that one alone, after its step', () =>
    holds(({ root, reported, bugs, actors }) => {
      const ended = [...actors].filter(([, actor]) => actor.getSnapshot().status !== 'active').map(([id]) => id)
      const isToEnd = flat(root).some(({ do: what }) => what === 'throw' || what === 'end')
      if (!isToEnd) expect(ended).to.deep.equal([])
      expect(reported.flatMap(({ what, actor }) => (what === 'stop' ? [actor] : [])).sort()).to.deep.equal(ended.sort())
      expect(reported.flatMap(({ what, actor }) => (what === 'bug' ? [actor] : []))).to.deep.equal(bugs)
      for (const id of ended) expect(reported.findLast(({ actor }) => actor === id)?.what).to.equal('stop')
    }))
  it('is the same whether the feed is read or not', () =>
    fc.assert(
      fc.property(plans, (plan) => {
        expect(play(plan, true).taken).to.deep.equal(play(plan).taken)
      }),
      { numRuns: 100, seed: 15 },
    ))
  it('lets a chart hear at once what no one else is in the middle of', () => {
    const { actors, taken } = play({ do: 'send', to: 0, next: [] })
    const plan = { do: 'send', to: 1, n: 2, cause: 0, next: [] } as const
    actors.get('relay/1')!.send({ type: 'go', plan: { ...plan, next: [] } })
    expect(taken).to.deep.equal([1, 2])
  })
  it('stops an actor after what was sent to it before', () => {
    const lives: string[] = []
    const feed = new Feed()
    feed.subscribe((entry) => lives.push(`${entry.type} ${entry.actor}`))
    const start = (id: string, act: () => void) =>
      startActor({ clock: new VirtualClock(), feed }, relay, { id, input: { act } })
    const plan = { do: 'send', to: 0, n: 1, cause: 0, next: [] } as Numbered
    const last = start('last', () => lives.push('the effect of last'))
    const first = start('first', () => {
      last.send({ type: 'go', plan })
      last.stop()
      lives.push('the effect of first')
    })
    lives.length = 0
    first.send({ type: 'go', plan })
    expect(lives).to.deep.equal([
      ...['transition first', 'the effect of first', 'transition last', 'the effect of last', 'actor.stopped last'],
    ])
  })
})
