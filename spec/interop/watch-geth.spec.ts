import { expect } from 'chai'
import { runCli } from '../../actors/cli/program.ts'
import { percentile } from '../../actors/gossip-watch/latencies.ts'
import { statusFromRpc } from '../../actors/gossip-watch/status-from-rpc.ts'
import { dial } from '../../actors/scripted-peer/dial.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { keccak256 } from '../../protocols/lib/keccak.ts'
import { readItem } from '../../protocols/lib/rlp.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { WatchedIo } from '../actors/cli/watched-io.ts'
import { type EthtestChain, readEthtestChain } from '../suites/eth-scripts/ethtest-chain.ts'
import { signTx } from '../suites/eth-scripts/sign.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { eventually } from './own-ethtest-node.ts'

describe('peerchart watch, on a geth that receives 1,000 transactions', function () {
  this.timeout(120_000)
  let geth: Geth
  let transactions: readonly { hash: string; raw: string }[]
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, chain, networkId, update } = requireEthtest(this)
    geth = await Geth.start({ path, genesis, chain, networkId })
    await geth.engine(update)
    const ethtest = readEthtestChain()
    const senders: Sender[] = []
    for (const key of ethtest.keys) {
      const code = await geth.rpc<string>('eth_getCode', addressOf(key), 'latest')
      const nonce = BigInt(await geth.rpc<string>('eth_getTransactionCount', addressOf(key), 'latest'))
      // Of an account that delegates (EIP-7702) geth's pool holds one transaction at a time.
      if (code === '0x') senders.push({ key, nonce })
    }
    transactions = sign(ethtest, senders)
  })
  after(() => geth?.stop())

  for (const [how, from, args] of [
    ['as it hears of them', 0, []],
    ['with their bytes', 1_000, ['--txs']],
  ] as const)
    it(`reports every one once, ${how}, and how long they took`, async function () {
      const { sent, io, summary } = await watchWhile(transactions.slice(from, from + 1_000), args)
      const reported = io.lines.slice(0, -1).filter(({ hash }) => hash !== undefined)
      const hashes = reported.map(({ hash }) => hash as string)
      expect(new Set(hashes).size).to.equal(hashes.length)
      expect(hashes).to.include.members([...sent.keys()])
      const latencies = reported.flatMap(({ hash, t }) => {
        const began = sent.get(hash as string)
        return began === undefined ? [] : [(Number(t) - began) / 1e6]
      })
      this.test!.title +=
        `: from eth_sendRawTransaction p50 ${percentile(latencies, 50)} ms, p99 ${percentile(latencies, 99)} ms`
      expect(percentile(latencies, 50)).to.be.above(0)
      expect(summary.seen).to.equal(hashes.length)
      const { of, p50, p99 } = summary.latency
      expect(of).to.equal(args.length === 0 ? 'line' : 'fetch')
      expect(p50).to.be.above(0).and.at.most(p99)
      this.test!.title += `; of each ${of} p50 ${p50} ms, p99 ${p99} ms`
      if (args.length === 0) return
      for (const { hash, raw } of reported.filter(({ hash }) => sent.has(hash as string)))
        expect(raw).to.equal(transactions.find((one) => one.hash === hash)!.raw)
    })

  it('sends geth the Status that its RPC describes, which is its own, and hears of transactions', async () => {
    await using asker = dial(geth.enode, { caps: ['eth/69'] })
    const { kind: _kind, version: _version, ...said } = (await asker.until('running')).theirStatus!
    expect(await statusFromRpc(geth.url, 5_000)).to.deep.equal(said)
    asker.close()
    await eventually('geth has no peer', async () => (await geth.rpc<unknown[]>('admin_peers')).length === 0)
    const { sent, io } = await watchWhile(transactions.slice(2_000), ['--rpc', geth.url])
    expect(io.lines.map(({ hash }) => hash)).to.include.members([...sent.keys()])
  })

  /** @returns when each was sent, by hash, in nanoseconds */
  async function watchWhile(some: typeof transactions, args: readonly string[]) {
    const io = new WatchedIo()
    const running = runCli(['watch', geth.enode, '--summary', ...args], io)
    const sent = new Map<string, number>()
    try {
      await eventually(
        'geth has the watcher for a peer',
        async () => (await geth.rpc<unknown[]>('admin_peers')).length === 1,
      )
      for (const { hash, raw } of some) {
        sent.set(hash, Number(process.hrtime.bigint()))
        expect(await geth.rpc('eth_sendRawTransaction', raw)).to.equal(hash)
      }
      await io.untilLines(some.length)
    } finally {
      io.signal('SIGINT')
    }
    expect(await running).to.equal(0)
    return { sent, io, summary: io.lines.at(-1) as Summary }
  }
})

type Summary = { readonly seen: number; readonly latency: { of: string; p50: number; p99: number } }
type Sender = { readonly key: Uint8Array; readonly nonce: bigint }

/** 2,010 transfers: the first of every sender before the second of any. */
function sign({ genesis, head }: EthtestChain, senders: readonly Sender[]): { hash: string; raw: string }[] {
  const fees = { chainId: genesis.config.chainId, tip: 1n, feeCap: head.header.baseFee!, gas: 21_000n }
  const to = new Uint8Array(20).fill(0xaa)
  return Array.from({ length: 2_010 }, (_, i) => {
    const { key, nonce } = senders[i % senders.length]!
    const round = BigInt(Math.floor(i / senders.length))
    const { hash, item } = signTx({ ...fees, nonce: nonce + round, to, value: 1n }, key)
    return { hash: `0x${bytesToHex(hash)}`, raw: `0x${bytesToHex(readItem(item).content)}` }
  })
}

const addressOf = (key: Uint8Array): string => `0x${bytesToHex(keccak256(publicKeyOf(key)).subarray(12))}`
