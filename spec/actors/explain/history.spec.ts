import { expect } from 'chai'
import fc from 'fast-check'
import { History } from '../../../actors/explain/history.ts'
import { AnswerTime } from '../../../actors/inspector/answer-time.ts'
import { PageSession } from '../../../actors/inspector/page-session.ts'
import type { PageMessage } from '../../../actors/inspector/wire.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { toLine } from '../../../actors/trace/feed-lines.ts'
import { type Heading, recordingFormat, recordingVersion } from '../../../actors/trace/lines.ts'
import type { Live } from '../../../actors/trace/live.ts'

const actorGiven = (input: object) =>
  ({ options: { input }, getSnapshot: () => undefined }) as unknown as NonNullable<Live['actor']>

const heading: Heading = { format: recordingFormat, version: recordingVersion, client: 'spec', startedAt: '' }

describe('the history of a feed', () => {
  let feed: Feed
  let now: number
  beforeEach(() => {
    feed = new Feed()
    now = 0
  })
  const follow = (bytes: number, node?: string) => {
    const history = new History({ bytes, now: () => now++ })
    history.follow(feed, node)
    return history
  }
  const start = (actor: string, chart = 'lamp') => feed.publish({ type: 'actor.started', actor, chart })
  const stop = (actor: string, chart = 'lamp') => feed.publish({ type: 'actor.stopped', actor, chart })
  const step = (actor: string, to: string, data: object = {}) =>
    feed.publish(
      { type: 'transition', actor, chart: 'lamp', event: 'click', from: '', to, effects: ['light'] },
      { event: { type: 'click', ...data } },
    )
  const say = (actor: string, payload: Uint8Array, type: 'message.sent' | 'message.received' = 'message.sent') =>
    feed.publish({ type, actor, protocol: 'p2p', code: 2, size: payload.length }, { payload })

  it('shows every actor as it was after any line that is still there', () => {
    const action = fc.record({
      actor: fc.constantFrom('peer/1', 'peer/2', 'peer/3'),
      what: fc.constantFrom('start', 'stop', 'step', 'say'),
      state: fc.constantFrom('on', 'off', 'broken'),
    })
    fc.assert(
      fc.property(fc.array(action, { minLength: 1, maxLength: 600 }), (actions) => {
        feed = new Feed()
        const history = follow(64 << 10)
        const pictures = actions.map(({ actor, what, state }) => {
          if (what === 'start') start(actor, 'peer')
          else if (what === 'stop') stop(actor, 'peer')
          else if (what === 'step') step(actor, state)
          else say(actor, new Uint8Array(100))
          return history.picture()!
        })
        const { oldest, newest } = history
        expect(newest.seq).to.equal(actions.length)
        for (const then of pictures.filter(({ seq }) => seq >= oldest.seq)) {
          const { oldest: _, ...shown } = history.picture(then.seq)!
          expect(shown).to.deep.equal({ seq: then.seq, at: then.at, actors: then.actors, peers: then.peers })
        }
        if (oldest.seq > 1) expect(history.picture(oldest.seq - 1)).to.equal(undefined)
      }),
      { numRuns: 30 },
    )
  })
  it('keeps what it can in its bytes, the newest of all', () => {
    const history = follow(1 << 20)
    start('peer/1', 'peer')
    for (let i = 0; i < 20_000; i++) say('peer/1', new Uint8Array(100).fill(i))
    expect(history.newest.seq).to.equal(20_001)
    expect(history.oldest.seq).to.be.above(10_000)
    const kept = [...history.forwards(0)]
    expect(kept).to.have.length(history.newest.seq - history.oldest.seq + 1)
    for (const { seq, payload } of kept) expect(payload).to.deep.equal(new Uint8Array(100).fill(seq - 2))
    expect(history.liveState.peers.get('peer/1')!.sent).to.deep.equal([2_000_000, 20_000])
  })
  it('takes no memory but its bytes, however long it follows', () => {
    const before = process.memoryUsage()
    const payload = new Uint8Array(500)
    const history = follow(4 << 20)
    const external = () => process.memoryUsage().arrayBuffers - before.arrayBuffers
    for (let peer = 0; peer < 3_000; peer++) {
      start(`peer/${peer}`, 'peer')
      for (let i = 0; i < 20; i++) {
        step(`peer/${peer}`, `state ${i}`, { id: 'ab'.repeat(32), now: i, list: [i] })
        say(`peer/${peer}`, payload)
      }
      stop(`peer/${peer}`, 'peer')
    }
    expect(external()).to.be.below(5 << 20)
    // Of actors that have ended the last thousand are remembered.
    expect(history.picture()!.actors).to.have.length(1_000)
    expect(history.picture()!.peers).to.have.length(1_000)
  })
  it('keeps only the size of a payload that is too long', () => {
    const history = follow(1 << 20)
    say('peer/1', new Uint8Array(17 << 10))
    expect(history.at(1)!.payload).to.equal(undefined)
    expect(toLine(history.at(1)!)).to.deep.include({ size: 17 << 10 })
  })
  it('keeps the data of events as it was', () => {
    const history = follow(1 << 20)
    const data = fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== 'type' && key !== '__proto__'),
      fc.oneof(
        ...[fc.string(), fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)],
        ...[fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.uint8Array({ maxLength: 64 }), fc.array(fc.integer())],
      ),
      { maxKeys: 8, noNullPrototype: true },
    )
    fc.assert(
      fc.property(data, (data) => {
        step('lamp/1', 'on', data)
        expect(history.at(history.newest.seq)!.data ?? {}).to.deep.equal(data)
      }),
    )
  })
  it('keeps an event of however many fields', () => {
    const history = follow(1 << 20)
    step('lamp/1', 'on', Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`field ${i}`, i])))
    step('lamp/1', 'off', { last: true })
    expect(Object.keys(history.at(1)!.data!)).to.have.length(255)
    expect(history.at(2)!.data).to.deep.equal({ last: true })
  })
  it('learns of a peer from the events about it alone, and with their data', () => {
    const history = follow(1 << 20)
    start('peer/1', 'peer')
    for (const event of ['constructor', 'valueOf', 'peer.added'])
      for (const data of [{}, { conn: 1, id: 'ab', remote: '10.1.2.3:4', client: 'none' }]) {
        const entry = { actor: 'server', chart: 'server', event, from: '', to: '', effects: [] }
        feed.publish({ type: 'transition', ...entry }, { event: { type: event, ...data } })
        feed.publish({ type: 'transition', ...entry })
      }
    expect(history.picture()!.peers[0])
      .to.include({ id: 'ab', address: '10.1.2.3:4' })
      .and.not.have.any.keys('conn', 'client')
  })
  it('knows which of the nodes here discovery has found, by the id that its chart was given', () => {
    const nodes = [{ name: 'node-2', id: 'ab' }]
    const history = new History({ nodes, now: () => now++ })
    history.follow(feed, 'node-1')
    const begin = (actor: string, chart: string, id: string) =>
      feed.publish({ type: 'actor.started', actor, chart }, { actor: actorGiven({ id }) })
    begin('discv4/node/ab/1', 'discv4-node', 'ab')
    begin('discv5/session/1', 'discv5-session', 'cd')
    begin('lamp/1', 'lamp', 'ab')
    const known = history.picture()!.actors.map(({ actor, knows }) => [actor, knows])
    expect(known).to.deep.equal([
      ['node-1/discv4/node/ab/1', 'node-2'],
      ['node-1/discv5/session/1', undefined],
      ['node-1/lamp/1', undefined],
    ])
  })
  it('forgets lookups and sessions of discovery that are over before it forgets a peer', () => {
    const history = follow(1 << 20)
    start('peer/1', 'peer')
    stop('peer/1', 'peer')
    for (const chart of ['lookup', 'discv4-node', 'discv5-session'])
      for (let i = 0; i < 1_000; i++) {
        start(`${chart}/${i}`, chart)
        stop(`${chart}/${i}`, chart)
      }
    const { actors } = history.picture()!
    expect(actors[0]).to.include({ actor: 'peer/1' })
    expect(actors).to.have.length(31)
    expect(actors.at(-1)).to.include({ actor: 'discv5-session/999' })
  })
  it('names actors by their node where there are several', () => {
    const history = follow(1 << 20, 'alice')
    feed.publish({ type: 'actor.started', actor: 'peer/1', chart: 'peer', parent: 'server' })
    step('peer/1', 'on')
    expect(toLine(history.at(1)!)).to.deep.include({ node: 'alice', actor: 'alice/peer/1', parent: 'alice/server' })
    expect(history.liveState.actor('alice/peer/1')).to.deep.include({ state: 'on', count: 1 })
  })

  describe('pushed to a page', () => {
    const page = (history: History, now = () => 0) => {
      const pushes: PageMessage[] = []
      const socket = { bufferedAmount: 0, send: (text: string) => void pushes.push(JSON.parse(text)) }
      history.takeChanges() // the picture has them
      const time = new AnswerTime(now)
      const session = new PageSession({ heading, history, isRecording: false }, socket, time, (bug) =>
        expect.fail(`${bug}`),
      )
      return { pushes, socket, session, time, push: () => session.push({ push: 'changes', ...history.takeChanges() }) }
    }
    it('says what has changed, once', () => {
      const history = follow(1 << 20)
      const { pushes, push } = page(history)
      start('lamp/1')
      step('lamp/1', 'on')
      push()
      step('lamp/1', 'off')
      stop('lamp/1')
      push()
      push()
      const changes = pushes.slice(1) as Extract<PageMessage, { push: 'changes' }>[]
      expect(
        changes.map(({ started, states, stopped }) => [started.map(({ state }) => state), states, stopped]),
      ).to.deep.equal([
        [['on'], [], []],
        [[], [['lamp/1', 'off', 2]], ['lamp/1']],
        [[], [], []],
      ])
    })
    it('sends the newest lines, and counts those that do not fit', () => {
      const history = follow(4 << 20)
      const { pushes, session, push } = page(history)
      session.take('{"ask":"messages","isOn":true}')
      for (let i = 0; i < 1_000; i++) say('peer/1', Uint8Array.of(0xc0))
      push()
      const { lines, dropped } = pushes.at(-1) as Extract<PageMessage, { push: 'changes' }>
      expect([lines.length, lines.at(-1)!.seq, dropped]).to.deep.equal([100, 1_000, 900])
    })
    it('waits for a page that does not read, and begins anew with it', () => {
      const history = follow(4 << 20)
      const { pushes, session, socket, push } = page(history)
      session.take('{"ask":"messages","isOn":true}')
      socket.bufferedAmount = 2 << 20
      start('lamp/1')
      say('peer/1', Uint8Array.of(0xc0))
      push()
      session.take('{"ask":"picture","id":1}')
      expect(pushes.map(({ push }) => push)).to.deep.equal(['hello'])
      socket.bufferedAmount = 0
      push()
      expect(pushes.map(({ push }) => push)).to.deep.equal(['hello', 'hello', 'picture'])
      push()
      expect(pushes.at(-1)).to.deep.include({ push: 'changes', dropped: 1 })
    })
    it('answers for 25 ms from one push to the next, whatever a question costs', () => {
      let now = 0
      const clock = () => {
        now += 5
        return now
      }
      const { pushes, session, time, push } = page(follow(1 << 20), clock)
      const answered = () => pushes.filter(({ push }) => push === 'picture').length
      for (let id = 0; id < 12; id++) session.take(JSON.stringify({ ask: 'picture', id })) // 5 ms each
      expect(answered()).to.equal(5)
      push()
      expect(answered()).to.equal(5)
      time.renew()
      push()
      expect(answered()).to.equal(10)
    })
    it('gives 1,000 lines at a time at most', () => {
      const history = follow(4 << 20)
      const { pushes, session } = page(history)
      for (let i = 0; i < 1_500; i++) say('peer/1', Uint8Array.of(0xc0))
      session.take('{"ask":"lines","id":1,"limit":5000}')
      expect((pushes.at(-1) as Extract<PageMessage, { push: 'lines' }>).lines).to.have.length(1_000)
    })
    it('ends a page that asks without end', () => {
      const { session, socket } = page(follow(1 << 20))
      socket.bufferedAmount = 2 << 20
      const flood = () => {
        for (let id = 0; id <= 1_000; id++) session.take(JSON.stringify({ ask: 'picture', id }))
      }
      expect(flood).to.throw('too many questions')
    })
    it('sends 5,000 actors at once, and a change of each in one push', () => {
      const history = follow(16 << 20)
      for (let i = 0; i < 5_000; i++) start(`lamp/${i}`)
      const { pushes, push } = page(history)
      expect((pushes[0] as Extract<PageMessage, { push: 'hello' }>).picture.actors).to.have.length(5_000)
      for (let i = 0; i < 5_000; i++) step(`lamp/${i}`, 'on')
      const before = pushes.length
      push()
      expect(pushes).to.have.length(before + 1)
      expect((pushes.at(-1) as Extract<PageMessage, { push: 'changes' }>).states).to.have.length(5_000)
    })
  })
})
