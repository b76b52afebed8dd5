import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { RpcClient } from '../../actors/rpc/client.ts'
import { quantity } from '../../actors/rpc/json/hex.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import type { OwnNode } from '../support/own-node.ts'
import { eventually, startOnEthtest } from './own-ethtest-node.ts'

describe('geth, asked from our command line', () => {
  let geth: Geth
  /** A fresh one for each spec: geth dials no one twice in half a minute. */
  let node: OwnNode | undefined
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, chain, networkId } = requireEthtest(this)
    const ws = ['--ws', '--ws.addr', '127.0.0.1', '--ws.port', '0', '--ws.api', 'admin,eth,net,web3']
    geth = await Geth.start({ path, genesis, chain, networkId, args: ['--ipcdisable=false', ...ws] })
  })
  after(() => geth?.stop())
  afterEach(async () => {
    await node?.stop()
    node = undefined
  })

  const run = async (args: readonly string[], input = '') => {
    const io = new ScriptedIo()
    io.stdin.end(input)
    const status = await runCli(args, io)
    expect({ status, err: io.err }).to.deep.equal({ status: 0, err: '' })
    return io.out
  }
  const targets: readonly (readonly [name: string, target: () => string])[] = [
    ['HTTP', () => geth.url],
    ['WebSocket', () => geth.url.replace('http', 'ws')],
    ['IPC', () => geth.ipc],
  ]

  for (const [name, target] of targets)
    it(`answers over ${name}`, async () => {
      const attach = async (call: string) => JSON.parse(await run(['attach', target(), '--exec', call]))
      expect(await attach('admin.nodeInfo.name')).to.match(/^Geth\//)
      const number = quantity(ethtest.head.number)
      expect(await attach('eth.blockNumber')).to.equal(number)
      expect(await attach('eth.getBlock("latest").number')).to.equal(number)
      expect(await attach('eth_getBlockByNumber ["0x1", true]')).to.include({ number: '0x1' })
      const lines = (await run(['attach', target()], 'eth.chainId\nnet.version\n')).trimEnd().split('\n')
      expect(lines.map((line) => JSON.parse(line))).to.deep.equal([quantity(ethtest.networkId), `${ethtest.networkId}`])
    })
  for (const [name, target] of targets)
    it(`adds and removes a peer over ${name}, and lists its peers`, async () => {
      node = await startOnEthtest('head')
      const url = ['--url', target()]
      const peers = async () => JSON.parse(await run(['peers', '--json', ...url]))
      expect(await run(['peers', ...url])).to.equal('no peers\n')
      await run(['add', node.enode, ...url])
      await eventually('the peer', async () => (await peers())[0]?.protocols.eth?.version)
      expect(await run(['peers', ...url])).to.match(
        new RegExp(
          `^ID +CLIENT +CAPS +DIRECTION +ADDRESS +ETH +HEAD\n[0-9a-f]{8} +Peerchart\\S* +eth.* outbound \\(static\\) +127\\.0\\.0\\.1:\\d+ +72 +${ethtest.head.number}\n$`,
        ),
      )
      await run(['remove', node.enode, ...url])
      expect(await peers()).to.deep.equal([])
    })
  for (const [name, target] of targets.slice(1))
    it(`notifies over ${name} of peers that come and go`, async () => {
      node = await startOnEthtest('head')
      const client = await RpcClient.connect(target())
      const heard: { type: string }[] = []
      const end = await client.subscribe('admin', ['peerEvents'], (event) => heard.push(event as { type: string }))
      await client.call('admin_addPeer', node.enode)
      await eventually('the peer', async () => (await client.call<unknown[]>('admin_peers')).length === 1)
      await client.call('admin_removePeer', node.enode)
      await eventually('both events', async () => heard.length === 2)
      await end()
      client.close()
      expect(heard.map(({ type }) => type)).to.deep.equal(['add', 'drop'])
    })
  it('refuses calls to its engine endpoint without a token, which the command explains', async () => {
    const io = new ScriptedIo()
    expect(await runCli(['attach', geth.engineUrl, '--exec', 'eth.chainId'], io)).to.equal(1)
    expect(io.err).to.match(/status 401 \(missing token\); it wants a token/)
  })
})
