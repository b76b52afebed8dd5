import { once } from 'node:events'
import { expect } from 'chai'
import { WebSocket } from 'ws'
import { httpCases, outcome } from '../actors/rpc/http-cases.ts'
import { ipcClient, wsClient } from '../actors/rpc/rpc-client.ts'
import { isWhole, streamCases } from '../actors/rpc/stream-cases.ts'
import { callText } from '../actors/rpc/test-stack.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

describe('requests as they come over the network', function () {
  this.timeout(30_000)
  let geth: Geth
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis } = requireEthtest(this)
    const served = ['--http.corsdomain', 'http://a.example', '--ws', '--ws.addr', '127.0.0.1', '--ws.port', '0']
    geth = await Geth.start({
      path,
      genesis,
      networkId: 1n,
      args: [...served, '--ws.api', 'eth,net', '--ipcdisable=false'],
    })
  })
  after(() => geth?.stop())

  for (const one of httpCases)
    it(`are answered by geth as by us: ${one.name}`, async () => {
      const { status, headers, body } = one
      const url = (isAuth: boolean) => (isAuth ? geth.engineUrl : geth.url)
      expect(await outcome(one, url, geth.secret)).to.deep.equal({ status, headers, body })
    })

  const transports = [
    ['WebSocket', () => wsClient(geth.url.replace('http', 'ws')), streamCases],
    ['IPC', () => ipcClient(geth.ipc), streamCases.filter(isWhole)],
  ] as const
  for (const [name, open, cases] of transports)
    for (const { text, answer, hangsUp = false } of cases)
      it(`are answered by geth as by us over ${name}: ${JSON.stringify(text).slice(0, 80)}`, async () => {
        const client = await open()
        client.send(name === 'IPC' ? `${text}\n` : text)
        if (answer !== undefined) expect(await client.next()).to.equal(answer)
        if (hangsUp) expect(await client.next()).to.equal(undefined)
        else {
          client.send(callText('net_listening'))
          expect(await client.next()).to.equal('{"jsonrpc":"2.0","id":1,"result":true}')
        }
        client.close()
      })

  it('are never deflated over WebSocket', async () => {
    const ws = new WebSocket(geth.url.replace('http', 'ws'), { perMessageDeflate: true })
    await once(ws, 'open')
    expect(ws.extensions).to.equal('')
    ws.close()
  })
})
