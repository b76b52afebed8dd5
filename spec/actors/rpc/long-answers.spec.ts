import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { callText, TestStack } from './test-stack.ts'

describe('an answer that is printed in parts', () => {
  let stack: TestStack
  beforeEach(async () => {
    stack = await TestStack.start()
  })
  afterEach(() => stack.stop())

  const part = 'é'.repeat(10_000)
  const call = callText('test_parts', [part, '0x64'])
  const answer = `{"jsonrpc":"2.0","id":1,"result":"${part.repeat(100)}"}`

  it('is sent over HTTP as one of its length', async () => {
    const headers = { 'content-type': 'application/json', 'accept-encoding': 'identity' }
    for (let times = 0; times < 2; times++) {
      const response = await fetch(stack.stack.http!, { method: 'POST', headers, body: call })
      expect(await response.text()).to.equal(answer)
      expect(response.headers.get('content-length')).to.equal(`${Buffer.byteLength(answer)}`)
      expect(response.headers.get('content-encoding')).to.equal(null)
    }
  })

  it('is compressed where that was asked for, and stands in a batch like any other', async () => {
    expect(await stack.post(call)).to.equal(answer)
    expect(await stack.post(`[${call},${callText('test_echo', ['x'])}]`)).to.equal(
      `[${answer},{"jsonrpc":"2.0","id":1,"result":"x"}]`,
    )
  })

  it('is sent over a WebSocket as one message', async () => {
    const socket = new WebSocket(stack.stack.ws!)
    await once(socket, 'open')
    socket.send(call)
    const [data] = await once(socket, 'message')
    expect(`${data}`).to.equal(answer)
    socket.close()
  })

  it('harms nothing when its client leaves before it was sent', async () => {
    const socket = connect(stack.httpPort, '127.0.0.1')
    const body = callText('test_parts', [part, '0x2000'])
    const head = `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`
    socket.write(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    await once(socket, 'data')
    socket.destroy()
    await once(socket, 'close')
    expect(await stack.post(callText('test_echo', ['still there']))).to.include('still there')
  })
})
