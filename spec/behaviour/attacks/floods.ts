import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { parseEnode } from '../../../protocols/enode/enode.ts'
import { type EthMessage, encode } from '../../../protocols/eth/messages.ts'
import { answerOf, messageTable } from '../../../protocols/eth/versions.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { openTcp } from '../../support/stages.ts'
import type { Attack } from '../attack.ts'
import { getHeaders, unknownHash } from '../provocations/requests.ts'
import { each } from './crowd.ts'
import { session } from './framing.ts'
import { sized } from './packets.ts'

/** More than anybody needs. */
export const floods: readonly Attack[] = [
  {
    name: '20,000 Pings, each of which has its Pong',
    timeout: 40_000,
    run: async ({ enode }) => {
      const peer = await session(enode)
      for (let batch = 0; batch < 40; batch++) {
        for (let i = 0; i < 500; i++) peer.send('Ping')
        for (let i = 0; i < 500; i++) await peer.next('Pong')
      }
      peer.close()
    },
  },
  {
    name: '20,000 Pings whose Pongs are never read',
    timeout: 40_000,
    growth: 64 << 20,
    run: async ({ enode }) => {
      await unread(await session(enode), (peer) => peer.send('Ping'), 20_000)
    },
  },
  {
    name: 'requests for 1,024 headers whose answers are never read, until the node reads no more',
    timeout: 40_000,
    growth: 64 << 20,
    run: async ({ enode }) => {
      // What follows the request is ignored, and fills the buffers on the way.
      const request = concatBytes(encode(69, getHeaders({ amount: 1_024n })), randomBytes(16_384))
      const ask = (peer: ScriptedPeer) => peer.send(peer.ethCode(0x03), request)
      expect(await unread(await session(enode), ask, 10_000)).to.be.below(10_000)
    },
  },
  {
    name: '5,000 requests at once, each of which has its answer',
    timeout: 40_000,
    run: async ({ enode }) => {
      const peer = await session(enode)
      for (let i = 0n; i < 5_000n; i++) peer.send(getHeaders({ id: i }))
      for (let i = 0; i < 5_000; i++) await peer.next('BlockHeaders', { timeout: 10_000 })
      peer.close()
    },
  },
  {
    name: '20,000 range updates',
    timeout: 40_000,
    run: async ({ enode }) => {
      const peer = await session(enode)
      const update: EthMessage = { kind: 'BlockRangeUpdate', earliest: 0n, latest: 1n, latestHash: unknownHash }
      for (let i = 0; i < 20_000; i++) {
        peer.send(update)
        await peer.drained()
      }
      await peer.request(getHeaders(), { timeout: 10_000 })
      peer.close()
    },
  },
  {
    name: '20 requests for 200,000 hashes each, of transactions and of cells',
    timeout: 40_000,
    run: async ({ enode }) => {
      const hashes = HashList.of(Array<Uint8Array>(200_000).fill(unknownHash))
      const requests = [
        { kind: 'GetPooledTransactions', id: 7n, hashes },
        { kind: 'GetCells', id: 7n, hashes, mask: new Uint8Array(16).fill(0xff) },
      ] as const
      const payloads = requests.map((request) => encode(72, request))
      const peer = await session(enode, 72)
      for (let round = 0; round < 10; round++)
        for (const [i, { kind }] of requests.entries()) {
          peer.send(peer.ethCode(messageTable(72).codeOf(kind)!), payloads[i]!)
          const { label } = await peer.next(answerOf[kind], { timeout: 10_000 })
          expect(label).to.equal(`${answerOf[kind]} 0`)
        }
      peer.close()
    },
  },
  {
    name: '2,000 auths of random bytes',
    timeout: 40_000,
    run: ({ enode }) =>
      each(Array(2_000).keys(), async () => {
        const peer = await openTcp(enode)
        peer.raw(sized(400, randomBytes(400)))
        await peer.closed()
      }),
  },
  {
    name: '10,000 connections that close at once',
    timeout: 60_000,
    run: ({ enode }) => each(Array(10_000).keys(), () => touch(enode), 200),
  },
  {
    name: '500 connections that say nothing, and half a second after they are gone a good peer',
    timeout: 30_000,
    run: async ({ enode }) => {
      const silent = await Promise.all(Array.from({ length: 500 }, () => openTcp(enode)))
      await delay(1_000)
      for (const peer of silent) peer.close()
      await delay(500)
      const good = await session(enode)
      await good.request(getHeaders())
      good.close()
    },
  },
  {
    name: '200 sessions that end without a word',
    timeout: 30_000,
    run: ({ enode }) =>
      each(
        Array(200).keys(),
        async () => {
          const peer = await session(enode)
          peer.send(getHeaders())
          peer.close()
        },
        16,
      ),
  },
]

/** @returns how many of `most` messages could be said to a node whose answers are not read */
async function unread(peer: ScriptedPeer, say: (peer: ScriptedPeer) => unknown, most: number): Promise<number> {
  peer.stopReading()
  let said = 0
  const flood = async () => {
    for (; said < most && !peer.isClosed; said++) {
      say(peer)
      await peer.drained()
    }
  }
  await Promise.race([flood(), stalled(() => said)])
  peer.close()
  return said
}

/** Resolves once `progress` has stood still for a second. */
async function stalled(progress: () => number): Promise<void> {
  for (let before = -1; before !== progress(); ) {
    before = progress()
    await delay(1_000)
  }
}

async function touch(enode: string): Promise<void> {
  const { host, tcp } = parseEnode(enode)
  const socket = connect({ host: host!, port: tcp })
  socket.on('error', () => {}) // a node with full hands may refuse, or leave us waiting
  await Promise.race([once(socket, 'connect'), once(socket, 'close'), delay(100)])
  socket.destroy()
}
