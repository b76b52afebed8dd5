import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { ScriptedIo } from '../actors/cli/scripted-io.ts'
import { answer, type HostileNode, honestStatus, hostile, hostileNodes } from './nodes.ts'
import { hostileInspectors, hostileRpcs, inspector, rpc } from './servers.ts'

// Nothing that a remote gives ends a command in anything but one line, and an exit status that says what is wrong.

async function peerchart(...args: readonly string[]) {
  const io = new ScriptedIo()
  const exit = await runCli(args, io)
  return { exit, out: io.out, err: io.err }
}

/** What a command did of its own accord: it succeeded, or says why not in one line. */
function isOrdered({ exit, err }: { exit: number; err: string }): void {
  expect(exit, err).to.be.oneOf([0, 1, 4, 5, 7, 9, 10])
  const said = err.split('\n').filter((line) => line.startsWith('error: '))
  expect(said, err).to.have.length(exit === 0 ? 0 : 1)
  expect(err).to.not.match(/^ +at /m)
}

const hash = `0x${'1'.repeat(64)}`
/** What asks a node, with its arguments after the node. */
const asking: readonly (readonly [command: string, ...args: string[]])[] = [
  ['connect'],
  ['connect', '--json'],
  ['connect', '--explain'],
  ['connect', '--network', 'mainnet'],
  ['connect', '--genesis', 'actors/chain/dev-genesis.json'],
  ['headers'],
  ['headers', 'head', '--json'],
  ['bodies', 'head'],
  ['receipts', 'head'],
  ['tx', hash],
]

describe('a command that asks a hostile node', () => {
  for (const [what, node] of Object.entries(hostileNodes))
    it(`says what is wrong with ${what}`, async () => {
      await using stranger = await hostile(node)
      for (const [command, ...args] of asking)
        isOrdered(await peerchart(command, stranger.enode, ...args, '--timeout', '500ms'))
    }).timeout(30_000)

  it('says of a head that it cannot read that it cannot, and not that the node is fine', async () => {
    for (const [what, node] of Object.entries(hostileNodes).filter(([, { head }]) => head)) {
      await using stranger = await hostile(node)
      const { exit, err } = await peerchart('connect', stranger.enode)
      if (/moment|year/.test(what)) expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
      else expect({ what, exit, err: /cannot be read here: /.test(err) }).to.deep.equal({ what, exit: 5, err: true })
    }
  }).timeout(30_000)

  it('goes on with the others when one of those that are watched is hostile', async () => {
    for (const node of Object.values(hostileNodes)) {
      await using bad = await hostile(node)
      await using good = await hostile({})
      const { exit, out, err } = await peerchart('watch', bad.enode, good.enode, '--for', '600ms', '--summary')
      expect(exit, err).to.equal(0)
      const { peers } = JSON.parse(out.trim().split('\n').at(-1)!)
      expect(peers[1].state).to.equal('watching')
    }
  }).timeout(30_000)

  it('is not ended by a hostile node that dials it', async () => {
    for (const node of Object.values(hostileNodes)) {
      const io = new ScriptedIo()
      const ended = runCli(['listen', '--timeout', '1s'], io)
      const enode = /enode:\S+/.exec(await io.stderr.line(/enode:/))![0]
      await using caller = callerOf(enode, node)
      isOrdered({ exit: await ended, err: io.err })
      void caller
    }
  }).timeout(30_000)
})

function callerOf(enode: string, { status = honestStatus, head }: HostileNode) {
  const peer = dial(enode, { status, caps: ['eth/69'] })
  const answering = answer(peer, head).catch(() => {})
  const close = async () => {
    peer.close()
    await answering
  }
  return { [Symbol.asyncDispose]: close }
}

describe('a command that asks a hostile server', () => {
  for (const [what, replies] of Object.entries(hostileRpcs))
    it(`says what is wrong with ${what}`, async () => {
      await using server = await rpc(replies)
      await using good = await hostile({})
      for (const [command, ...args] of [
        ['watch', good.enode, '--rpc', server.url, '--for', '300ms'],
        ['peers', '--url', server.url],
        ['peers', '--url', server.url, '--json'],
        ['node', '--url', server.url],
        ['node', '--url', server.url, '--json'],
        ['add', good.enode, '--url', server.url],
        ['attach', server.url, '--exec', 'admin.peers'],
        ['attach', server.url, '--exec', 'eth.getBlockByNumber("latest", false).hash'],
      ] as const)
        isOrdered(await peerchart(command, ...args))
    }).timeout(30_000)

  for (const [what, answers] of Object.entries(hostileInspectors))
    it(`says what is wrong with ${what}`, async () => {
      await using server = await inspector(answers)
      for (const args of [[], ['--json'], ['--peer', 'peer/1']]) {
        const reported = await peerchart('explain', server.url, ...args)
        isOrdered(reported)
        expect(reported.exit).to.equal(1)
      }
    }).timeout(30_000)
})
