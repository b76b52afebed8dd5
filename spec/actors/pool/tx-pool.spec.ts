import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { firstValueFrom } from 'rxjs'
import { devAccounts } from '../../../actors/chain/dev-genesis.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { checksumAddress } from '../../../protocols/chain/checksum-address.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { failureOf } from '../../failure.ts'
import { ExecutedChain, type SentTransaction } from '../execution/methods/executed-chain.ts'

describe('the pool of transactions', () => {
  let node: ExecutedChain
  let folder: string
  const all: ExecutedChain[] = []
  const open = async (journal?: string) => {
    const one = await ExecutedChain.open(undefined, journal)
    one.pool.start()
    all.push(one)
    return one
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'peerchart-pool-'))
    node = await open()
  })
  afterEach(async () => {
    for (const one of all.splice(0)) await one.pool.stop()
    await rm(folder, { recursive: true })
  })
  const [sender, to] = [devAccounts[0]!.address, `0x${'ab'.repeat(20)}`]
  const name = checksumAddress(sender)
  const send = (nonce: bigint, more: SentTransaction = {}) =>
    node.call('eth_sendRawTransaction', node.signAt({ to, nonce, ...more }))
  const refusal = async (nonce: bigint, more: SentTransaction = {}) =>
    ((await failureOf(send(nonce, more))) as Error).message
  const status = (one = node) => one.call('txpool_status')
  /** Resolves once that is so. */
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }
  const settled = () => until(() => node.pool.head === node.chain.head)

  it('takes what is given over RPC, and shows it in geth’s form', async () => {
    const envelope = node.signAt({ to, nonce: 0n, value: 5n })
    const hash = await node.call('eth_sendRawTransaction', envelope)
    expect(hash).to.equal(data(keccak256(Buffer.from(envelope.slice(2), 'hex'))))
    await send(2n)
    expect(await status()).to.deep.equal({ pending: '0x1', queued: '0x1' })
    const { blockHash, from, nonce, gasPrice, transactionIndex } = await node.call('eth_getTransactionByHash', hash)
    expect({ blockHash, from, nonce, gasPrice, transactionIndex }).to.deep.equal({
      ...{ blockHash: null, from: data(sender), nonce: '0x0', gasPrice: '0x2540be400', transactionIndex: null },
    })
    expect(await node.call('eth_getRawTransactionByHash', hash)).to.equal(envelope)
    const { pending, queued } = await node.call('txpool_content')
    expect([
      Object.keys(pending),
      Object.keys(queued),
      pending[name]['0'].hash,
      Object.keys(queued[name]),
    ]).to.deep.equal([[name], [name], hash, ['2']])
    expect(await node.call('txpool_contentFrom', data(sender))).to.deep.equal({
      pending: pending[name],
      queued: queued[name],
    })
    expect((await node.call('txpool_inspect')).pending[name]['0']).to.equal(
      `${checksumAddress(Buffer.from(to.slice(2), 'hex'))}: 5 wei + 1000000 gas × 10000000000 wei`,
    )
    expect(await node.call('eth_getTransactionCount', data(sender), 'pending')).to.equal('0x1')
    expect(await node.call('eth_getTransactionCount', data(sender), 'latest')).to.equal('0x0')
  })
  it('refuses with geth’s sentences', async () => {
    await send(0n)
    expect(await refusal(0n)).to.equal('already known')
    expect(await refusal(0n, { value: 1n })).to.equal('replacement transaction underpriced')
    expect(await refusal(1n, { gasLimit: 20_999n })).to.equal('intrinsic gas too low: gas 20999, minimum needed 21000')
    expect(await refusal(1n, { value: 10n ** 30n })).to.match(
      /^insufficient funds for gas \* price \+ value: balance \d+, tx cost 1000000000000010000000000000000, overshot \d+$/,
    )
    expect(await refusal(1n, { price: 2_000n })).to.equal('tx fee (2.00 ether) exceeds the configured cap (1.00 ether)')
    const wrong = (bytes: string) => failureOf(node.call('eth_sendRawTransaction', bytes))
    expect(await wrong('0x')).to.include({ message: 'typed transaction too short', code: -32000 })
    expect(await wrong('0x7f00')).to.include({ message: 'transaction type not supported' })
    await node.add({ to })
    await settled()
    expect(await refusal(0n, { value: 2n })).to.equal('nonce too low: next nonce 1, tx nonce 0')
  })
  it('lets go of what a block has, and keeps what comes after it', async () => {
    for (const nonce of [0n, 1n]) await send(nonce)
    await node.add({ to, value: 1n })
    await settled()
    expect(await status()).to.deep.equal({ pending: '0x1', queued: '0x0' })
  })
  it('has back what a reorganisation leaves without a block', async () => {
    const hashes = await node.add({ to, value: 1n }, { to, value: 2n })
    await settled()
    const other = await open()
    await other.add({ from: 1, to })
    await other.add({ from: 1, to })
    const back = firstValueFrom(node.pool.ready$)
    const { chain } = other
    const headers = [1n, 2n].map((number) => chain.headerByNumber(number)!)
    await node.chain.insertBlocks(headers.map((header) => ({ header, body: chain.bodyByHash(header.hash)! })))
    expect((await back).map(({ hash }) => `0x${hash}`)).to.deep.equal(hashes)
    expect(await status()).to.deep.equal({ pending: '0x2', queued: '0x0' })
  })
  it('reports to those that listen what can be executed, once, in order', async () => {
    const filter = await node.call('eth_newPendingTransactionFilter')
    const whole = await node.call('eth_newPendingTransactionFilter', true)
    const later = await send(1n)
    expect(await node.call('eth_getFilterChanges', filter)).to.deep.equal([])
    const first = await send(0n)
    expect(await node.call('eth_getFilterChanges', filter)).to.deep.equal([first, later])
    expect(await node.call('eth_getFilterChanges', filter)).to.deep.equal([])
    const shown = await node.call('eth_getFilterChanges', whole)
    expect(shown.map(({ hash }: { hash: string }) => hash)).to.deep.equal([first, later])
  })
  it('waits for the block of one, if that is wanted', async () => {
    const waiting = node.call('eth_sendRawTransactionSync', node.signAt({ to, nonce: 0n, value: 1n }))
    await until(async () => (await status()).pending === '0x1')
    const [hash] = await node.add({ to, value: 1n })
    expect((await waiting).transactionHash).to.equal(hash)
    const late = await failureOf(node.call('eth_sendRawTransactionSync', node.signAt({ to, nonce: 1n }), '0x1'))
    expect(late).to.include({
      message: "The transaction was added to the transaction pool but wasn't processed in 0.001s",
      code: 4,
    })
  })
  it('keeps what was given over RPC in a journal, which may be cut off', async () => {
    const journal = join(folder, 'transactions.rlp')
    node = await open(journal)
    await send(0n)
    await send(1n)
    // Written before the caller had the hash: a kill loses nothing.
    const written = await readFile(journal)
    await appendFile(journal, written.subarray(0, 50))
    node = await open(journal)
    const back = await firstValueFrom(node.pool.ready$)
    expect(back.length).to.equal(1)
    await until(async () => (await status()).pending === '0x2')
    await node.pool.stop()
    expect(await readFile(journal)).to.deep.equal(written)
  })
  it('has nothing of what it is given after its stop', async () => {
    await node.pool.stop()
    expect(await refusal(0n)).to.equal('the state of the sender is not available')
  })
})
