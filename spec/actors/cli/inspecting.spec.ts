import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { runCli } from '../../../actors/cli/program.ts'
import { History } from '../../../actors/explain/history.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { listen } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { formatEnode, nodeIdOf } from '../../../protocols/enode/enode.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { plantedBugs } from '../../bugs.ts'
import { OpenPage } from '../inspector/open-page.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('--inspect', () => {
  it('is on in the network of npm start, which prints its address first', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['dev', '--nodes', '2', '--no-execute'], io)
    const line = await io.stdout.line(/^Watch it in a browser: /)
    const page = await OpenPage.at(/http:\S+/.exec(line)![0])
    const { nodes, heading } = await page.until('hello')
    expect(nodes).to.deep.equal(['node-1', 'node-2'])
    expect(heading.forks!.at(-1)!.name).to.match(/^[A-Z]/)
    await page.until('changes', ({ peers }) => peers.some(({ isNode }) => isNode !== undefined))
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  it('may be left out there', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['dev', '--nodes', '2', '--no-execute', '--no-inspect'], io)
    await io.stdout.line(/^Ctrl-C ends it/)
    expect(io.out).not.to.contain('http://')
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  it('is asked for in start, and reports where tools of @statelyai/inspect attach', async () => {
    const io = new ScriptedIo(createNode)
    const running = runCli(['start', '--network', 'sepolia', '--port', '0', '--inspect-stately', '--json-logs'], io)
    const { url } = JSON.parse(await io.stderr.line(/Started inspector/)) as { url: string }
    const tools = JSON.parse(await io.stderr.line(/@statelyai/)) as { url: string }
    expect(tools.url).to.equal(`${url.replace('http', 'ws')}stately`)
    await io.stderr.line(/Started P2P/)
    const page = await OpenPage.at(url)
    expect((await page.ask('picture', {})).picture.actors.map(({ actor }) => actor)).to.include('server')
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  for (const command of ['dev --nodes 2', 'start --network sepolia --port 0 --inspect'])
    it(`reports a bug in answering a page, by ${command}, and goes on`, async () => {
      const io = new ScriptedIo(createNode)
      const running = runCli(command.split(' '), io)
      const either = (pattern: RegExp) => Promise.race([io.stdout.line(pattern), io.stderr.line(pattern)])
      const page = await OpenPage.at(/http:\S+/.exec(await either(/http:/))![0])
      const { at } = History.prototype
      History.prototype.at = () => {
        throw new TypeError('of ours')
      }
      try {
        page.ask('line', { seq: 1 }).catch(() => {})
        expect(await either(/of ours/)).to.match(/bug of ours/i)
      } finally {
        History.prototype.at = at
        io.signal('SIGINT')
      }
      expect(plantedBugs().map(({ actor, ends }) => [actor, ends])).to.deep.equal([['inspector', 'connection']])
      expect(await running).to.equal(0)
    })
})

