import { expect } from 'chai'
import { ipcClient, type TextClient, wsClient } from './rpc-client.ts'
import { isWhole, streamCases } from './stream-cases.ts'
import { callText, TestStack } from './test-stack.ts'

const marker = callText('test_echo', ['marker'], 99)
const marked = '{"jsonrpc":"2.0","id":99,"result":"marker"}'

describe('RPC on a connection that lasts', () => {
  let test: TestStack
  let client: TextClient
  before(async () => {
    test = await TestStack.start()
  })
  after(() => test.stop())
  afterEach(() => client.close())

  /** What the client is sent, and whether it is hung up on then. @param expected undefined where nothing is */
  async function outcome(text: string, expected: string | undefined) {
    client.send(text)
    const answer = expected === undefined ? undefined : await client.next()
    client.send(marker)
    const next = await client.next()
    return { answer, hangsUp: next === undefined, ...(next !== undefined && next !== marked && { next }) }
  }

  for (const { text, answer, hangsUp = false } of streamCases)
    it(`over WebSocket answers ${JSON.stringify(text).slice(0, 80)} as geth does`, async () => {
      client = await wsClient(test.stack.ws!)
      expect(await outcome(text, answer)).to.deep.equal({ answer, hangsUp })
    })
  for (const { text, answer, hangsUp = false } of streamCases.filter(isWhole))
    it(`over IPC answers ${JSON.stringify(text).slice(0, 80)} as geth does`, async () => {
      client = await ipcClient(test.stack.ipc!)
      expect(await outcome(`${text}\n`, answer)).to.deep.equal({ answer, hangsUp })
    })

  it('reads a stream over IPC however it is cut', async () => {
    client = await ipcClient(test.stack.ipc!)
    const requests = ['ä', '"\\', '{[', '𝄞'].map((word, id) => callText('test_echo', [word], id))
    const bytes = Buffer.from(requests.join(' '))
    const { socket } = client as Awaited<ReturnType<typeof ipcClient>>
    socket.setNoDelay()
    for (const byte of bytes) await new Promise((written) => socket.write(Uint8Array.of(byte), written))
    for (const [id, result] of ['ä', '"\\', '{[', '𝄞'].entries())
      expect(JSON.parse((await client.next())!)).to.deep.equal({ jsonrpc: '2.0', id, result })
  })
  it('answers out of order when a call takes its time', async () => {
    for (const open of [() => wsClient(test.stack.ws!), () => ipcClient(test.stack.ipc!)]) {
      client = await open()
      client.send(callText('test_wait', [], 1))
      client.send(callText('test_echo', ['quick'], 2))
      expect(JSON.parse((await client.next())!).id).to.equal(2)
      test.apis.finish()
      expect(JSON.parse((await client.next())!)).to.deep.equal({ jsonrpc: '2.0', id: 1, result: 'waited' })
      client.close()
    }
  })
})
