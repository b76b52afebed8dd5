import { expect } from 'chai'
import { debugChartApi } from '../../../actors/apis/debug-chart.ts'
import { debugLogApi } from '../../../actors/apis/debug-log.ts'
import { LogLevels } from '../../../actors/log/log-levels.ts'
import { startActor } from '../../../actors/runtime/start-actor.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { protocolManagerMachine } from '../../../machines/protocol-manager.ts'
import { failureOf } from '../../failure.ts'
import { noPorts } from '../../no-ports.ts'
import { virtualRuntime } from '../p2p/fakes.ts'
import { callApi } from './call-api.ts'

describe('the debug namespace', () => {
  it('changes the verbosity of the log at run time', async () => {
    const levels = new LogLevels(3)
    const call = (name: string, ...args: unknown[]) => callApi([debugLogApi(levels)], `debug_${name}`, ...args)
    expect(await call('verbosity', 5)).to.equal(null)
    expect(levels.verbosity).to.equal(5)
    expect(await call('vmodule', 'peer=1')).to.equal(null)
    expect(levels.of('peer 3f9a01b2')).to.equal(1)
    const refusal = await failureOf(call('vmodule', 'peer'))
    expect(refusal).to.include({ code: -32_000, message: 'expect comma-separated list of module=N' })
    const mistake = await failureOf(call('verbosity', 'a'))
    expect(mistake).to.include({
      code: -32_602,
      message: 'invalid argument 0: json: cannot unmarshal string into Go value of type int',
    })
  })

  it('shows the state of an actor, and never what it holds', async () => {
    const runtime = { ...virtualRuntime(), feed: new Feed() }
    const manager = startActor(runtime, protocolManagerMachine, {
      id: 'eth',
      parent: 'node',
      input: { ports: noPorts, maxPeers: 1 },
    })
    const call = (...args: unknown[]) => callApi([debugChartApi(runtime.feed)], 'debug_chart', ...args)
    const created = { actor: 'eth', chart: 'protocol-manager', parent: 'node', state: 'created' }
    expect(await call('eth')).to.deep.equal(created)
    expect(await call()).to.deep.equal([created])
    manager.send({ type: 'manager.stop' })
    manager.send({ type: 'manager.release' })
    expect(await call()).to.deep.equal([])
    const refusal = await failureOf(call('eth'))
    expect(refusal).to.include({
      code: -32_000,
      message: 'no actor "eth": debug_chart without arguments lists them all',
    })
  })
})
