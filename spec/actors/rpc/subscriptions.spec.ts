import { expect } from 'chai'
import { ipcClient, type TextClient, wsClient } from './rpc-client.ts'
import { callText, TestStack } from './test-stack.ts'

describe('RPC subscriptions', () => {
  let test: TestStack
  before(async () => {
    test = await TestStack.start()
  })
  after(() => test.stop())

  const transports = [
    ['WebSocket', () => wsClient(test.stack.ws!)],
    ['IPC', () => ipcClient(test.stack.ipc!)],
  ] as const
  const next = async (client: TextClient) => JSON.parse((await client.next())!)
  const notification = (subscription: string, result: unknown) => ({
    jsonrpc: '2.0',
    method: 'test_subscription',
    params: { subscription, result },
  })
  /** Resolves once no client is subscribed any more. */
  const silence = async () => {
    while (test.apis.listeners.size > 0) await test.post(callText('test_echo', ['meanwhile']))
  }

  for (const [name, open] of transports)
    describe(`over ${name}`, () => {
      let client: TextClient
      const ask = (method: string, params: unknown[]) => {
        client.send(callText(method, params))
        return next(client)
      }
      beforeEach(async () => {
        client = await open()
      })
      afterEach(async () => {
        client.close()
        await silence()
      })

      it('have an id like geth gives: up to 16 bytes in hex, without leading zeros', async () => {
        const { result } = await ask('test_subscribe', ['news'])
        expect(result).to.match(/^0x[1-9a-f][0-9a-f]{0,31}$/)
      })
      it('notify until they are ended', async () => {
        const { result: id } = await ask('test_subscribe', ['news'])
        test.apis.report({ n: 1 })
        expect(await next(client)).to.deep.equal(notification(id, { n: 1 }))
        expect((await ask('test_unsubscribe', [id])).result).to.equal(true)
        test.apis.report({ n: 2 })
        expect((await ask('test_unsubscribe', [id])).error.message).to.equal('subscription not found')
        expect(test.apis.listeners.size).to.equal(0)
      })
      it('notify only after the answer with their id, and drop nothing', async () => {
        const { result: id } = await ask('test_subscribe', ['flood', '0x3'])
        expect([await next(client), await next(client), await next(client)]).to.deep.equal(
          [0, 1, 2].map((result) => notification(id, result)),
        )
      })
      it('say nothing before the batch that opens them was answered', async () => {
        client.send(`[${callText('test_subscribe', ['news'], 1)},${callText('test_wait', [], 2)}]`)
        while (test.apis.waiting.size === 0) await test.post(callText('test_echo', ['meanwhile']))
        test.apis.report('early')
        test.apis.finish()
        const [{ result: id }] = await next(client)
        expect(await next(client)).to.deep.equal(notification(id, 'early'))
      })
      it('miss an argument that is null', async () => {
        const { error } = await ask('test_subscribe', ['flood', null])
        expect(error).to.deep.equal({ code: -32_602, message: 'missing value for required argument 1' })
      })
      it('of one client have ids of their own', async () => {
        const { result: one } = await ask('test_subscribe', ['news'])
        const { result: other } = await ask('test_subscribe', ['news'])
        expect(one).to.not.equal(other)
        test.apis.report('x')
        expect([await next(client), await next(client)]).to.deep.equal([
          notification(one, 'x'),
          notification(other, 'x'),
        ])
      })
      it('of one client are not for another to end', async () => {
        const { result: id } = await ask('test_subscribe', ['news'])
        const other = await open()
        other.send(callText('test_unsubscribe', [id]))
        expect((await next(other)).error.message).to.equal('subscription not found')
        other.close()
        expect(test.apis.listeners.size).to.equal(1)
      })
      it('end with their connection', async () => {
        await ask('test_subscribe', ['news'])
        expect(test.apis.listeners.size).to.equal(1)
        client.close()
        await silence()
      })
      it('are not opened by a notification, which would never learn their id', async () => {
        client.send('{"jsonrpc":"2.0","method":"test_subscribe","params":["news"]}')
        expect((await ask('test_echo', ['x'])).result).to.equal('x')
        expect(test.apis.listeners.size).to.equal(0)
      })
      it('that notify too much before the answer with their id end the connection', async () => {
        client.send(callText('test_subscribe', ['flood', '0x401']))
        await client.closed
      })
    })
})
