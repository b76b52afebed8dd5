import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import type { PeerInfo } from '../../../actors/p2p/peer-info.ts'
import { type Endpoint, httpEndpoint } from '../rpc/scripted-endpoints.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('peerchart peers, add, remove and node', () => {
  const generator = `${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}${'483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}`
  const enode = `enode://${generator}@127.0.0.1:30303`
  const id = 'c0a6c424'

  let endpoint: Endpoint
  let results: Record<string, unknown>
  let asked: unknown[]
  before(async () => {
    endpoint = await httpEndpoint(({ id, method, params }) => {
      asked.push([method, ...params])
      const known = method in results
      const error = { code: -32_601, message: `the method ${method} does not exist/is not available` }
      return [JSON.stringify({ jsonrpc: '2.0', id, ...(known ? { result: results[method] } : { error }) })]
    })
  })
  after(() => endpoint.close())
  beforeEach(() => {
    asked = []
    results = {}
  })
  const run = async (command: string, ...args: string[]) => {
    const io = new ScriptedIo()
    const status = await runCli([command, '--url', endpoint.target, ...args], io)
    return { status, out: io.out, err: io.err }
  }

  const peer = (over: Partial<PeerInfo>): PeerInfo => ({
    ...{ enode, id: 'ab'.repeat(32), name: 'Geth/v1.17.5', caps: ['eth/69', 'snap/1'] },
    network: { localAddress: 'l:1', remoteAddress: '1.2.3.4:5', inbound: false, trusted: false, static: true },
    protocols: { eth: { version: 69, latestBlock: 600 }, snap: { version: 1 } },
    ...over,
  })

  it('lists peers as a table', async () => {
    const network = { localAddress: '', remoteAddress: '[::1]:9', inbound: true, trusted: true, static: false }
    results.admin_peers = [
      peer({}),
      peer({ id: 'cd'.repeat(32), name: 'Reth\u001b[2J', network, protocols: { eth: 'handshake' } }),
      { ...peer({ protocols: {} }), caps: null },
    ]
    const { status, out, err } = await run('peers')
    expect({ status, err }).to.deep.equal({ status: 0, err: '' })
    expect(out.split('\n')).to.deep.equal([
      'ID        CLIENT         CAPS           DIRECTION          ADDRESS    ETH        HEAD',
      'abababab  Geth/v1.17.5   eth/69 snap/1  outbound (static)  1.2.3.4:5  69         600',
      'cdcdcdcd  Reth\\u{1b}[2J  eth/69 snap/1  inbound (trusted)  [::1]:9    handshake  -',
      'abababab  Geth/v1.17.5   -              outbound (static)  1.2.3.4:5  -          -',
      '',
    ])
  })
  it('takes the address of the node as an argument, too', async () => {
    results = { admin_peers: [], admin_nodeInfo: {}, admin_addPeer: true }
    for (const args of [['peers'], ['node', '--json'], ['add', enode]]) {
      const io = new ScriptedIo()
      expect(await runCli([...args, endpoint.target], io), args[0]).to.equal(0)
    }
    expect(asked.map((call) => (call as unknown[])[0])).to.deep.equal(Object.keys(results))
  })
  it('never shows the password in the address', async () => {
    const io = new ScriptedIo()
    expect(await runCli(['peers', '--url', endpoint.target.replace('//', '//alice:hunter2@')], io)).to.equal(1)
    expect(io.err)
      .to.match(/^error: http:\/\/127[^\n]+\n$/)
      .and.not.match(/alice|hunter2/)
  })
  it('says when there are none', async () => {
    results.admin_peers = []
    expect(await run('peers')).to.deep.equal({ status: 0, out: 'no peers\n', err: '' })
  })
  it('shows what other clients leave out, or have otherwise, as a dash', async () => {
    results.admin_peers = [{ name: 'Nethermind', id: 7 }, null, { network: 'x', caps: [1, {}], protocols: [] }]
    const { status, out } = await run('peers')
    expect(status).to.equal(0)
    expect(
      out
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/)),
    ).to.deep.equal([
      ['7', 'Nethermind', '-', 'outbound', '-', '-', '-'],
      ['-', '-', '-', 'outbound', '-', '-', '-'],
      ['-', '-', '1 -', 'outbound', '-', '-', '-'],
    ])
  })
  it('refuses what is no list of peers', async () => {
    for (const answer of [null, 'peers', { 0: 'x' }]) {
      results.admin_peers = answer
      const { status, err } = await run('peers')
      expect(status).to.equal(1)
      expect(err).to.match(/^error: \S+ does not answer admin_peers as geth does[^\n]*\n$/)
    }
  })
  it('gives them as the node does, for programs', async () => {
    results.admin_peers = [peer({})]
    const { out } = await run('peers', '--json')
    expect(JSON.parse(out)).to.deep.equal(results.admin_peers)
  })

  for (const [command, flags, method, said] of [
    ['add', [], 'admin_addPeer', 'dialed from now on'],
    ['add', ['--trusted'], 'admin_addTrustedPeer', 'let in above the limit of peers from now on'],
    ['remove', [], 'admin_removePeer', 'no peer any more'],
    ['remove', ['--trusted'], 'admin_removeTrustedPeer', 'trusted no more'],
  ] as const)
    it(`has ${method} for \`${[command, 'ENODE', ...flags].join(' ')}\``, async () => {
      results[method] = true
      expect(await run(command, enode, ...flags)).to.deep.equal({ status: 0, out: `${id} is ${said}\n`, err: '' })
      expect(asked).to.deep.equal([[method, enode]])
      const { out } = await run(command, enode, ...flags, '--json')
      expect(JSON.parse(out)).to.include({ [command]: true, trusted: flags.length === 1 })
    })
  it('refuses what is no node, without asking anybody', async () => {
    for (const [command, url] of [
      ['add', 'nonsense'],
      ['add', `enode://${generator}`],
      ['remove', 'enode://ab@1.2.3.4:5'],
    ] as const) {
      const { status, out, err } = await run(command, url)
      expect({ status, out }).to.deep.equal({ status: 1, out: '' })
      expect(err).to.match(/^error: [^\n]*Want enode:|dial[^\n]*\n$/)
    }
    expect(asked).to.deep.equal([])
  })
  it('says which option is missing at the node', async () => {
    const { status, err } = await run('peers')
    expect(status).to.equal(1)
    expect(err).to.match(/answers: the method admin_peers does not exist.*--http\.api/)
  })

  it('prints the identity, the address and the network of a node', async () => {
    const eth = { network: 1, genesis: '0xd4', head: '0xab' }
    results.admin_nodeInfo = { name: 'Geth/v1', id: 'cd', enode, listenAddr: '[::]:30303', protocols: { eth } }
    const { status, out } = await run('node')
    expect(status).to.equal(0)
    expect(out.split('\n')).to.deep.equal([
      ...['name     Geth/v1', 'id       cd', `enode    ${enode}`, 'listens  [::]:30303', 'network  1'],
      ...['genesis  0xd4', 'head     0xab', ''],
    ])
    expect(JSON.parse((await run('node', '--json')).out)).to.deep.equal(results.admin_nodeInfo)
  })
})
