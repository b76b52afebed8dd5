import { expect } from 'chai'
import { createLogger, silent } from '../../../actors/log/log.ts'
import { type Api, method } from '../../../actors/rpc/api.ts'
import { Deadline } from '../../../actors/rpc/deadline.ts'
import { Dispatcher, type DispatcherLimits } from '../../../actors/rpc/dispatcher.ts'
import { boolean, quantity, required } from '../../../actors/rpc/params.ts'
import { RpcCode, RpcError } from '../../../actors/rpc/rpc-error.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { type Client, newAccount, turnLength } from '../../../actors/runtime/time-slicer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { batchLimits, malformedRequests } from './malformed-requests.ts'

const eth: Api = {
  namespace: 'eth',
  methods: {
    chainId: method([], () => '0x1'),
    getBlockByNumber: method([quantity, boolean], async (number, full) => ({
      number: `0x${number.toString(16)}`,
      full,
    })),
    refuse: method([], () => {
      throw new RpcError('not now', -38002, { why: 'busy' })
    }),
    crash: method([], () => {
      throw new TypeError('a bug')
    }),
    crashLater: method([], async () => {
      throw new TypeError('a bug')
    }),
  },
}

describe('the RPC dispatcher', () => {
  function dispatcher(limits: Partial<DispatcherLimits> = {}, log = silent) {
    return new Dispatcher({
      apis: [eth],
      limits: { batchItems: 1_000, batchResponseBytes: 25_000_000, ...limits },
      log,
    })
  }
  const call = (method: string, params?: unknown, id: unknown = 1) =>
    JSON.stringify({ jsonrpc: '2.0', id, method, params })
  const parse = (answer: string | undefined) => (answer === undefined ? undefined : JSON.parse(answer))
  const ask = async (request: string, limits?: Partial<DispatcherLimits>) =>
    parse(await dispatcher(limits).answer(request))

  it('answers at once where the method does', () => {
    expect(dispatcher().answer(call('eth_chainId'))).to.equal('{"jsonrpc":"2.0","id":1,"result":"0x1"}')
    expect(dispatcher().answer(call('eth_getBlockByNumber', ['0x7', true]))).to.be.a('promise')
  })
  it('answers what takes its time', async () => {
    expect(await ask(call('eth_getBlockByNumber', ['0x7', true], 'seven'))).to.deep.equal({
      jsonrpc: '2.0',
      id: 'seven',
      result: { number: '0x7', full: true },
    })
  })
  it('refuses an id and a name that are too long to be answered with', async () => {
    const long = 'x'.repeat(1_048_577)
    const refused = (id: unknown, message: string) => ({ jsonrpc: '2.0', id, error: { code: -32600, message } })
    const number = call('eth_chainId', [], 0).replace('"id":0', `"id":${'1'.repeat(20_001)}`)
    for (const request of [call('eth_chainId', [], long), number, JSON.stringify(long)])
      expect(await ask(request)).to.deep.equal(refused(null, 'invalid request'))
    expect(await ask(call(long))).to.deep.equal(refused(1, 'method name too long: 1048577 > 2048'))
    expect(await ask(call('eth_getBlockByNumber', [long, true]))).to.deep.equal({
      ...{ jsonrpc: '2.0', id: 1 },
      error: { code: -32602, message: 'invalid argument 0: string of 1048577 bytes is too long' },
    })
  })
  it('answers a batch in its order, and says nothing to notifications', async () => {
    const notification = '{"jsonrpc":"2.0","method":"eth_chainId"}'
    const batch = `[${call('eth_getBlockByNumber', ['0x7', true], 1)},${notification},${call('eth_chainId', [], 2)}]`
    expect((await ask(batch)).map(({ id }: { id: number }) => id)).to.deep.equal([1, 2])
    expect(await ask(`[${notification}]`)).to.equal(undefined)
  })
  it('names its modules', async () => {
    expect((await ask(call('rpc_modules'))).result).to.deep.equal({ eth: '1.0', rpc: '1.0' })
  })
  it('reports the error that a method throws, with its data', async () => {
    expect((await ask(call('eth_refuse'))).error).to.deep.equal({
      code: -38002,
      message: 'not now',
      data: { why: 'busy' },
    })
  })
  for (const name of ['eth_crash', 'eth_crashLater'])
    it(`says that ${name} crashed, and logs where`, async () => {
      const lines: string[] = []
      const log = createLogger({ json: true, stream: { write: (line) => lines.push(line) } })
      const { error } = parse(await dispatcher({}, log).answer(call(name)))
      expect(error).to.deep.equal({ code: RpcCode.internal, message: 'method handler crashed' })
      expect(lines.join()).to.include('a bug').and.include('dispatcher.spec')
    })
  it('ends a batch whose answers are too large with an error for each that is left', async () => {
    const batch = `[${[1, 2, 3].map((id) => call('eth_getBlockByNumber', ['0x7', false], id)).join()}]`
    const answers = await ask(batch, { batchResponseBytes: 80 })
    expect(answers.map(({ error }: { error?: { code: number } }) => error?.code)).to.deep.equal([
      undefined,
      undefined,
      RpcCode.responseTooLarge,
    ])
  })
  it('echoes every id of a batch as it was written', async () => {
    const ids = ['1.0', '1', '-0', '1e3', '12345678901234567890', '12345678901234567891', '"1.0"', 'null', '1.0']
    const batch = `[${ids.map((id) => `{"jsonrpc":"2.0","id": ${id} ,"method":"eth_chainId","params":[]}`).join()}]`
    const answer = (await dispatcher().answer(batch))!
    expect([...answer.matchAll(/"id":([^,]*),/g)].map(([, id]) => id)).to.deep.equal(ids)
  })
  it('answers what is late at the deadline, and runs nothing after it', async () => {
    const clock = new VirtualClock()
    let runs = 0
    const slow: Api = {
      namespace: 'slow',
      methods: { wait: method([], () => new Promise(() => runs++)), quick: method([], () => ++runs) },
    }
    const batch = `[${call('slow_quick', [], 1)},${call('slow_wait', [], 2)},${call('slow_quick', [], 3)}]`
    const limits = { batchItems: 10, batchResponseBytes: 1_000 }
    const answer = new Dispatcher({ apis: [slow], limits, log: silent }).answer(batch, {
      deadline: new Deadline(clock, 1_000),
    })
    await clock.run(1_000)
    const error = { code: RpcCode.timeout, message: 'request timed out' }
    expect(parse(await answer)).to.deep.equal([
      { jsonrpc: '2.0', id: 1, result: 1 },
      { jsonrpc: '2.0', id: 2, error },
      { jsonrpc: '2.0', id: 3, error },
    ])
    expect(runs).to.equal(2)
  })
  it('lets others have their turn during a long batch', async () => {
    let turns = 0
    const busy: Api = {
      namespace: 'busy',
      methods: {
        work: method([], () => {
          const end = performance.now() + 6
          while (performance.now() < end);
          return turns
        }),
      },
    }
    const limits = { batchItems: 10, batchResponseBytes: 1_000 }
    const batch = `[${[1, 2, 3].map((id) => call('busy_work', [], id)).join()}]`
    const answer = new Dispatcher({ apis: [busy], limits, log: silent }).answer(batch)
    const others = setInterval(() => turns++)
    const answers = parse(await answer)
    clearInterval(others)
    expect(answers[2].result).to.be.greaterThan(0)
  })
  describe('with clients that ask for much', () => {
    let now: number
    let runs: string[]
    let due: (() => void)[]
    let scheduler: FairScheduler
    const busy: Api = {
      namespace: 'busy',
      methods: {
        work: method([required(String)], (who) => {
          now += 0.5
          runs.push(who)
        }),
      },
    }
    beforeEach(() => {
      now = 0
      runs = []
      due = []
      scheduler = new FairScheduler({ now: () => now }, (run) => due.push(run))
    })
    const batch = (who: string, size: number, client?: Client) => {
      const limits = { batchItems: 1_000, batchResponseBytes: 25_000_000 }
      const text = `[${Array.from({ length: size }, (_, id) => call('busy_work', [who], id)).join()}]`
      const caller = client && { client }
      return new Dispatcher({ apis: [busy], limits, log: silent, scheduler }).answer(text, caller)
    }
    const turn = () => due.shift()?.()

    it('looks at the sockets every 4 ms, however many batches there are', () => {
      for (let i = 0; i < 400; i++) void batch(`${i}`, 100)
      expect(due).to.have.length(1)
      turn()
      expect(runs).to.have.length(8)
      expect(due).to.have.length(1)
    })
    it('reads no text at once that is long', async () => {
      const answer = batch('late', 1_000)
      expect([runs.length, due.length]).to.deep.equal([0, 1])
      const left = { account: newAccount(), isGone: false }
      const nothing = batch('left', 1_000, left)
      left.isGone = true
      for (const settled of [answer, nothing]) {
        let isSettled = false
        void Promise.resolve(settled).then(() => {
          isSettled = true
        })
        while (!isSettled) {
          turn()
          await Promise.resolve()
        }
      }
      expect(JSON.parse((await answer)!)).to.have.length(1_000)
      expect([await nothing, new Set(runs)]).to.deep.equal([undefined, new Set(['late'])])
    })
    it('has nothing run for a client that has left', async () => {
      const client = { account: newAccount(), isGone: false }
      const answers = Array.from({ length: 400 }, () => batch('gone', 100, client))
      turn()
      const before = runs.length
      client.isGone = true
      while (due.length > 0) turn()
      expect([before, runs.length]).to.deep.equal([8, 8])
      expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([undefined]))
    })
    it('gives one that asks a hundred times as much no more than one that asks once', () => {
      const greedy = { account: newAccount(), isGone: false }
      for (let i = 0; i < 100; i++) void batch('greedy', 10, greedy)
      void batch('modest', 10)
      while (runs.filter((who) => who === 'modest').length < 10) turn()
      expect(runs.length, 'ten each, and four turns').to.be.at.most(20 + 4 * turnLength)
    })
    it('serves one that was there and asks for little before those that come anew', () => {
      const old = { account: newAccount(), isGone: false }
      void batch('old', 1, old)
      turn()
      now += 10_000
      for (let i = 0; i < 100; i++) void batch('new', 10)
      void batch('old', 1, old)
      runs = []
      turn()
      expect(runs[0]).to.equal('old')
    })
  })
  for (const { request, answer } of malformedRequests)
    it(`answers ${request.slice(0, 90)} as geth does`, async () => {
      expect(await ask(request, batchLimits)).to.deep.equal(answer)
    })
})
