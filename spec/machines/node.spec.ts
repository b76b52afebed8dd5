import { expect } from 'chai'
import {
  type NodeEvent,
  type NodeInput,
  NodeRunning,
  NodeStopped,
  nodeMachine,
  StopError,
} from '../../machines/node.ts'
import { ChartWalk, type Step } from '../chart.ts'
import { noPorts } from '../no-ports.ts'

describe('node', () => {
  const chart = new ChartWalk(nodeMachine)
  const input: NodeInput = { ports: noPorts }
  const upon = (...events: NodeEvent[]) => chart.from(input, ...events)

  const register = (...names: string[]) => names.map((name): NodeEvent => ({ type: 'service.register', name }))
  const start: NodeEvent = { type: 'node.start', call: 1 }
  const close = (call = 2): NodeEvent => ({ type: 'node.close', call })
  const up: NodeEvent[] = [{ type: 'server.started' }, { type: 'rpc.started' }]
  const started: NodeEvent = { type: 'service.started' }
  const failed = (error: Error): NodeEvent => ({ type: 'service.failed', error })
  const stopped = (error?: Error): NodeEvent => ({ type: 'service.stopped', ...(error && { error }) })
  const deaf: NodeEvent = { type: 'rpc.stopped' }
  const down: NodeEvent = { type: 'server.stopped' }
  const released = (...errors: Error[]): NodeEvent => ({ type: 'node.released', errors })
  const running = (...names: string[]) => upon(...register(...names), start, ...up, ...names.map(() => started))

  /** Every effect on the way, by name and service. */
  const path = (step: Step<typeof nodeMachine>, ...events: NodeEvent[]) => {
    const effects: string[] = []
    for (const event of events) {
      step = chart.on(step, event)
      effects.push(
        ...step.effects.map(([name, params]) => [name, (params as { name?: string })?.name].filter(Boolean).join(' ')),
      )
    }
    return { state: step.state, effects }
  }
  const answers = ({ effects }: Step<typeof nodeMachine>) =>
    effects.filter(([name]) => name === 'settle').map(([, params]) => params as { call: number; error?: Error })

  it('starts p2p, then RPC, then the services in order, and answers', () => {
    expect(path(upon(...register('a', 'b')), start, ...up, started, started)).to.deep.equal({
      state: 'running',
      effects: ['startServer', 'startRpc', 'startService a', 'startService b', 'settle'],
    })
    expect(answers(running('a'))).to.deep.equal([{ call: 1 }])
  })
  it('runs without any service', () => expect(running().state).to.equal('running'))
  it('closes RPC, then the services in reverse, then p2p, then what it owns', () => {
    const closing = path(running('a', 'b'), close(), deaf, stopped(), stopped(), down, released())
    expect(closing).to.deep.equal({
      state: 'closed',
      effects: ['stopRpc', 'stopService b', 'stopService a', 'stopServer', 'release', 'reportClosed', 'settle'],
    })
  })
  it('refuses a second start while it runs [N1]', () => {
    const [answer] = answers(chart.on(running(), { type: 'node.start', call: 3 }))
    expect(answer).to.deep.include({ call: 3 })
    expect(answer!.error).to.be.instanceOf(NodeRunning).with.property('message', 'node already running')
  })
  it('closes without a start, once [N1]', () => {
    const closed = upon(close(), released())
    expect(answers(closed)).to.deep.equal([{ call: 2 }])
    for (const event of [close(3), { type: 'node.start', call: 3 } as const]) {
      const [answer] = answers(chart.on(closed, event))
      expect(answer!.error).to.be.instanceOf(NodeStopped).with.property('message', 'node not started')
    }
  })
  it('stops what had started when a service fails, in reverse, and not the one that failed [N2]', () => {
    const error = new Error('no disk')
    const failing = upon(...register('a', 'b', 'c', 'd'), start, ...up, started, started, started)
    expect(path(failing, failed(error), deaf, stopped(), stopped(), stopped(), down, released())).to.deep.equal({
      state: 'closed',
      effects: [
        ...['stopRpc', 'stopService c', 'stopService b', 'stopService a'],
        ...['stopServer', 'release', 'reportClosed', 'settle'],
      ],
    })
    const closed = chart.on(
      failing,
      failed(error),
      deaf,
      stopped(new Error('lost')),
      stopped(),
      stopped(),
      down,
      released(),
    )
    expect(answers(closed)).to.deep.equal([{ call: 1, error }])
  })
  it('does not stop a server that failed to start', () => {
    const error = new Error('address already in use')
    const closed = chart.on(upon(...register('a'), start), { type: 'server.failed', error })
    expect(closed).to.deep.include({ state: 'closing.releasing', effects: [['release', undefined]] })
    expect(answers(chart.on(closed, released()))).to.deep.equal([{ call: 1, error }])
  })
  it('stops RPC, where an endpoint may be open, and the server when RPC fails to start', () => {
    const error = new Error('address already in use')
    const failing = upon(...register('a'), start, { type: 'server.started' })
    expect(path(failing, { type: 'rpc.failed', error }, deaf, down, released())).to.deep.equal({
      state: 'closed',
      effects: ['stopRpc', 'stopServer', 'release', 'reportClosed', 'settle'],
    })
    const closed = chart.on(failing, { type: 'rpc.failed', error }, deaf, down, released())
    expect(answers(closed)).to.deep.equal([{ call: 1, error }])
  })
  it('waits for a service that hangs in its stop, and says whom it waits for', () => {
    const hanging = chart.on(running('a', 'b'), close(), deaf)
    const slow = chart.elapsed('slowStop', 'closing.services.current')
    expect(chart.on(hanging, slow)).to.deep.include({
      state: 'closing.services.current',
      effects: [['reportSlow', { name: 'b' }]],
    })
  })
  it('stops every other service when one fails to stop, and says which [N3]', () => {
    const lost = new Error('lost')
    const [answer] = answers(chart.on(running('a', 'b'), close(), deaf, stopped(lost), stopped(), down, released()))
    expect(answer!.error).to.be.instanceOf(StopError)
    expect(answer!.error).to.have.property('message', 'server: <nil>, services: map[b:lost]')
    expect([...(answer!.error as StopError).services]).to.deep.equal([['b', lost]])
  })
  it('names the services that failed to stop by name', () =>
    expect(
      new StopError(
        new Map([
          ['b', new Error('x')],
          ['a', new Error('y')],
        ]),
      ).message,
    ).to.equal('server: <nil>, services: map[a:y b:x]'))
  it('gives one error as it is and several together', () => {
    const one = new Error('database')
    const end = (...events: NodeEvent[]) => answers(chart.on(running('a'), close(), deaf, ...events))[0]!.error
    expect(end(stopped(), down, released(one))).to.equal(one)
    const both = end(stopped(new Error('lost')), down, released(one))
    expect(both).to.be.instanceOf(AggregateError)
    expect(both!.message).to.equal('[server: <nil>, services: map[a:lost] database]')
  })
  it('closes after the start when asked to during it, and answers both', () => {
    const starting = upon(...register('a'), start, close(2))
    expect(answers(chart.on(starting, close(3)))[0]!.error).to.be.instanceOf(NodeStopped)
    const ran = chart.on(starting, ...up, started)
    expect(answers(ran)).to.deep.equal([{ call: 1 }])
    expect(ran.state).to.equal('closing.rpc')
    expect(answers(chart.on(ran, deaf, stopped(), down, released()))).to.deep.equal([{ call: 2 }])
  })
  it('answers a close during a start that fails as one that came too late', () => {
    const error = new Error('no disk')
    const [ofStart, ofClose] = answers(chart.on(upon(start, close(2)), { type: 'server.failed', error }, released()))
    expect(ofStart).to.deep.equal({ call: 1, error })
    expect(ofClose!.error).to.be.instanceOf(NodeStopped)
  })
  it('does not start again while it closes', () => {
    const [answer] = answers(chart.on(running(), close(), { type: 'node.start', call: 3 }))
    expect(answer!.error).to.be.instanceOf(NodeStopped)
  })
  it('takes services only before the start, each once', () => {
    const why = (step: Step<typeof nodeMachine>) => (step.effects[0]![1] as { why: string }).why
    expect(why(upon(...register('a', 'a')))).to.equal('attempt to register lifecycle a more than once')
    const late = "can't register lifecycle on running/stopped node"
    expect(why(chart.on(upon(start), ...register('b')))).to.equal(late)
    expect(why(chart.on(upon(close(), released()), ...register('b')))).to.equal(late)
  })

  it('has taken every transition', () => expect(chart.untouched).to.deep.equal([]))
})
