import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { devAccounts } from '../../../actors/chain/dev-genesis.ts'
import { Gossip, type GossipPeer } from '../../../actors/eth/gossip.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { processScheduler } from '../../../actors/runtime/process-runtime.ts'
import { type Steps, TimeSlicer } from '../../../actors/runtime/time-slicer.ts'
import { readSidecar } from '../../../protocols/chain/blob-sidecar.ts'
import { txHash } from '../../../protocols/chain/transaction.ts'
import type { EthMessage } from '../../../protocols/eth/messages.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { readItem } from '../../../protocols/lib/rlp.ts'
import { failureOf } from '../../failure.ts'
import { blobOf, cellsOf, everyColumn, maskOf, versionedHash } from '../../suites/eth-scripts/blob.ts'
import { signBlobTx } from '../../suites/eth-scripts/sign.ts'
import { ExecutedChain } from '../execution/methods/executed-chain.ts'

describe('the pool of transactions with blobs', function () {
  this.timeout(60_000)
  let node: ExecutedChain
  let folder: string
  const all: ExecutedChain[] = []
  const open = async () => {
    const one = await ExecutedChain.open(undefined, undefined, join(folder, 'blobs'))
    one.pool.start()
    all.push(one)
    return one
  }
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerchart-blobs-'))
    node = await open()
  })
  after(async () => {
    for (const one of all.splice(0)) await one.pool.stop()
    await rm(folder, { recursive: true })
  })
  const to = new Uint8Array(20).fill(0xab)
  const sign = (from: number, nonce: bigint, values: readonly bigint[], more = {}) => {
    const { chainId } = node.chain.config
    const fees = { tip: 1_000_000_000n, feeCap: 10_000_000_000n, blobFeeCap: 1_000_000n, gas: 21_000n }
    return signBlobTx({ chainId, nonce, ...fees, to, ...more }, values, devAccounts[from]!.privateKey, true)
  }
  const send = (item: Uint8Array) => node.call('eth_sendRawTransaction', data(readItem(item).content))
  const refusal = async (item: Uint8Array) => ((await failureOf(send(item))) as Error).message
  const run = <T>(steps: Steps<T>): Promise<T> => new TimeSlicer(processScheduler()).run(steps)
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }
  const first = () => sign(0, 0n, [5n, 6n])

  it('takes one over RPC, and shows it without its blobs', async () => {
    const tx = first()
    const ready: string[] = []
    const reading = node.pool.ready$.subscribe((some) => ready.push(...some.map(({ hash }) => hash)))
    expect(await send(tx.item)).to.equal(data(tx.hash))
    reading.unsubscribe()
    expect(ready).to.deep.equal([bytesToHex(tx.hash)])
    expect(await node.call('txpool_status')).to.deep.equal({ pending: '0x1', queued: '0x0' })
    expect(await node.call('eth_getRawTransactionByHash', data(tx.hash))).to.equal(data(readItem(tx.bare).content))
    const shown = await node.call('eth_getTransactionByHash', data(tx.hash))
    expect(shown).to.include({ type: '0x3', blockHash: null })
    expect(shown.blobVersionedHashes).to.deep.equal(tx.commitments.map((one) => data(versionedHash(one))))
    expect(shown).not.to.have.any.keys('blobs', 'proofs', 'commitments')
    expect(Object.keys((await node.call('txpool_content')).pending)).to.have.length(1)
  })
  it('refuses with geth’s sentences', async () => {
    const tx = sign(1, 0n, [5n])
    expect(await refusal(first().item)).to.equal('already known')
    expect(await refusal(tx.bare)).to.equal('missing sidecar in blob transaction')
    expect(await refusal(tx.withCommitments([]))).to.equal(
      'invalid number of 0 blob commitments compared to 1 blob hashes',
    )
    expect(await refusal(tx.withCommitments([new Uint8Array(48)]))).to.match(
      /^blob 0: computed hash 0x01[0-9a-f]{62} mismatches transaction one 0x01/,
    )
    expect(await refusal(sign(1, 0n, Array(7).fill(5n)).item)).to.equal(
      'transaction blob limit exceeded: blob count 7, limit 6',
    )
    expect(await refusal(sign(1, 0n, [5n], { blobFeeCap: 0n }).item)).to.equal(
      'transaction gas price below minimum: blob fee cap 0, minimum needed 1',
    )
    expect(await refusal(sign(1, 0n, []).item)).to.equal('blobless blob transaction')
    expect(await refusal(sign(0, 0n, [7n]).item)).to.match(/^replacement transaction underpriced: new tx gas fee cap/)
    const plain = node.signAt({ to: data(to), nonce: 1n })
    expect(((await failureOf(node.call('eth_sendRawTransaction', plain))) as Error).message).to.equal(
      'address already reserved',
    )
    // The blobs of another: only the proofs can show it.
    const { chainId } = node.chain.config
    const wrong = sign(1, 0n, [5n])
    const other = Buffer.from(wrong.item)
    other[other.indexOf(blobOf(5n)) + 31]! ^= 1
    expect(await refusal(other)).to.match(/^KZG verification error: /)
    expect(chainId > 0n).to.equal(true)
    const big = sign(1, 0n, [5n], { data: new Uint8Array(1_048_576) })
    expect(await refusal(big.item)).to.match(/^oversized data: transaction size \d+, limit 1048576$/)
    expect(await node.call('txpool_status')).to.deep.equal({ pending: '0x1', queued: '0x0' })
  })
  describe('to peers', () => {
    const sent: EthMessage[] = []
    const peerOf = (version: number): GossipPeer => ({
      ...{ version, id: 'aa', canSend: true },
      sendMessage: (message) => void sent.push(message),
    })
    let gossip: Gossip
    before(() => {
      gossip = new Gossip(node.pool, { key: new Uint8Array(16), random: () => 0 })
    })
    beforeEach(() => void sent.splice(0))
    const hashes = () => HashList.of([new Uint8Array(32), first().hash])

    it('is announced alone, with the size and the cells that the version means', async () => {
      const whole = first().size
      const lean = whole - 2 * 131_076
      for (const [version, size, mask] of [
        [71, whole, undefined],
        [72, lean, maskOf(everyColumn)],
      ] as const) {
        const peer = peerOf(version)
        gossip.joined(peer)
        const [message] = sent.splice(0) as [EthMessage & { kind: 'NewPooledTransactionHashes' }]
        expect(message).to.include({ kind: 'NewPooledTransactionHashes' })
        expect([[...message.types], message.mask]).to.deep.equal([[3], mask])
        // Lists of another length have prefixes of another length.
        expect([...message.sizes][0]).to.be.within(size - 8, size + 8)
        gossip.left(peer)
      }
    })
    it('is given whole up to eth/71, and without its blobs from then on', async () => {
      for (const [version, blobs] of [
        [71, [blobOf(5n), blobOf(6n)]],
        [72, []],
      ] as const) {
        const answer = await run(gossip.pooled(peerOf(version), hashes()))
        const [item] = answer.items()
        expect([answer.count, txHash(item!)]).to.deep.equal([1, first().hash])
        expect(readSidecar(item!)?.blobs).to.deep.equal(blobs)
      }
    })
    it('has its cells given column by column', async () => {
      const columns = [0, 63, 64, 127]
      const {
        cells,
        hashes: found,
        mask,
      } = await run(gossip.cells({ kind: 'GetCells', id: 7n, hashes: hashes(), mask: maskOf(columns) }))
      expect([found.count, cells.count, mask]).to.deep.equal([1, 1, maskOf(columns)])
      expect([...[...cells][0]!]).to.deep.equal(cellsOf([5n, 6n], columns))
      const none = await run(gossip.cells({ kind: 'GetCells', id: 7n, hashes: hashes(), mask: maskOf([]) }))
      expect(none.hashes.count).to.equal(0)
    })
  })
  it('gives a builder what stands beside it', async () => {
    const [one] = node.pool.pendingTransactions()
    const bundle = await one!.sidecar!()
    expect(one!.envelope).to.deep.equal(readItem(first().bare).content)
    expect(bundle?.blobs).to.deep.equal([blobOf(5n), blobOf(6n)])
    expect([bundle?.proofs.length, bundle?.commitments]).to.deep.equal([256, first().commitments])
  })
  it('has it again after an end, but for what was left unfinished or is none', async () => {
    const [name] = await readdir(join(folder, 'blobs'))
    await node.pool.stop()
    await writeFile(join(folder, 'blobs', `${name}.new`), 'x')
    await writeFile(join(folder, 'blobs', 'ff'.repeat(32)), 'x')
    node = await open()
    await until(async () => (await node.call('txpool_status')).pending === '0x1')
    expect(await node.pool.blobs.get(bytesToHex(first().hash))).to.include.keys('cells')
    await until(async () => (await readdir(join(folder, 'blobs'))).join() === name)
  })
})
