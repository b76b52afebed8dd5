import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { PeerchartProcesses, seen } from './peerchart-process.ts'

describe('the peerchart process', function () {
  this.timeout(60_000)
  const processes = new PeerchartProcesses()
  const peerchart = (...args: string[]) => processes.start(...args)
  afterEach(() => processes.endAll())

  it('exits with 1 and one line upon a wrong command line', async () => {
    const { ended, out, err } = peerchart('start', '--prot', '1')
    expect(await ended).to.deep.equal({ code: 1, signal: null })
    expect(await out).to.equal('')
    expect(await err).to.equal("error: unknown option '--prot' (Did you mean --port?); see peerchart start --help\n")
  })
  it('is a living network whose nodes all come to a head', async () => {
    const { child, ended, out, err } = peerchart('dev', '--block-time', '500ms', '--summary')
    const [made, followed] = ['head 4', 'head (?:[4-9]|\\d\\d) .* and executed']
    const headed = new RegExp(
      `^(?=.*node-1 +chain +${made})(?=.*node-2 +chain +${followed})(?=.*node-3 +chain +${followed})`,
      's',
    )
    // Where two dials cross both are lost, and one comes again: a peer may be met twice.
    const meetsTwo = (n: number) => {
      const meets = `node-${n} +peer/\\d+ +is peer`
      return `(?=.*${meets} (\\w{8}) .*${meets} (?!\\${n})\\w{8} )`
    }
    await Promise.all([
      seen(child.stdout, headed),
      seen(child.stdout, new RegExp(`^${[1, 2, 3].map(meetsTwo).join('')}`, 's')),
    ])
    child.kill('SIGINT')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    const lines = (await out).trimEnd().split('\n')
    const { nodes, peers, heads, transitions, errors } = JSON.parse(lines.at(-1)!)
    expect({ nodes, errors }).to.deep.equal({ nodes: 3, errors: 0 })
    expect(peers).to.have.length(3)
    expect(Math.min(...heads)).to.be.above(3)
    expect(transitions).to.be.above(30)
    expect(await err).to.equal('')
  }).timeout(30_000)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    it(`ends a network in order upon ${signal}`, async () => {
      const { child, ended, out } = peerchart('dev', '--no-execute')
      await seen(child.stdout, /registering → active/)
      child.kill(signal)
      expect(await ended).to.deep.equal({ code: 0, signal: null })
      const closed = [...(await out).matchAll(/(node-\d) +node +closing → closed/g)].map(([, name]) => name)
      expect(closed).to.deep.equal(['node-3', 'node-2', 'node-1'])
    })
  it('ends a node in order upon SIGINT', async () => {
    const { child, ended, err } = peerchart('start', '--port', '0', '--summary')
    await seen(child.stderr, /Started P2P networking/)
    child.kill('SIGINT')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    expect(await err).to.contain('Got interrupt, shutting down...')
  })
  it('is all JSON on request', async () => {
    const { ended, out } = peerchart('dev', '--no-execute', '--for', '1s', '--json-logs', '--summary')
    expect(await ended).to.deep.equal({ code: 0, signal: null })
    const entries = (await out)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(entries.map(({ type }) => type))).to.include.keys('transition', 'add', 'message.sent', 'drop')
    expect(entries.at(-1)).to.have.property('nodes', 3)
    const names = entries.filter(({ type }) => type === 'message.sent').map(({ name }) => name)
    expect(names).to.include.members(['auth', 'ack', 'Hello', 'Status', 'GetBlockHeaders'])
    const nodes = entries.slice(0, 3).map(({ type, node, enode }) => [type, node, enode.slice(0, 8)])
    expect(nodes).to.deep.equal(['node-1', 'node-2', 'node-3'].map((node) => ['node', node, 'enode://']))
  })
  it('says nothing when the reader of a probe leaves, as head does', async () => {
    await using host = await createNode({ port: 0 })
    await host.start()
    const { port } = new URL(host.enode)
    const door = createServer().listen(0, '127.0.0.1')
    const dialed = once(door, 'connection') as Promise<[Socket]>
    await once(door, 'listening')
    const { child, ended, err } = peerchart(
      'connect',
      host.enode.replace(port, `${(door.address() as AddressInfo).port}`),
    )
    await seen(child.stdout, /tcp +connected/)
    child.stdout.destroy()
    const [socket] = await dialed
    const behind = connect(Number(port), '127.0.0.1')
    for (const [one, other] of [
      [socket, behind],
      [behind, socket],
    ] as const)
      one
        .on('data', (bytes) => other.write(bytes))
        .on('error', () => {})
        .on('close', () => other.destroy())
    expect(await ended).to.deep.equal({ code: 130, signal: null })
    expect(await err).to.equal('')
    door.close()
  })
  it('ends in order when its reader leaves', async () => {
    const { child, ended } = peerchart('dev', '--no-execute')
    await seen(child.stdout, /registering → active/)
    child.stdout.destroy()
    expect(await ended).to.deep.equal({ code: 0, signal: null })
  })
})
