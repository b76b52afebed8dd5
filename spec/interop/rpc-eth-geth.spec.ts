import { expect } from 'chai'
import { debugRawApi } from '../../actors/apis/debug-raw.ts'
import { ethApi } from '../../actors/apis/eth.ts'
import { netApi } from '../../actors/apis/net.ts'
import { txpoolApi } from '../../actors/apis/txpool.ts'
import { web3Api } from '../../actors/apis/web3.ts'
import { Chain } from '../../actors/chain/chain.ts'
import { importChain } from '../../actors/chain/import.ts'
import { loadGenesis } from '../../actors/chain/load-genesis.ts'
import type { Api } from '../../actors/rpc/api.ts'
import { callApi } from '../actors/apis/call-api.ts'
import { requireEthtest } from '../support/ethtest.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

type Request = readonly [method: string, ...params: unknown[]]
type BlockJson = { hash: string; number: string; transactions: { hash: string; type: string }[] }

describe('eth, net, web3, txpool and debug on the ethtest chain', function () {
  this.timeout(120_000)
  let geth: Geth
  let chain: Chain
  let apis: readonly Api[]
  let blocks: BlockJson[]

  before(async function () {
    geth = await ethtestGeth(this)
    const { genesis, chain: file, networkId, head } = requireEthtest(this)
    chain = await Chain.open({ genesis: await loadGenesis(genesis), networkId })
    await importChain(chain, file)
    apis = [
      ethApi({ chain }),
      debugRawApi({ chain }),
      netApi({ networkId, peerCount: () => 0 }),
      web3Api({ clientVersion: 'Peerchart' }),
      txpoolApi(),
    ]
    const numbers = Array.from({ length: Number(head.number) + 1 }, (_, number) => number)
    blocks = await Promise.all(numbers.map((number) => geth.rpc<BlockJson>('eth_getBlockByNumber', hex(number), true)))
  })
  after(() => chain?.close())

  /** Both answer alike: the same result, or the same error message. */
  async function compare(requests: readonly Request[]): Promise<void> {
    for (const some of chunks(requests, 100)) {
      const theirs = await Promise.all(some.map(([name, ...args]) => outcome(geth.rpc(name, ...args))))
      for (const [i, request] of some.entries()) {
        const [name, ...args] = request
        const ours = await outcome(callApi(apis, name, ...args))
        expect(ours, JSON.stringify(request)).to.deep.equal(bare(theirs[i], name))
      }
    }
  }

  it('give every block, by number and hash, with hashes or whole transactions', async () => {
    await compare(
      blocks.flatMap(({ hash, number }): Request[] => [
        ['eth_getBlockByNumber', number, true],
        ['eth_getBlockByNumber', number, false],
        ['eth_getBlockByHash', hash, true],
        ['eth_getBlockByHash', hash, false],
      ]),
    )
  })

  it('print a block and a transaction in the order of geth', async () => {
    for (const [i, theirs] of blocks.entries()) {
      const ours = await callApi(apis, 'eth_getBlockByNumber', hex(i), true)
      expect(JSON.stringify(ours)).to.equal(JSON.stringify(theirs))
    }
  })

  it('give every header, raw block, raw header and count', async () => {
    await compare(
      blocks.flatMap(({ hash, number }): Request[] => [
        ['eth_getHeaderByNumber', number],
        ['eth_getHeaderByHash', hash],
        ['eth_getBlockTransactionCountByNumber', number],
        ['eth_getBlockTransactionCountByHash', hash],
        ['eth_getUncleCountByBlockNumber', number],
        ['eth_getUncleCountByBlockHash', hash],
        ['debug_getRawBlock', number],
        ['debug_getRawBlock', hash],
        ['debug_getRawHeader', { blockNumber: number }],
        ['debug_getRawHeader', { blockHash: hash, requireCanonical: true }],
      ]),
    )
  })

  it('give every transaction, of all five types', async () => {
    const transactions = blocks.flatMap((block) => block.transactions.map((tx, i) => ({ ...tx, block, index: hex(i) })))
    expect([...new Set(transactions.map(({ type }) => type))].sort()).to.deep.equal(['0x0', '0x1', '0x2', '0x3', '0x4'])
    await compare(
      transactions.flatMap(({ hash, block, index }): Request[] => [
        ['eth_getTransactionByHash', hash],
        ['eth_getTransactionByBlockHashAndIndex', block.hash, index],
        ['eth_getTransactionByBlockNumberAndIndex', block.number, index],
        ['eth_getRawTransactionByHash', hash],
        ['eth_getRawTransactionByBlockHashAndIndex', block.hash, index],
        ['eth_getRawTransactionByBlockNumberAndIndex', block.number, index],
        ['debug_getRawTransaction', hash],
      ]),
    )
  })

  it('know the tags, and refuse those that no consensus client has set', async () => {
    const tags = ['latest', 'earliest', 'safe', 'finalized']
    await compare(
      tags.flatMap((tag): Request[] => [
        ['eth_getBlockByNumber', tag, false],
        ['eth_getHeaderByNumber', tag],
        ['eth_getBlockTransactionCountByNumber', tag],
        ['eth_getTransactionByBlockNumberAndIndex', tag, '0x0'],
        ['eth_getRawTransactionByBlockNumberAndIndex', tag, '0x0'],
        ['debug_getRawHeader', tag],
        ['debug_getRawBlock', tag],
      ]),
    )
    await compare([['eth_getHeaderByNumber', 'pending']])
  })

  it('return the head, the fees and the rules', () =>
    compare([
      ['eth_chainId'],
      ['eth_blockNumber'],
      ['eth_syncing'],
      ['eth_config'],
      ['eth_baseFee'],
      ['eth_blobBaseFee'],
      ['net_version'],
      ['net_peerCount'],
      ['net_listening'],
      ['web3_sha3', '0x'],
      ['web3_sha3', '0x68656c6c6f'],
      ['txpool_status'],
      ['txpool_content'],
      ['txpool_contentFrom', `0x${'01'.repeat(20)}`],
      ['txpool_inspect'],
    ]))

  it('say nothing of what is not known', () => {
    const unknown = `0x${'01'.repeat(32)}`
    return compare([
      ...[hex(blocks.length), '0x7fffffffffffffff'].flatMap((number): Request[] => [
        ['eth_getBlockByNumber', number, true],
        ['eth_getHeaderByNumber', number],
        ['eth_getBlockTransactionCountByNumber', number],
        ['eth_getUncleByBlockNumberAndIndex', number, '0x0'],
        ['eth_getRawTransactionByBlockNumberAndIndex', number, '0x0'],
        ['debug_getRawBlock', number],
        ['debug_getRawHeader', number],
      ]),
      ['eth_getBlockByHash', unknown, true],
      ['eth_getHeaderByHash', unknown],
      ['eth_getUncleCountByBlockHash', unknown],
      ['eth_getUncleByBlockHashAndIndex', unknown, '0x0'],
      ['eth_getTransactionByHash', unknown],
      ['eth_getTransactionByBlockHashAndIndex', unknown, '0x0'],
      ['eth_getTransactionByBlockNumberAndIndex', '0x1', '0xffffffffffffffff'],
      ['eth_getUncleByBlockNumberAndIndex', '0x1', '0x0'],
      ['eth_getRawTransactionByHash', unknown],
      ['debug_getRawBlock', unknown],
      ['debug_getRawHeader', unknown],
      ['debug_getRawTransaction', unknown],
    ])
  })

  it('refuse arguments with the same message', () => {
    const hash = `0x${'01'.repeat(32)}`
    return compare([
      ...[
        'laest',
        '',
        '0x',
        '0x00',
        '0x1g',
        '0x8000000000000000',
        '0x10000000000000000',
        5,
        null,
        true,
        {},
        [],
      ].flatMap((tag): Request[] => [
        ['eth_getBlockByNumber', tag, false],
        ['debug_getRawHeader', tag],
      ]),
      ...['laest', '', '0x', '0x1', '0x12', `0x${'1g'.repeat(32)}`, `${hash}01`, 5, null, {}].map(
        (hash): Request => ['eth_getBlockByHash', hash, false],
      ),
      ...['0', '', '0x', '0x00', '0x1g', '0x10000000000000000', 0, null].map(
        (index): Request => ['eth_getTransactionByBlockNumberAndIndex', '0x1', index],
      ),
      ...['zz', '', '0x1', '0x1g', 5].map((bytes): Request => ['web3_sha3', bytes]),
      ...[1, 'true', null, {}, []].map((full): Request => ['eth_getBlockByNumber', '0x0', full]),
      ['txpool_contentFrom', '0x12'],
      ['debug_getRawHeader', { blockHash: '0x12' }],
      ['debug_getRawHeader', { blockNumber: 'laest' }],
      ['debug_getRawHeader', { blockNumber: 'safe' }],
      ['debug_getRawHeader', { blockHash: hash, blockNumber: '0x1' }],
      ['debug_getRawHeader', { blockHash: hash, requireCanonical: 'yes' }],
      ['debug_getRawHeader', `0x${'1g'.repeat(32)}`],
      ['debug_getRawHeader', 'ab'.repeat(33)],
    ])
  })
})

type Outcome = { readonly result: unknown } | { readonly error: string }

const outcome = (asking: Promise<unknown>): Promise<Outcome> =>
  asking.then(
    (result) => ({ result }),
    ({ message }: Error) => ({ error: message }),
  )

/** The harness puts the method before the message. */
const bare = (theirs: Outcome | undefined, name: string) =>
  theirs && 'error' in theirs ? { error: theirs.error.replace(`${name}: `, '') } : theirs

const hex = (number: number) => `0x${number.toString(16)}`

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
