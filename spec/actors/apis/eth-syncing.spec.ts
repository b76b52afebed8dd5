import { expect } from 'chai'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { dial } from '../../../actors/scripted-peer/dial.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import { makeBlocks } from '../chain/make-chain.ts'

// geth 1.17.10: eth_syncing (internal/ethapi Syncing) is false once SyncProgress.Done: currentBlock is not below highestBlock.
// Progress (eth/downloader) has highestBlock from syncStatsChainHeight: headers that came, or a head that a consensus client
// named; no Status sets it.

describe('eth_syncing, with a peer that claims a million blocks and never gives their bodies', () => {
  const genesis = devGenesis()
  const headers = [genesis.header, ...makeBlocks(genesis, genesis.header, 576).map(({ header }) => header)]
  let node: PeerchartNode
  let peer: ScriptedPeer
  let serving: Promise<unknown>

  beforeEach(async () => {
    // Once it has looked at the heads of its peers it does not look again.
    node = await createNode({
      genesis: devGenesisJson,
      ...{ port: 0, headPollInterval: 2 ** 31 - 1, rpc: { http: { port: 0, api: ['eth'] } } },
    })
    await node.start()
    peer = dial(node.enode, {
      caps: ['eth/69'],
      status: { range: { earliest: 0n, latest: 1_000_000n, latestHash: new Uint8Array(32).fill(7) } },
    }) as ScriptedPeer
  })
  afterEach(async () => {
    peer.close()
    await serving
    await node.stop()
  })

  async function syncing(): Promise<unknown> {
    const response = await fetch(node.rpc!.http!, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"eth_syncing","params":[]}',
    })
    return ((await response.json()) as { result: unknown }).result
  }
  /** Gives those headers of the 576 that are asked for. */
  async function serve(): Promise<void> {
    for (;;) {
      const { id, origin, amount, skip } = await peer.expect('GetBlockHeaders', {}, { timeout: 2 ** 31 - 1 })
      const numbers = Array.from({ length: Number(amount) }, (_, i) => Number(origin) + i * (Number(skip) + 1))
      const known = numbers.filter((number) => number < headers.length).map((number) => headers[number]!.raw)
      peer.send('BlockHeaders', { id, headers: known })
    }
  }
  const untilClosed = (error: unknown) => {
    if (!(error instanceof ScriptError)) throw error
  }

  it('is false while no header of it has come', async () => {
    serving = Promise.resolve()
    await peer.expect('GetBlockHeaders')
    expect(await syncing()).to.equal(false)
  })
  for (const [how, end] of [
    ['says that it has none', (id: bigint) => peer.send('BlockBodies', { id, bodies: [] })],
    ['hangs up', () => peer.close()],
  ] as const)
    it(`goes as far as the headers that came, and is false again when the peer ${how}`, async () => {
      serving = serve().catch(untilClosed)
      const { id } = await peer.expect('GetBlockBodies')
      expect(await syncing()).to.include({ startingBlock: '0x0', currentBlock: '0x0', highestBlock: '0x240' })
      end(id)
      while ((await syncing()) !== false);
    })
})
