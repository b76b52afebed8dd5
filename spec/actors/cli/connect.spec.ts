import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTls } from 'node:tls'
import { expect } from 'chai'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { type ListenOptions, listen, type ScriptedListener } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { encodeHeader } from '../../../protocols/chain/header.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'
import { ScriptedIo } from './scripted-io.ts'

const { header, config } = devGenesis()
/** That of a node which has the chain's genesis only. */
const status = {
  networkId: config.chainId,
  genesis: header.hash,
  forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
  range: { earliest: 0n, latest: 0n, latestHash: header.hash },
}
const key = new Uint8Array(32).fill(7)
const at = (port: number) => formatEnode({ publicKey: publicKeyOf(key), host: '127.0.0.1', tcp: port, udp: port })

async function peerchart(...args: string[]) {
  const io = new ScriptedIo()
  const exit = await runCli(args, io)
  return { exit, out: io.out, err: io.err }
}

describe('peerchart connect', () => {
  /** Runs it against what `open` opens, which `script` then plays. */
  async function against(
    script: (peer: ScriptedPeer) => unknown,
    { args = [], ...options }: ListenOptions & { args?: readonly string[] } = {},
  ) {
    await using listener: ScriptedListener = await listen({ status, answerPings: false, ...options })
    await using peer = listener.accept()
    const [reported] = await Promise.all([peerchart('connect', listener.enode, ...args), script(peer)])
    return reported
  }
  const answering = async (peer: ScriptedPeer) => {
    const { id } = await peer.expect('GetBlockHeaders')
    peer.send('BlockHeaders', { id, headers: [header.raw] })
  }

  it('reports each step, and what the other says of itself', async () => {
    const { exit, out, err } = await against(answering, { hello: { name: 'Door/v1' }, caps: ['eth/70', 'zzz/1'] })
    expect({ exit, err }).to.deep.equal({ exit: 0, err: '' })
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/^ *\d+ ms /, '').split(' ')[0])).to.deep.equal([
      ...['tcp', 'rlpx', 'hello', 'status', 'head'],
    ])
    expect(lines[2]).to.match(/hello {2}Door\/v1: eth\/70 zzz\/1, p2p\/5$/)
    expect(lines[3]).to.match(
      /status eth\/70, network \d+, genesis 0x\S+, fork 0x01020304 next 0, blocks 0 to 0, head 0x/,
    )
    expect(lines[4]).to.match(/head {3}block 0 of \d{4}-/)
  })
  it('prints all of it as JSON', async () => {
    const { exit, out } = await against(answering, { args: ['--json'] })
    expect(exit).to.equal(0)
    const report = JSON.parse(out)
    expect(report).to.include({ outcome: 'ok' })
    expect(report.steps.map(({ step }: { step: string }) => step)).to.deep.equal([
      ...['tcp', 'rlpx', 'hello', 'status', 'head'],
    ])
    expect(report.states.at(-1)).to.include({ state: 'running' })
    expect(report.said.at(2)).to.include({ by: 'us', label: 'Hello' })
    expect(report.said.at(-1)).to.include({ by: 'them', label: 'BlockHeaders 1' })
    expect(report.hello.caps).to.deep.equal(['eth/68', 'eth/69', 'eth/70', 'eth/71', 'eth/72'])
    expect(report.status).to.deep.include({ networkId: Number(config.chainId), version: 72 })
    expect(report.head).to.include({ number: 0 })
  })
  it('explains with the states and the whole exchange', async () => {
    const { out } = await against(answering, { args: ['--explain'] })
    expect(out).to.match(
      /^states: dialing → securing\.agreeing → greeting\.said → handshaking\.unsaid → handshaking\.heard → running$/m,
    )
    const said = out.match(/^ +\d+ ms [<>] .*$/gm)!.map((line) => line.replace(/^ +\d+ ms /, ''))
    expect(said.map((line) => line.replace(/\d+ bytes/, '…'))).to.deep.equal([
      ...[
        '> auth, …',
        '< ack, …',
        '> Hello',
        '< Hello',
        '< Status',
        '> Status',
        '> GetBlockHeaders',
        '< BlockHeaders 1',
      ],
    ])
    expect(out).to.match(/^ok: it runs, and answers$/m)
  })
  it('reports a node that does not have its own head', async () => {
    const empty = async (peer: ScriptedPeer) =>
      peer.send('BlockHeaders', { id: (await peer.expect('GetBlockHeaders')).id, headers: [] })
    expect((await against(empty)).out).to.contain('it answers, and does not have its own head')
  })
  it('stays as long as it is asked to, and reports why that ended', async () => {
    const quitting = async (peer: ScriptedPeer) => {
      await answering(peer)
      peer.send('Disconnect', { reason: 'Quitting' })
      peer.close()
    }
    const { exit, err } = await against(quitting, { args: ['--for', '5s'] })
    expect(exit).to.equal(9)
    expect(err).to.match(/^error: it sent Disconnect 0x08, client quitting, after both Statuses; /)
    const living = { answerPings: true, args: ['--for', '10ms'] }
    expect((await against(answering, living)).exit).to.equal(0)
  })
  it('reports a node that stops answering after the checks, while the connection is kept', async () => {
    const { exit, err } = await against(answering, { args: ['--for', '10ms', '--timeout', '300ms'] })
    expect(err).to.match(/^error: both have said Status, and no answer to Ping came within 300 ms; /)
    expect(exit).to.equal(4)
  })

  describe('names the cause, with an exit status for each class', () => {
    const quick = ['--timeout', '300ms']
    const closing = async (server: Server, ...args: string[]) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      try {
        return await peerchart('connect', at((server.address() as { port: number }).port), ...args)
      } finally {
        server.close()
      }
    }
    const expectFault = ({ exit, err }: { exit: number; err: string }, code: number, cause: RegExp) => {
      expect(err)
        .to.match(/^error: [^\n]+; [^\n]+\n$/)
        .and.match(cause)
      expect(exit).to.equal(code)
    }

    it('a closed port', async () => {
      const listener = await listen()
      await listener.close()
      expectFault(await peerchart('connect', listener.enode), 2, /the port is closed: connection refused/)
    })
    it('an unknown host', async () => {
      const enode = at(30_303).replace('127.0.0.1', 'no-such-host.invalid')
      expectFault(await peerchart('connect', enode), 2, /the host is unknown/)
    })
    it('a TLS server', async () => expectFault(await closing(createTls({})), 3, /what is there speaks TLS, not RLPx/))
    for (const [what, greeting] of [
      ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
      ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ] as const)
      it(`${what === 'HTTP' ? 'an HTTP' : 'an SSH'} server`, async () => {
        const server = createServer((socket) => socket.on('error', () => {}).end(greeting))
        expectFault(await closing(server, ...quick), 3, new RegExp(`speaks ${what}, not RLPx`))
      })
    it('a server of something else', async () => {
      const server = createServer((socket) => socket.on('error', () => {}).end(new Uint8Array(600).fill(9)))
      expectFault(await closing(server, ...quick), 3, /no ack of RLPx/)
    })
    it('a server that hangs up on us', async () => {
      const server = createServer((socket) => socket.on('error', () => {}).destroy())
      expectFault(await closing(server, ...quick), 3, /it closed the connection at our auth: its key is not that/)
    })
    it('a server that says nothing', async () =>
      expectFault(
        await against(() => {}, { through: 'tcp', args: quick }),
        4,
        /it takes connections, and does not answer our auth within 300 ms/,
      ))
    it('a node with another key', async () => {
      await using listener = await listen()
      const [, port] = /:(\d+)$/.exec(listener.enode)!
      await using _peer = listener.accept()
      expectFault(await peerchart('connect', at(Number(port)), ...quick), 3, /its key is not that of the enode/)
    })
    it('a node that never says Hello', async () =>
      expectFault(await against(() => {}, { through: 'rlpx', args: quick }), 4, /keys are agreed, and no Hello came/))
    it('a node that never says Status', async () =>
      expectFault(
        await against(() => {}, { through: 'hello', args: quick }),
        4,
        /both have said Hello, and no Status came within 300 ms/,
      ))
    it('a node that stops answering', async () =>
      expectFault(await against(() => {}, { args: quick }), 4, /no answer to GetBlockHeaders came within 300 ms/))
    it('a node that hangs up without a word', async () => {
      const leave = async (peer: ScriptedPeer) => {
        await peer.until('running')
        peer.close()
      }
      expectFault(await against(leave), 9, /it closed the connection without a word, after both Statuses/)
    })
    it('a node with no place for us', async () => {
      const refuse = async (peer: ScriptedPeer) => {
        await peer.until('greeting')
        peer.send('Disconnect', { reason: 'TooManyPeers' })
        peer.close()
      }
      expectFault(
        await against(refuse, { through: 'rlpx' }),
        6,
        /it sent Disconnect 0x04, too many peers, once keys were agreed and before its Hello/,
      )
    })
    for (const [reason, cause] of [
      ['Self', /0x0a, connected to self, once keys were agreed and before its Hello: our key is its own; /],
      ['AlreadyConnected', /0x05, already connected, [^:]*: it has a peer with our key already; /],
    ] as const)
      it(`a node that minds our key: ${reason}`, async () => {
        const refuse = async (peer: ScriptedPeer) => {
          await peer.until('greeting')
          peer.send('Disconnect', { reason })
          peer.close()
        }
        expectFault(await against(refuse, { through: 'rlpx' }), 9, cause)
      })
    it('a node that speaks no eth of ours', async () => {
      const refuse = async (peer: ScriptedPeer) => {
        await peer.until('running')
        peer.send('Disconnect', { reason: 'UselessPeer' })
        peer.close()
      }
      expectFault(
        await against(refuse, { caps: ['eth/63', 'les/4'] }),
        5,
        /it offers eth\/63 les\/4, we eth\/68 .* eth\/72; it sent Disconnect 0x03, useless peer/,
      )
    })
    it('a node whose Hello has another id than its key', async () => {
      const refuse = async (peer: ScriptedPeer) => void (await peer.expectDisconnect('UnexpectedIdentity'))
      expectFault(
        await against(refuse, { hello: { id: publicKeyOf(key) } }),
        5,
        /^error: its Hello has the id of node 0x[0-9a-f]{8}…[0-9a-f]{8}, and its key is that of 0x/,
      )
    })
    it('a node of another network', async () => {
      expectFault(
        await against(answering, { args: ['--network', 'mainnet'] }),
        7,
        new RegExp(`it is on network ${config.chainId}, and mainnet is 1`),
      )
      expectFault(
        await against(answering, { status: { ...status, networkId: 1n }, args: ['--network', 'mainnet'] }),
        7,
        /its genesis is 0x\S+, and that of mainnet is 0xd4e56740…\w+8fa3/,
      )
    })
    it('a node of a fork that the chain does not have', async () => {
      const dir = await mkdtemp(join(tmpdir(), 'peerchart-connect-'))
      try {
        const genesis = join(dir, 'genesis.json')
        await writeFile(genesis, JSON.stringify(devGenesisJson))
        const { exit, err } = await against(answering, { args: ['--genesis', genesis] })
        expect(err).to.match(/fork id 0x01020304\/0 is of no fork of this chain; its client or its genesis needs/)
        expect(exit).to.equal(8)
      } finally {
        await rm(dir, { recursive: true })
      }
    })
    it('an interruption, which is not the fault of the node', async () => {
      const io = new ScriptedIo()
      await using listener = await listen({ through: 'rlpx' })
      await using peer = listener.accept()
      const running = runCli(['connect', listener.enode, '--json'], io)
      await peer.expect('Hello')
      io.signal('SIGINT')
      expect(await running).to.equal(130)
      expect(io.err).to.equal('error: interrupted, once keys were agreed and before its Hello\n')
      expect(JSON.parse(io.out)).to.deep.include({ outcome: 'interrupted' })
    })
    it('and puts it into the JSON too', async () => {
      const { out, exit } = await against(() => {}, { through: 'hello', args: [...quick, '--json'] })
      expect(JSON.parse(out)).to.deep.include({ outcome: 'silent' }).and.not.have.property('status')
      expect(exit).to.equal(4)
    })
  })
})

