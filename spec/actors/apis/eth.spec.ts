import { expect } from 'chai'
import { type EthChain, ethApi } from '../../../actors/apis/eth.ts'
import type { SyncStatus } from '../../../actors/apis/sync-status.ts'
import { Chain } from '../../../actors/chain/chain.ts'
import { encodeBody } from '../../../protocols/chain/block.ts'
import type { Header, HeaderFields } from '../../../protocols/chain/header.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp } from '../../../protocols/lib/rlp.ts'
import { failureOf } from '../../failure.ts'
import { allAtOnce, changedHeader, everyFork, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { callApi } from './call-api.ts'

describe('the eth namespace', () => {
  const genesis = genesisOf(everyFork)
  let chain: Chain
  beforeEach(async () => {
    chain = await Chain.open({ genesis })
  })
  afterEach(() => chain.close())

  const call = (name: string, ...args: unknown[]) => callApi([ethApi({ chain })], `eth_${name}`, ...args)
  const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`

  it('knows where the chain is, and which', async () => {
    expect(await call('chainId')).to.equal('0x4d2')
    expect(await call('blockNumber')).to.equal('0x0')
    await chain.insertBlocks(makeBlocks(genesis, genesis.header, 17))
    expect(await call('blockNumber')).to.equal('0x11')
  })

  it('shows in each block the fields of its fork, and no others', async () => {
    await chain.insertBlocks(makeBlocks(genesis, genesis.header, 22))
    const keys = async (number: bigint) => Object.keys((await call('getHeaderByNumber', quantity(number))) as object)
    const added = async (number: bigint) => {
      const before = await keys(number - 1n)
      return (await keys(number)).filter((key) => !before.includes(key))
    }
    expect(await keys(0n)).to.have.length(16)
    expect(await added(12n)).to.deep.equal(['baseFeePerGas'])
    expect(await added(17n)).to.deep.equal(['withdrawalsRoot'])
    expect(await added(18n)).to.deep.equal(['blobGasUsed', 'excessBlobGas', 'parentBeaconBlockRoot'])
    expect(await added(19n)).to.deep.equal(['requestsHash'])
    const added17 = Object.keys((await call('getBlockByNumber', '0x11', false)) as object)
    expect(added17).to.include('withdrawals')
    expect(Object.keys((await call('getBlockByNumber', '0x10', false)) as object)).to.not.include('withdrawals')
  })

  it('shows the fields of Amsterdam under the names that geth has for them', async () => {
    const [block] = makeBlocks(genesis, genesis.header, 1, { change: () => ({ baseFee: 1n, ...amsterdam }) })
    const api = ethApi({ chain: standingOn(chain, block!.header) })
    expect(await callApi([api], 'eth_getHeaderByNumber', 'latest')).to.include({
      blockAccessListHash: `0x${'07'.repeat(32)}`,
      slotNumber: '0x2a',
    })
  })

  it('shows uncles, which have neither transactions nor uncles', async () => {
    const uncles = makeBlocks(genesis, genesis.header, 2).map(({ header }) => header)
    const raw = encodeList(uncles.map((uncle) => uncle.raw))
    const body = encodeBody({ transactions: [], uncles: uncles.map((uncle) => uncle.raw) })
    const [plain] = makeBlocks(genesis, genesis.header, 1)
    const header = changedHeader(plain!.header, {
      unclesHash: keccak256(raw),
      txRoot: genesis.header.txRoot,
      gasUsed: 0n,
    })
    await chain.insertBlocks([{ header, body }])
    const block = (await call('getBlockByNumber', '0x1', true)) as { uncles: string[]; size: string }
    expect(block.uncles).to.deep.equal(uncles.map(({ hash }) => hex(hash)))
    expect(Number(block.size)).to.equal(3 + header.raw.length + 1 + raw.length)
    expect(await call('getUncleCountByBlockHash', hex(header.hash))).to.equal('0x2')
    const uncle = (await call('getUncleByBlockNumberAndIndex', '0x1', '0x1')) as Record<string, unknown>
    expect(uncle).to.include({ number: '0x2', hash: hex(uncles[1]!.hash) })
    expect(uncle.uncles).to.deep.equal([])
    expect(uncle).to.not.have.property('transactions')
    expect(Number(uncle.size)).to.equal(3 + uncles[1]!.raw.length + 2)
    expect(await call('getUncleByBlockHashAndIndex', hex(header.hash), '0x2')).to.equal(null)
  })

  it('reports the base fee of the next block, from London on', async () => {
    const blocks = makeBlocks(genesis, genesis.header, 12)
    await chain.insertBlocks(blocks.slice(0, 10))
    expect(await call('baseFee')).to.equal(null)
    await chain.insertBlocks(blocks.slice(10, 11))
    expect(await call('baseFee')).to.equal('0x3b9aca00')
    await chain.insertBlocks(blocks.slice(11))
    expect(await call('baseFee')).to.equal('0x342770c0') // an eighth less after an empty block
  })

  it('has no accounts, as it holds no keys', async () => {
    expect(await call('accounts')).to.deep.equal([])
  })

  it('reports the blob base fee of the head, from Cancun on', async () => {
    await chain.insertBlocks(makeBlocks(genesis, genesis.header, 17))
    expect(await call('blobBaseFee')).to.equal(null)
    await chain.insertBlocks(makeBlocks(genesis, chain.head, 1))
    expect(await call('blobBaseFee')).to.equal('0x1')
    const dear = changedHeader(chain.head, { excessBlobGas: 33_384_770n })
    expect(await callApi([ethApi({ chain: standingOn(chain, dear) })], 'eth_blobBaseFee')).to.equal('0x560a')
  })

  it('refuses the tags of blocks that there are not', async () => {
    for (const [tag, message] of [
      ['safe', 'safe block not found'],
      ['finalized', 'finalized block not found'],
      ['pending', 'pending block is not available'],
    ] as const) {
      expect(await failureOf(call('getBlockByNumber', tag, false))).to.include({ message, code: -32_000 })
      expect(await call('getHeaderByNumber', tag)).to.equal(null)
    }
    expect(await call('getRawTransactionByBlockNumberAndIndex', 'safe', '0x0')).to.equal('0x')
  })

  it('shows the safe and the finalized block once a consensus client has said which', async () => {
    const blocks = makeBlocks(genesis, genesis.header, 9)
    await chain.insertBlocks(blocks)
    const reported = Object.assign(standingOn(chain, chain.head), {
      safe: blocks[5]!.header,
      finalized: blocks[2]!.header,
    })
    const numberAt = async (tag: string) =>
      ((await callApi([ethApi({ chain: reported })], 'eth_getHeaderByNumber', tag)) as { number: string }).number
    expect(await Promise.all(['safe', 'finalized', 'latest', 'earliest'].map(numberAt))).to.deep.equal([
      '0x6',
      '0x3',
      '0x9',
      '0x0',
    ])
  })

  it('returns the progress of a sync as geth does, and false when there is none', async () => {
    const syncing = (status: SyncStatus) => callApi([ethApi({ chain, progress: () => status })], 'eth_syncing')
    expect(await call('syncing')).to.equal(false)
    expect(await syncing({ current: 9n, highest: 9n })).to.equal(false)
    const status = (await syncing({ starting: 1n, current: 5n, highest: 300n })) as Record<string, string>
    const { startingBlock, currentBlock, highestBlock, ...others } = status
    expect([startingBlock, currentBlock, highestBlock]).to.deep.equal(['0x1', '0x5', '0x12c'])
    expect(Object.keys(others)).to.have.length(19)
    expect(Object.keys(status)).to.deep.equal(Object.keys(status).sort())
    expect(new Set(Object.values(others))).to.deep.equal(new Set(['0x0']))
  })

  it('shows the zero address as the sender of a transaction that no key can have signed', async () => {
    const [plain] = makeBlocks(genesis, genesis.header, 1)
    const unsigned = encodeRlp([0n, 1n, 21_000n, new Uint8Array(20), 1n, '', 27n, 5n, 1n]) // no point has 5 as its x
    const body = encodeBody({ transactions: [unsigned], uncles: [] })
    const header = changedHeader(plain!.header, { txRoot: listRoot([unsigned]) })
    await chain.insertBlocks([{ header, body }])
    expect(await call('getTransactionByHash', hex(keccak256(unsigned)))).to.include({
      from: `0x${'00'.repeat(20)}`,
      blockHash: hex(header.hash),
    })
  })

  it('does not have the methods that need state, receipts or a pool', () => {
    const { methods } = ethApi({ chain })
    for (const name of ['getBalance', 'call', 'getTransactionReceipt', 'getBlockReceipts', 'sendRawTransaction'])
      expect(methods).to.not.have.property(name)
  })

  describe('sends its subscribers', () => {
    const open = () => {
      const reported: Record<string, unknown>[] = []
      const end = ethApi({ chain }).subscriptions!.newHeads!.open((head) => reported.push(head as never), [])
      return { reported, end, hashes: () => reported.map(({ hash }) => hash) }
    }

    it('every new block, with null for the fields that its fork does not have', async () => {
      const blocks = makeBlocks(genesis, genesis.header, 4)
      const { reported, hashes } = open()
      await chain.insertBlocks(blocks.slice(0, 1))
      await chain.insertBlocks(blocks.slice(1))
      expect(hashes()).to.deep.equal(blocks.map(({ header }) => hex(header.hash)))
      expect(reported[0]).to.include({ number: '0x1', baseFeePerGas: null, withdrawalsRoot: null, slotNumber: null })
      expect(reported[0]).to.not.have.any.keys('size', 'transactions', 'uncles')
    })

    it('after a reorganisation, the blocks of the new branch', async () => {
      const blocks = makeBlocks(genesis, genesis.header, 6)
      const other = makeBlocks(genesis, blocks[2]!.header, 4, { salt: 1n })
      await chain.insertBlocks(blocks)
      const { hashes } = open()
      await chain.insertBlocks(other.slice(0, 3))
      expect(hashes()).to.deep.equal([])
      await chain.insertBlocks(other.slice(3))
      expect(hashes()).to.deep.equal(other.map(({ header }) => hex(header.hash)))
    })

    it('the last 1024 blocks of a long step', async () => {
      const far = genesisOf(allAtOnce)
      const long = await Chain.open({ genesis: far })
      const reported: { number: string }[] = []
      ethApi({ chain: long }).subscriptions!.newHeads!.open((head) => reported.push(head as never), [])
      await long.insertBlocks(makeBlocks(far, far.header, 1_030))
      expect([reported.length, reported[0]!.number, reported.at(-1)!.number]).to.deep.equal([1_024, '0x7', '0x406'])
      await long.close()
    })

    it('nothing once they have left', async () => {
      const { hashes, end } = open()
      end()
      await chain.insertBlocks(makeBlocks(genesis, genesis.header, 2))
      expect(hashes()).to.deep.equal([])
    })
  })
})

const amsterdam: Partial<HeaderFields> = {
  withdrawalsRoot: new Uint8Array(32),
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconRoot: new Uint8Array(32),
  requestsHash: new Uint8Array(32),
  balHash: new Uint8Array(32).fill(7),
  slotNumber: 42n,
}

const quantity = (value: bigint) => `0x${value.toString(16)}`

/** `chain` as it would be with this head. */
function standingOn(chain: Chain, head: Header): EthChain {
  return {
    genesis: chain.genesis,
    config: chain.config,
    forkSchedule: chain.forkSchedule,
    heads$: chain.heads$,
    head,
    headerByNumber: (number) => chain.headerByNumber(number),
    headerByHash: (hash) => chain.headerByHash(hash),
    bodyByHash: (hash) => chain.bodyByHash(hash),
    transactionByHash: (hash) => chain.transactionByHash(hash),
  }
}
