import { expect } from 'chai'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { runCli } from '../../../actors/cli/program.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import { type ListenOptions, listen, type ScriptedListener } from '../../../actors/scripted-peer/listen.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { network } from '../../../protocols/chain/networks.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { encodeRlp, readItem } from '../../../protocols/lib/rlp.ts'
import { makeBlocks } from '../chain/make-chain.ts'
import { ScriptedIo } from './scripted-io.ts'
import { WatchedIo } from './watched-io.ts'

const status = {
  networkId: 5n,
  genesis: new Uint8Array(32).fill(1),
  forkId: { hash: Uint8Array.of(1, 2, 3, 4), next: 0n },
  range: { earliest: 0n, latest: 7n, latestHash: new Uint8Array(32).fill(2) },
}
const hash = (byte: number) => new Uint8Array(32).fill(byte)
const transaction = encodeRlp([1, 2, 3])
const transactionHash = txHash(readItem(transaction))

describe('peerchart watch', () => {
  let listener: ScriptedListener
  let peer: ScriptedPeer
  afterEach(async () => {
    peer?.close()
    await listener?.close()
  })

  /** Plays the node that is watched, until `script` ends. */
  async function watching(
    script: (peer: ScriptedPeer, io: WatchedIo) => Promise<unknown>,
    args: readonly string[] = [],
    options: ListenOptions = {},
  ) {
    listener = await listen({ status, caps: ['eth/70'], ...options })
    peer = listener.accept()
    const io = new WatchedIo()
    const running = runCli(['watch', listener.enode, '--timeout', '1s', '--summary', ...args], io)
    await peer.until('running')
    const { id } = await peer.expect('GetBlockHeaders')
    peer.send('BlockHeaders', { id, headers: [] })
    await script(peer, io)
    io.signal('SIGINT')
    return { exit: await running, io, summary: io.lines.at(-1)! }
  }
  const announce = (peer: ScriptedPeer, ...hashes: Uint8Array[]) =>
    peer.send('NewPooledTransactionHashes', {
      ...{ types: new Uint8Array(hashes.length).fill(2), sizes: hashes.map(() => 100), hashes },
    })

  it('prints each transaction once, with the node that announced it, what it is, and when', async () => {
    const { exit, io, summary } = await watching(async (peer, io) => {
      announce(peer, hash(1), hash(2))
      announce(peer, hash(2), hash(3))
      peer.send('Transactions', { transactions: [transaction] })
      await io.untilLines(4)
    })
    const reported = io.lines.slice(0, -1)
    expect(reported.map(({ hash, type, size, how }) => ({ hash, type, size, how }))).to.deep.equal([
      ...[1, 2, 3].map((byte) => ({ hash: `0x${bytesToHex(hash(byte))}`, type: 2, size: 100, how: 'announced' })),
      { hash: `0x${bytesToHex(transactionHash)}`, type: 0, size: 4, how: 'sent' },
    ])
    for (const { t, peer } of reported) {
      expect(t).to.be.a('number').and.below(Number(process.hrtime.bigint()))
      expect(peer).to.match(/^[0-9a-f]{64}$/)
    }
    const { latency, peers, ...counts } = summary
    expect(counts).to.deep.equal({ nodes: 1, seen: 4, announced: 3, sent: 1, again: 1, fetched: 0 })
    expect(peers).to.deep.equal([{ peer: reported[0]!.peer, state: 'watching', first: 4, later: 0 }])
    expect(latency).to.include({ of: 'line' }).and.have.keys('of', 'p50', 'p99')
    expect((latency as { p50: number }).p50).to.be.above(0)
    expect(exit).to.equal(0)
  })
  it('prints the newest block of a peer', async () => {
    const { io } = await watching(async (peer, io) => {
      peer.send('BlockRangeUpdate', { earliest: 0, latest: 8, latestHash: hash(8) })
      await io.untilLines(1)
    })
    expect(io.lines[0]!.head).to.deep.equal({ number: 8, hash: `0x${bytesToHex(hash(8))}` })
  })
  it('fetches the bytes of what is only announced, and reports how long that took', async () => {
    const { io, summary } = await watching(
      async (peer, io) => {
        announce(peer, transactionHash, hash(9))
        const { id, hashes } = await peer.expect('GetPooledTransactions')
        expect(hashes.count).to.equal(2)
        peer.send('PooledTransactions', { id, transactions: [transaction] })
        await io.untilLines(2)
      },
      ['--txs'],
    )
    expect(io.lines[0])
      .to.include({ raw: `0x${bytesToHex(transaction)}` })
      .and.have.property('took')
      .that.is.above(0)
    expect(io.lines[1]).to.not.have.property('raw') // the node has dropped it meanwhile
    expect(summary).to.deep.include({ seen: 2, fetched: 1 })
    const { took } = io.lines[0] as { took: number }
    const ms = Math.round(took * 1000) / 1000
    expect(summary.latency).to.deep.equal({ of: 'fetch', p50: ms, p99: ms })
  })
  it('asks for no more than geth would in one go', async () => {
    const hashes = Array.from({ length: 300 }, (_, i) =>
      Uint8Array.from({ length: 32 }, (_, at) => (at < 2 ? i >> (8 * at) : 1)),
    )
    await watching(
      async (peer, io) => {
        announce(peer, ...hashes)
        for (const count of [256, 44]) {
          const request = await peer.expect('GetPooledTransactions')
          expect(request.hashes.count).to.equal(count)
          peer.send('PooledTransactions', { id: request.id, transactions: [] })
        }
        await io.untilLines(300)
      },
      ['--txs'],
    )
  })
  it('asks a node that has not answered for no more until it has, and reports its announcements meanwhile', async () => {
    const { io } = await watching(
      async (peer, io) => {
        announce(peer, hash(1))
        const late = await peer.expect('GetPooledTransactions')
        await io.untilLines(1)
        announce(peer, hash(2))
        await io.untilLines(2)
        peer.send('PooledTransactions', { id: late.id, transactions: [] })
        announce(peer, transactionHash)
        const { id, hashes } = await peer.expect('GetPooledTransactions')
        expect([...hashes]).to.deep.equal([transactionHash])
        peer.send('PooledTransactions', { id, transactions: [transaction] })
        await io.untilLines(3)
      },
      ['--txs', '--timeout', '100ms'],
    )
    expect(io.lines.slice(0, 3).map(({ raw }) => raw !== undefined)).to.deep.equal([false, false, true])
  })
  it('answers what it is asked with nothing, so that it stays a good peer', async () => {
    await watching(
      async (peer) => {
        expect((await peer.request('GetBlockHeaders', { origin: 1, amount: 1 })).headers.count).to.equal(0)
        expect((await peer.request('GetBlockBodies', { hashes: [hash(1)] })).bodies.count).to.equal(0)
        expect((await peer.request('GetReceipts', { hashes: [hash(1)] })).receipts.count).to.equal(0)
        expect((await peer.request('GetPooledTransactions', { hashes: [hash(1)] })).transactions.count).to.equal(0)
        expect((await peer.request('GetBlockAccessLists', { hashes: [hash(1)] })).accessLists.count).to.equal(0)
        const cells = await peer.request('GetCells', { hashes: [hash(1)], mask: new Uint8Array(16) })
        expect(cells.cells.count).to.equal(0)
        peer.raw({ code: 'GetBlockHeaders', payload: encodeRlp(7), compressed: true })
        peer.send('Ping')
        await peer.expect('Pong')
      },
      [],
      { caps: ['eth/72'] },
    )
  })
  it('survives gossip that is none', async () => {
    await watching(async (peer, io) => {
      peer.raw({ code: 'Transactions', payload: encodeRlp(7), compressed: true })
      announce(peer, hash(1))
      await io.untilLines(1)
    })
  })
  it('mirrors the Status of the node, or says another head', async () => {
    await watching(async (peer) => expect(peer.theirStatus).to.deep.include({ networkId: 5n, range: status.range }))
    peer.close()
    await listener.close()
    await watching(
      async (peer) =>
        expect(peer.theirStatus)
          .to.have.property('range')
          .that.deep.equals({ earliest: 0n, latest: 9n, latestHash: hash(9) }),
      ['--head', `9:0x${bytesToHex(hash(9))}`],
    )
  })
  it('sends the Status of the node behind an RPC, and reports what the watched node announces', async () => {
    const node = await createNode({ genesis: devGenesisJson, port: 0, noDial: true, rpc: { http: { port: 0 } } })
    await using _stopped = { [Symbol.asyncDispose]: () => node.stop() }
    await node.chain.insertBlocks(makeBlocks(devGenesis(), node.chain.head, 3))
    await node.start()
    await using asker = dial(node.enode, { caps: ['eth/70'] })
    const { kind: _kind, ...said } = (await asker.until('running')).theirStatus!
    const { io } = await watching(
      async (peer, io) => {
        expect(peer.theirStatus).to.deep.include(said)
        announce(peer, hash(1))
        await io.untilLines(1)
      },
      ['--rpc', node.rpc!.http!],
    )
    expect(said.range.latest).to.equal(3n)
    expect(io.lines[0]).to.include({ hash: `0x${bytesToHex(hash(1))}`, how: 'announced' })
  })
  it('says the Status of a network, when it has a head', async () => {
    const { genesis } = network('sepolia')
    await watching(
      async (peer) =>
        expect(peer.theirStatus).to.deep.include({ networkId: 11_155_111n, genesis: genesis.header.hash }),
      ['--network', 'sepolia', '--head', `9:0x${bytesToHex(hash(9))}`],
    )
  })
  it('reports which node announced a transaction first, and how far behind the other was', async () => {
    await using second = await listen({ status, caps: ['eth/70'] })
    await using other = second.accept()
    const { io, summary } = await watching(
      async (peer, io) => {
        const { id } = await other.expect('GetBlockHeaders')
        other.send('BlockHeaders', { id, headers: [] })
        announce(peer, hash(1), hash(2))
        await io.untilLines(2)
        announce(other, hash(2), hash(3))
        await io.untilLines(3)
      },
      [second.enode],
    )
    expect(summary).to.deep.include({ nodes: 2, seen: 3, again: 1 })
    const [first, behind] = summary.peers as { peer: string; behind: { p50: number; p99: number } }[]
    expect(first).to.deep.equal({ peer: io.lines[0]!.peer, state: 'watching', first: 2, later: 0 })
    expect(behind).to.deep.include({ peer: io.lines[2]!.peer, state: 'watching', first: 1, later: 1 })
    expect(behind!.behind.p50).to.be.above(0).and.equal(behind!.behind.p99)
  })
  it('gives up who does not have us, however long it is to watch', async () => {
    listener = await listen({ through: 'tcp' })
    peer = listener.accept()
    const io = new WatchedIo()
    expect(await runCli(['watch', listener.enode, '--timeout', '2s', '--for', '1h', '--summary'], io)).to.equal(4)
    expect(io.err).to.match(/^error: it takes connections, and does not answer our auth within 2000 ms; [^\n]+\n$/)
    expect(io.lines.at(-1)!.peers).to.have.nested.property('[0].state', 'failed')
  })
  it('ends by itself after the time it was given', async () => {
    const { exit } = await watching((peer) => peer.closed({ timeout: 5_000 }), ['--for', '1ms'])
    expect(exit).to.equal(0)
  })
  it('says which node was lost', async () => {
    const { io, exit } = await watching(async (peer, io) => {
      peer.send('Disconnect', { reason: 'TooManyPeers' })
      peer.close()
      await io.until(() => io.err.includes('Lost'))
    })
    expect(io.err)
      .to.match(/Lost a node, it will be dialed again/)
      .and.match(/too many peers/)
    expect(exit).to.equal(0)
  })

  describe('refuses', () => {
    const refused = async (line: string, code: number, cause: RegExp) => {
      const io = new ScriptedIo()
      const exit = await runCli(line.split(' '), io)
      expect(io.err)
        .to.match(/^error: [^\n]+\n$/m)
        .and.match(cause)
      expect({ exit, out: io.out }).to.deep.equal({ exit: code, out: '' })
    }
    it('to watch no node', () => refused('watch', 1, /name a node to watch, or a --network whose bootnodes are/))
    it('what is no node', () => refused('watch nonsense', 1, /Want enode:\/\//))
    it('what is no head', () => refused('watch --network mainnet --head 7', 1, /Want .*NUMBER:HASH|Want a block/))
    it('an RPC that is not there', async () => {
      listener = await listen()
      await refused(`watch ${listener.enode} --rpc http://127.0.0.1:1`, 1, /127\.0\.0\.1:1/)
    })
    it('a node of another network than that whose node we are', async () => {
      listener = await listen({ status })
      peer = listener.accept()
      const cause = /it is on network 5, and mainnet is 1; name its chain with --network or --genesis/
      const ended = refused(`watch ${listener.enode} --network mainnet`, 7, cause)
      await peer.until('running')
      peer.close()
      await ended
    })
    it('a node that would not have us, with an exit status for each class', async () => {
      listener = await listen()
      await listener.close()
      await refused(`watch ${listener.enode}`, 2, /the port is closed: connection refused/)
    })
  })
})