describe('--inspect of a command that is a peer itself', () => {
  const status = {
    networkId: 5n,
    genesis: new Uint8Array(32).fill(1),
    forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
    range: { earliest: 0n, latest: 7n, latestHash: new Uint8Array(32).fill(2) },
  }
  const answerHead = async (peer: ScriptedPeer) => {
    const { id } = await peer.expect('GetBlockHeaders')
    peer.send('BlockHeaders', { id, headers: [] })
  }
  /** The page that a command serves, once it has said where. */
  async function pageOf(io: ScriptedIo): Promise<{ page: OpenPage; url: string }> {
    const url = /http:\S+/.exec(await io.stderr.line(/^watch it in a browser: /))![0]
    return { page: await OpenPage.at(url), url }
  }
  const lines = async (page: OpenPage, actor: string) =>
    (await page.ask('lines', { actor, messagesOnly: true, limit: 100 })).lines.map(({ type, name }) => [type, name])

  it('shows the scripted peer of listen: who it is, its chart, its messages, and why it left', async () => {
    const io = new ScriptedIo()
    const running = runCli(['listen', '--for', '1m', '--inspect', '--inspect-stately'], io)
    const { page, url } = await pageOf(io)
    expect(await io.stderr.line(/^tools for @statelyai/)).to.contain(`${url.replace('http', 'ws')}stately`)
    const enode = /enode:\S+/.exec(await io.stderr.line(/^waiting for a node/))![0]
    const privateKey = new Uint8Array(randomBytes(32))
    const peer = dial(enode, { status, privateKey, hello: { name: 'Caller/v1' } })
    await peer.until('running')
    await answerHead(peer)
    await page.until('changes', ({ peers }) => peers.some(({ client }) => client === 'Caller/v1'))
    const { picture } = await page.ask('picture', {})
    const [actor] = picture.actors
    expect(actor).to.include({ chart: 'scripted-peer', state: 'running' })
    const [facts] = picture.peers
    expect(facts).to.deep.include({ client: 'Caller/v1', inbound: true, id: nodeIdHex(privateKey) })
    expect(facts!.address).to.match(/^127\.0\.0\.1:\d+$/)
    expect((await page.ask('chart', { chart: 'scripted-peer' })).drawing.states.length).to.be.above(5)
    expect(await lines(page, actor!.actor)).to.deep.include.members([
      ['message.received', 'auth'],
      ['message.sent', 'ack'],
      ['message.received', 'Hello'],
      ['message.sent', 'Status'],
      ['message.received', 'BlockHeaders'],
    ])
    expect((await page.ask('why', { actor: actor!.actor })).why.summary).to.equal('Caller/v1 is a peer.')
    const explaining = new ScriptedIo()
    expect(await runCli(['explain', url], explaining)).to.equal(0)
    expect(explaining.out).to.contain('Caller/v1 is a peer.')
    page.say({ ask: 'watch', actors: [actor!.actor] })
    peer.send('Disconnect', { reason: DiscReason.TooManyPeers })
    await page.until('changes', ({ lines }) => lines.some(({ name }) => name === 'Disconnect'))
    peer.close()
    await page.until('changes', ({ stopped, states }) =>
      [...stopped, ...states.map(([name, state]) => state === 'closed' && name)].includes(actor!.actor),
    )
    page.close()
    expect(await running).to.equal(6)
  })
  it('shows the connections of watch with their peers beneath them, in a network of its own', async () => {
    await using listener = await listen({ status, caps: ['eth/70'] })
    await using peer = listener.accept()
    const io = new ScriptedIo()
    const running = runCli(['watch', listener.enode, '--inspect=0'], io)
    const { page } = await pageOf(io)
    await peer.until('running')
    await answerHead(peer)
    await page.until('changes', ({ states }) =>
      states.some(([actor, state]) => actor === 'watch/1' && state.startsWith('watching.')),
    )
    const { picture } = await page.ask('picture', {})
    const [watch, scripted] = picture.actors
    expect([watch!.chart, scripted!.chart, scripted!.parent]).to.deep.equal([
      'gossip-watch',
      'scripted-peer',
      'watch/1',
    ])
    expect(picture.peers[0]).to.include({ inbound: false, address: parsed(listener.enode) })
    expect((await lines(page, 'watch/1')).slice(0, 2)).to.deep.equal([
      ['message.sent', 'auth'],
      ['message.received', 'ack'],
    ])
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  it('shows what became of a connection until it is interrupted, though that never was', async () => {
    const io = new ScriptedIo()
    const running = runCli(['connect', closedPort, '--inspect'], io)
    const { page } = await pageOf(io)
    await io.stderr.line(/^the port is closed: connection refused; the page shows it until Ctrl-C$/)
    const { picture } = await page.ask('picture', {})
    expect(picture.actors[0]).to.include({ chart: 'scripted-peer', state: 'closed' })
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(2)
    expect(io.listening).to.equal(0)
  })
  it('stays with a node that has us until it is interrupted', async () => {
    await using listener = await listen({ status })
    await using peer = listener.accept()
    const io = new ScriptedIo()
    const running = runCli(['connect', listener.enode, '--inspect'], io)
    const { page } = await pageOf(io)
    await answerHead(peer)
    await page.until('changes', ({ states }) => states.some(([, state]) => state === 'running'))
    expect(peer.isClosed).to.equal(false)
    page.close()
    io.signal('SIGINT')
    expect(await running).to.equal(0)
  })
  for (const command of ['listen', 'watch', 'connect', 'start', 'dev'])
    it(`is in the help of ${command}`, async () => {
      const io = new ScriptedIo()
      expect(await runCli([command, '--help'], io)).to.equal(0)
      expect(io.out).to.contain('--inspect [port]').and.contain('--inspect-stately')
    })
  it('takes what stands behind it for a port, and says how not to', async () => {
    const io = new ScriptedIo()
    expect(await runCli(['watch', '--inspect', closedPort], io)).to.equal(1)
    expect(io.err).to.match(
      /^error: option '--inspect \[port\]' argument 'enode:\S+' is invalid\. Want .* Before a node write --inspect=0; see[^\n]*\n$/,
    )
  })
  it('is refused at a port that is taken, before anybody is dialed', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const io = new ScriptedIo()
    const { port } = taken.address() as { port: number }
    expect(await runCli(['connect', closedPort, `--inspect=${port}`], io)).to.equal(1)
    expect(io.err).to.match(/^error: .*; choose another port with --inspect, or leave it to chance\n$/)
    taken.close()
  })
})

const nodeIdHex = (privateKey: Uint8Array) => bytesToHex(nodeIdOf(publicKeyOf(privateKey)))
/** Port 1 is no one's. */
const closedPort = formatEnode({
  publicKey: publicKeyOf(new Uint8Array(32).fill(7)),
  host: '127.0.0.1',
  tcp: 1,
  udp: 1,
})
const parsed = (enode: string) => {
  const { host, tcp } = parseNode(enode)
  return `${host}:${tcp}`
}
