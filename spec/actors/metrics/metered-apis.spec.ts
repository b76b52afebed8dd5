import { expect } from 'chai'
import { silent } from '../../../actors/log/log.ts'
import { Calls, meterApis } from '../../../actors/metrics/metered-apis.ts'
import { type Api, method } from '../../../actors/rpc/api.ts'
import { Dispatcher } from '../../../actors/rpc/dispatcher.ts'
import { hash } from '../../../actors/rpc/params.ts'
import { RpcError } from '../../../actors/rpc/rpc-error.ts'

describe('metered APIs', () => {
  const api: Api = {
    namespace: 'lamp',
    methods: {
      shine: method([], () => 'light'),
      wait: method([], async () => 'later'),
      burn: method([], () => {
        throw new RpcError('too hot')
      }),
      fade: method([], async () => {
        throw new RpcError('too old')
      }),
      need: method([hash], () => 'fed'),
    },
  }
  let times: number[]
  let calls: Calls
  let dispatcher: Dispatcher
  beforeEach(() => {
    times = []
    calls = new Calls((nanoseconds) => times.push(nanoseconds))
    const limits = { batchItems: 10, batchResponseBytes: 1_000 }
    dispatcher = new Dispatcher({ apis: meterApis([api], calls), limits, log: silent })
  })
  const call = async (name: string) => {
    const answer = await dispatcher.answer(JSON.stringify({ jsonrpc: '2.0', id: 1, method: `lamp_${name}` }))
    const { result, error } = JSON.parse(answer!)
    return result ?? error.message
  }

  it('answer as they do unmetered', async () => {
    expect([await call('shine'), await call('wait')]).to.deep.equal(['light', 'later'])
    expect([await call('burn'), await call('fade')]).to.deep.equal(['too hot', 'too old'])
  })

  it('count by method and outcome, and time each call', async () => {
    for (const name of ['shine', 'shine', 'wait', 'burn', 'fade']) await call(name)
    expect(calls).to.include({ success: 3, failure: 2 })
    expect(calls.byMethod.get('lamp_shine')).to.include({ success: 2, failure: 0 })
    expect(calls.byMethod.get('lamp_fade')).to.include({ success: 0, failure: 1 })
    expect(times).to.have.length(5)
    for (const time of times) expect(time).to.be.within(0, 1e9)
  })

  it('leave out, as geth does, a method that does not exist, and arguments that are missing', async () => {
    expect(await call('glow')).to.equal('the method lamp_glow does not exist/is not available')
    expect(await call('need')).to.contain('missing value for required argument 0')
    expect(calls).to.include({ success: 0, failure: 0 })
    expect([...calls.byMethod.keys()]).to.deep.equal(Object.keys(api.methods).map((name) => `lamp_${name}`))
  })
})
