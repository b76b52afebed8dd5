import { expect } from 'chai'
import { BehaviorSubject } from 'rxjs'
import { Blocks } from '../../../actors/apis/blocks.ts'
import { Filters } from '../../../actors/apis/filters.ts'
import { Logs } from '../../../actors/apis/logs.ts'
import { Receipts } from '../../../actors/apis/receipts.ts'
import { syncStatus } from '../../../actors/apis/sync-status.ts'
import { devAccounts } from '../../../actors/chain/dev-genesis.ts'
import { data } from '../../../actors/rpc/json/hex.ts'
import { contractAddress } from '../../../protocols/chain/account.ts'
import { Senders } from '../../../protocols/chain/senders.ts'
import { failureOf } from '../../failure.ts'
import { deploying, ExecutedChain } from '../execution/methods/executed-chain.ts'

/** Logs the first word that it is given. */
const logger = '60003560005260206000a000'
const at = data(contractAddress(devAccounts[0]!.address, 0n))
const word = (value: number) => `0x${value.toString(16).padStart(64, '0')}`

describe('filters', () => {
  let node: ExecutedChain
  beforeEach(async () => {
    node = await ExecutedChain.open()
    await node.add({ data: deploying(logger) })
  })
  const emit = (value: number) => node.add({ to: at, data: word(value) })
  const shown = (logs: { data: string; removed: boolean }[]) =>
    logs.map(({ data, removed }) => (removed ? -Number(data) : Number(data)))
  /** Another branch, longer by one, becomes the chain. */
  const reorganise = async () => {
    const other = await ExecutedChain.open()
    const { chain } = node
    while (other.chain.head.number <= chain.head.number) await other.add({ from: 1, to: at, value: 1n })
    const headers = Array.from(
      { length: Number(other.chain.head.number) },
      (_, i) => other.chain.headerByNumber(BigInt(i + 1))!,
    )
    await chain.insertBlocks(headers.map((header) => ({ header, body: other.chain.bodyByHash(header.hash)! })))
  }

  it('give what is new since they were asked last, and nothing twice', async () => {
    const logs = await node.call('eth_newFilter', { address: at })
    const blocks = await node.call('eth_newBlockFilter')
    const transactions = await node.call('eth_newPendingTransactionFilter')
    await emit(1)
    await emit(2)
    expect(shown(await node.call('eth_getFilterChanges', logs))).to.deep.equal([1, 2])
    expect(await node.call('eth_getFilterChanges', blocks)).to.deep.equal(
      [2n, 3n].map((number) => data(node.chain.headerByNumber(number)!.hash)),
    )
    expect(await node.call('eth_getFilterChanges', transactions)).to.deep.equal([])
    await emit(3)
    expect(shown(await node.call('eth_getFilterChanges', logs))).to.deep.equal([3])
    expect(await node.call('eth_getFilterChanges', logs)).to.deep.equal([])
    expect(shown(await node.call('eth_getFilterLogs', logs))).to.deep.equal([3])
  })
  it('give only blocks of their range, and all logs of it', async () => {
    const id = await node.call('eth_newFilter', { fromBlock: '0x3', toBlock: '0x3' })
    for (const value of [1, 2, 3]) await emit(value)
    expect(shown(await node.call('eth_getFilterChanges', id))).to.deep.equal([2])
    expect(shown(await node.call('eth_getFilterLogs', id))).to.deep.equal([2])
  })
  it('give logs of a branch that is left as removed', async () => {
    const id = await node.call('eth_newFilter', {})
    await emit(1)
    await emit(2)
    await node.call('eth_getFilterChanges', id)
    await reorganise()
    expect(shown(await node.call('eth_getFilterChanges', id))).to.deep.equal([-2, -1])
  })
  it('are gone when they are uninstalled, or not asked for in five minutes', async () => {
    const id = await node.call('eth_newFilter', {})
    expect(await node.call('eth_uninstallFilter', id)).to.equal(true)
    expect(await node.call('eth_uninstallFilter', id)).to.equal(false)
    for (const method of ['eth_getFilterChanges', 'eth_getFilterLogs'])
      expect(await failureOf(node.call(method, id))).to.include({ code: -32000, message: 'filter not found' })
    const blocks = await node.call('eth_newBlockFilter')
    expect(await failureOf(node.call('eth_getFilterLogs', blocks))).to.include({ message: 'filter not found' })

    let [now, ids] = [0, 0]
    const chain = Object.assign(Object.create(null), { head: node.chain.head, headerByHash: () => undefined })
    const read = new Blocks(node.chain)
    const filters = new Filters(
      chain,
      new Logs(node.chain, read, new Receipts(node.chain, read, new Senders(node.chain.config))),
      { now: () => now, entropy: (length) => new Uint8Array(length).fill(++ids) },
    )
    const [kept, left] = [filters.newBlockFilter(), filters.newBlockFilter()]
    now = 299_999
    filters.changes(kept).next()
    now = 300_000
    expect(() => filters.changes(left).next()).to.throw('filter not found')
    filters.changes(kept).next()
    now = 599_999
    expect(filters.uninstall(kept)).to.equal(true)
  })
  it('are at most 4,096', async () => {
    for (let i = 0; i < 4_096; i++) await node.call('eth_newBlockFilter')
    expect(await failureOf(node.call('eth_newBlockFilter'))).to.include({
      message: 'too many filters: 4096 are installed',
    })
  })
  for (const [query, message] of [
    [{ toBlock: '0x9' }, 'invalid block range params'],
    [{ fromBlock: '0x9', toBlock: '0x8' }, 'invalid block range params'],
    [{ fromBlock: 'safe' }, 'invalid block range params'],
    [{ fromBlock: 'pending' }, 'pending logs are not supported'],
  ] as const)
    it(`are refused where no new block can have such logs: ${JSON.stringify(query)}`, async () =>
      expect(await failureOf(node.call('eth_newFilter', query))).to.include({ code: -32602, message }))

  describe('that are subscriptions', () => {
    const eth = () => node.apis.filter(({ namespace }) => namespace === 'eth')
    const logs = () => eth().find(({ subscriptions }) => subscriptions?.logs)!.subscriptions!.logs!
    /** @returns what comes until `count` have come */
    const open = (count: number, query: object = { addresses: [], topics: [] }) => {
      const came: unknown[] = []
      let end = () => {}
      const done = new Promise<unknown[]>((resolve) => {
        end = logs().open((log) => came.push(log) === count && resolve(came), [query as never])
      })
      return { done, came, end: () => end() }
    }

    it('report logs as blocks come and go', async () => {
      const { done, end } = open(4)
      await emit(1)
      await emit(2)
      await reorganise()
      expect(shown((await done) as never)).to.deep.equal([1, 2, -2, -1])
      end()
    })
    it('report nothing once they have ended', async () => {
      const { came, end } = open(9)
      end()
      const { done, end: endOther } = open(1)
      await emit(1)
      await done
      expect(came).to.deep.equal([])
      endOther()
    })
    it('report when a sync begins and when it ends', () => {
      const progress$ = new BehaviorSubject({ isSyncing: false, current: 3n, highest: 3n })
      const reported: unknown[] = []
      const end = syncStatus(progress$, (status) => reported.push(status))
      for (const current of [3n, 5n]) progress$.next({ isSyncing: true, current, highest: 9n })
      progress$.next({ isSyncing: false, current: 9n, highest: 9n })
      end()
      progress$.next({ isSyncing: true, current: 9n, highest: 10n })
      expect(reported).to.have.length(2)
      expect(reported[0]).to.deep.include({ syncing: true })
      expect((reported[0] as { status: object }).status).to.include({
        StartingBlock: 3,
        CurrentBlock: 3,
        HighestBlock: 9,
      })
      expect(reported[1]).to.equal(false)
    })
  })
})
