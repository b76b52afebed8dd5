import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import type { MessageOf } from '../../../protocols/eth/messages.ts'
import { bytesToHex, equalBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { type EthCase, expectDropped, type Trial } from './eth-case.ts'

/** BlockRangeUpdate. */
export const rangeCases: readonly EthCase[] = [
  {
    name: 'BlockRangeUpdateExpired',
    since: 69,
    async run(trial) {
      const { number, hash } = trial.chain.head.header
      await expectAccepted(trial, { earliest: number - 10n, latest: number, latestHash: hash })
    },
  },
  {
    name: 'BlockRangeUpdateFuture',
    since: 69,
    async run(trial) {
      const { number } = trial.chain.head.header
      await expectAccepted(trial, { earliest: number + 10n, latest: number + 50n, latestHash: randomBytes(32) })
    },
  },
  {
    name: 'BlockRangeUpdateInvalid',
    since: 69,
    async run(trial) {
      const peer = await trial.join()
      peer.send('BlockRangeUpdate', { earliest: 10, latest: 8, latestHash: trial.chain.blocks[8]!.header.hash })
      await expectDropped(peer, 'NewPooledTransactionHashes') // what the pool has
    },
  },
]

/** What a node serves of its blocks. */
export const blockCases: readonly EthCase[] = [
  {
    name: 'GetBlockHeaders',
    async run(trial) {
      const peer = await trial.join()
      const origin = trial.chain.blocks[1]!.header.hash
      expectHeaders(trial, await peer.request('GetBlockHeaders', { origin, amount: 2, skip: 1 }), [1, 3])
    },
  },
  {
    name: 'GetNonexistentBlockHeaders',
    async run(trial) {
      const peer = await trial.join()
      for (let i = 0; i < 10; i++)
        expectHeaders(trial, await peer.request('GetBlockHeaders', { origin: 2n ** 64n - 1n, amount: 1 }), [])
    },
  },
  {
    name: 'SimultaneousRequests',
    async run(trial) {
      const peer = await trial.join()
      const answers = await Promise.all([
        peer.request('GetBlockHeaders', { id: 111, origin: trial.chain.blocks[1]!.header.hash, amount: 2, skip: 1 }),
        peer.request('GetBlockHeaders', { id: 222, origin: trial.chain.blocks[1]!.header.hash, amount: 4, skip: 1 }),
      ])
      expectHeaders(trial, answers[0], [1, 3])
      expectHeaders(trial, answers[1], [1, 3, 5, 7])
    },
  },
  {
    name: 'SameRequestID',
    async run(trial) {
      const peer = await trial.join()
      peer.send('GetBlockHeaders', { id: 1234, origin: 1, amount: 2 })
      peer.send('GetBlockHeaders', { id: 1234, origin: 33, amount: 3 })
      expectHeaders(trial, await answerOf(peer, 1234n, 2), [1, 2])
      expectHeaders(trial, await answerOf(peer, 1234n, 3), [33, 34, 35])
    },
  },
  {
    name: 'ZeroRequestID',
    async run(trial) {
      const peer = await trial.join()
      expectHeaders(trial, await peer.request('GetBlockHeaders', { id: 0, origin: 0, amount: 2 }), [0, 1])
    },
  },
  {
    name: 'GetBlockAccessLists',
    since: 71,
    async run(trial) {
      const { blocks, head } = trial.chain
      const recent = blocks.slice(-16).map(({ header }) => header.hash)
      const [last, before] = [head.header.hash, blocks.at(-2)!.header.hash]
      const unknown = randomBytes(32)
      await expectAccessLists(trial, [])
      await expectAccessLists(trial, [unknown])
      await expectAccessLists(trial, [unknown, randomBytes(32), randomBytes(32)])
      await expectAccessLists(trial, [last])
      await expectAccessLists(trial, [last, before])
      await expectAccessLists(trial, [last, unknown, before, unknown])
      await expectAccessLists(trial, recent, 0)
      await expectAccessLists(trial, [last, last, last])
    },
  },
  {
    name: 'GetBlockBodies',
    async run(trial) {
      const peer = await trial.join()
      const blocks = [trial.chain.blocks[54]!, trial.chain.blocks[75]!]
      const { bodies } = await peer.request('GetBlockBodies', { hashes: blocks.map(({ header }) => header.hash) })
      expect(Array.from(bodies.items(), ({ raw }) => bytesToHex(raw))).to.deep.equal(
        blocks.map(({ body }) => bytesToHex(body.raw)),
      )
    },
  },
]

type Range = { readonly earliest: bigint; readonly latest: bigint; readonly latestHash: Uint8Array }

/** After it the node serves us, and answers ten Pings. */
async function expectAccepted(trial: Trial, range: Range): Promise<void> {
  const peer = await trial.join()
  peer.send('BlockRangeUpdate', range)
  expectHeaders(trial, await peer.request('GetBlockHeaders', { origin: 1, amount: 1 }), [1])
  for (let i = 0; i < 10; i++) {
    peer.send('Ping')
    await peer.expect('Pong')
  }
}

/** One for each, or as many as it likes from `least` on: nothing where it has none, and else what the header commits to. */
async function expectAccessLists(trial: Trial, hashes: readonly Uint8Array[], least = hashes.length): Promise<void> {
  const peer = await trial.join()
  const { accessLists } = await peer.request('GetBlockAccessLists', { hashes })
  expect(accessLists.count).to.be.within(least, hashes.length)
  for (const [i, { raw }] of [...accessLists.items()].entries()) {
    if (bytesToHex(raw) === '80') continue
    const block = trial.chain.blocks.find(({ header }) => equalBytes(header.hash, hashes[i]!))
    expect(bytesToHex(keccak256(raw))).to.equal(bytesToHex(block!.header.balHash!))
  }
}

const answerOf = (peer: ScriptedPeer, id: bigint, count: number): Promise<MessageOf<'BlockHeaders'>> =>
  peer.expect('BlockHeaders', (answer) => answer.id === id && answer.headers.count === count)

/** To the byte. */
function expectHeaders({ chain }: Trial, { headers }: MessageOf<'BlockHeaders'>, numbers: readonly number[]): void {
  expect(Array.from(headers.items(), ({ raw }) => bytesToHex(raw))).to.deep.equal(
    numbers.map((number) => bytesToHex(chain.blocks[number]!.header.raw)),
  )
}