describe('peerchart listen', () => {
  /** Runs it, and dials it as soon as it says where. */
  async function dialed(script: (enode: string, io: ScriptedIo) => unknown, ...args: string[]) {
    const io = new ScriptedIo()
    const running = runCli(['listen', ...args], io)
    const enode = await new Promise<string>((resolve) => {
      const look = () => {
        const found = /enode:\S+/.exec(io.err)?.[0]
        if (found) resolve(found)
        else setImmediate(look)
      }
      look()
    })
    await script(enode, io)
    return { exit: await running, out: io.out, err: io.err, left: io.listening }
  }

  it('reports what dials it', async () => {
    const { exit, out } = await dialed(async (enode) => {
      const peer = dial(enode, { status, hello: { name: 'Guest/v1' } })
      const { id } = await peer.expect('GetBlockHeaders')
      peer.send('BlockHeaders', { id, headers: [encodeHeader(header)] })
    })
    expect(exit).to.equal(0)
    expect(out)
      .to.match(/hello {2}Guest\/v1: eth\/68/)
      .and.match(/head {3}block 0 of/)
  })
  it('names what dials it and is no node', async () => {
    for (const [bytes, cause] of [
      ['GET / HTTP/1.1\r\n\r\n', /what dialed us speaks HTTP, not RLPx; see that what dials us/],
      ['nothing of the kind, and long enough', /what dialed us sent no auth to our key/],
    ] as const) {
      const { exit, err } = await dialed((enode) => {
        const [, port] = /:(\d+)$/.exec(enode)!
        connect(Number(port), '127.0.0.1')
          .on('error', () => {})
          .end(bytes)
      })
      expect(err).to.match(cause)
      expect(exit).to.equal(3)
    }
  })
  it('says that no node dialed it', async () => {
    const { exit, err } = await dialed(() => {}, '--wait', '20ms')
    expect(exit).to.equal(4)
    expect(err).to.match(/^error: no node dialed us within 20 ms; give it longer with --wait$/m)
    const { out } = await dialed(() => {}, '--wait', '20ms', '--json')
    expect(JSON.parse(out)).to.include({ outcome: 'silent', cause: 'no node dialed us within 20 ms' })
  })
  it('ends when it is interrupted', async () => {
    const { exit, err, left } = await dialed((_, io) => io.signal('SIGINT'))
    expect({ exit, left }).to.deep.equal({ exit: 130, left: 0 })
    expect(err).to.match(/^error: interrupted before a node dialed$/m)
  })
})
