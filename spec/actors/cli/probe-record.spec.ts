import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { createNode, type PeerchartNode } from '../../../actors/index.ts'
import { ScriptedIo } from './scripted-io.ts'

describe('--record of a command that asks one node', () => {
  let dir: string
  let node: PeerchartNode
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'peerchart-probe-'))
    node = await createNode({ genesis: devGenesisJson, port: 0 })
    await node.start()
  })
  after(async () => {
    await node.stop()
    await rm(dir, { recursive: true })
  })

  async function peerchart(...args: string[]) {
    const io = new ScriptedIo()
    return { status: await runCli(args, io), out: io.out, err: io.err }
  }

  for (const command of [
    ['connect', () => [node.enode]],
    ['headers', () => [node.enode, '0']],
    ['bodies', () => [node.enode, '0']],
    ['watch', () => [node.enode, '--for', '100ms']],
  ] as const)
    it(`writes all that ${command[0]} did, and it replays`, async () => {
      const file = join(dir, command[0])
      expect(await peerchart(command[0], ...command[1](), '--record', file)).to.include({ status: 0, err: '' })
      const { status, out } = await peerchart('replay', file, '--json')
      expect(status).to.equal(0)
      expect(JSON.parse(out)).to.deep.include({ passedOver: [] }).and.to.have.property('transitions').above(3)
      const explained = await peerchart('explain', file, '--json')
      expect(explained).to.include({ status: 0, err: '' })
      const [why] = JSON.parse(explained.out) as { actor: string; summary: string; messages: { name: string }[] }[]
      expect(why?.actor).to.match(/^scripted-peer\//)
      expect(why?.summary).to.match(/^[A-Z].*\.$/)
      expect(why?.messages.map(({ name }) => name)).to.include.members(['Hello', 'Status'])
    })
  it('has a --keylog beside it: one line for the session, its owner alone reads it, and a warning', async () => {
    const file = join(dir, 'keys')
    const { status, err } = await peerchart('headers', node.enode, '0', '--keylog', file)
    expect({ status, err }).to.deep.equal({
      ...{ status: 0, err: 'warning: session keys are written to a file that decrypts the traffic\n' },
    })
    expect(await readFile(file, 'utf8')).to.match(/^RLPX( [0-9a-f]{64}){5}\n$/)
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
  })
  it('is refused where it cannot be written, before anybody is dialed', async () => {
    const { status, err } = await peerchart('connect', node.enode, '--record', join(dir, 'none', 'file'))
    expect(status).to.equal(1)
    expect(err).to.match(/^error: ENOENT[^\n]+; name what is there\n$/)
  })
})
