import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import { devGenesis } from '../../../actors/chain/dev-genesis.ts'
import type { EthService } from '../../../actors/eth/service.ts'
import type { EthAnswer } from '../../../protocols/eth/messages.ts'
import type { Receipts } from '../../../protocols/eth/receipt-messages.ts'
import { ethVersions } from '../../../protocols/eth/versions.ts'
import { LazyList } from '../../../protocols/lib/lazy-list.ts'
import { encodeList } from '../../../protocols/lib/rlp.ts'
import { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { deploying, ExecutedChain } from '../execution/methods/executed-chain.ts'
import { type RemoteOptions, World } from './world.ts'

describe('receipts of blocks that are not executed here', () => {
  let executed: ExecutedChain
  let world: World
  let ours: Chain
  let service: EthService
  before(async () => {
    executed = await ExecutedChain.open()
    const logs = deploying('60206000a0') // LOG0 in its constructor
    const some = { data: logs.replace('0x', '0x60206000a0') }
    await executed.add(some, { from: 1, to: `0x${'11'.repeat(20)}` }, some)
    await executed.add()
    await executed.add({ from: 2, to: `0x${'11'.repeat(20)}`, value: 1n })
  })
  after(() => executed.chain.close())
  beforeEach(async () => {
    world = new World()
    ours = await Chain.open({ genesis: devGenesis() })
    service = world.service(ours, { fetchReceipts: true })
    service.start()
  })
  afterEach(async () => {
    await service.stop()
    await ours.close()
  })

  const hashes = () => [1n, 2n, 3n].map((number) => executed.chain.canonicalHash(number)!)
  const isThere = () => hashes().every((hash) => ours.receiptsByHash(hash))
  const remote = (options: Partial<RemoteOptions> = {}) =>
    world.remote(service, { chain: executed.chain, version: 70, ...options })
  const expectAll = async () => {
    await world.until(isThere)
    for (const hash of hashes()) expect(ours.receiptsByHash(hash)).to.deep.equal(executed.chain.receiptsByHash(hash))
  }
  type Answer = NonNullable<RemoteOptions['answer']>
  /** Honest but for receipts, of which it gives the lists that `say` makes of its own. */
  const giving =
    (say: (lists: Uint8Array[][]) => Partial<Receipts>): Answer =>
    (_, honest) => {
      const answer = honest()
      if (answer.kind !== 'Receipts') return answer
      const lists = Array.from(answer.receipts.items(), (list) => Array.from(new LazyList(list, (item) => item.raw)))
      return { ...answer, ...say(lists) } as EthAnswer
    }
  const listsOf = (lists: readonly Uint8Array[][]) =>
    ({
      receipts: LazyList.of(
        lists.map((one) => encodeList(one)),
        () => undefined as never,
      ),
    }) as Pick<Receipts, 'receipts'>

  for (const version of ethVersions)
    it(`come with eth/${version}, and are stored as an execution stores them`, async () => {
      remote({ version })
      await expectAll()
    })
  it('come in parts, as small as they may be', async () => {
    const one = remote({
      answer: giving(([first = []]) => ({ ...listsOf([first.slice(0, 1)]), lastBlockIncomplete: first.length > 1 })),
    })
    await expectAll()
    const asked = one.heard.flatMap((message) =>
      message.kind === 'GetReceipts' ? [[message.firstBlockReceiptIndex, message.hashes.count]] : [],
    )
    expect(asked).to.deep.equal([
      [0n, 2],
      [1n, 2],
      [2n, 2],
      [0n, 1],
    ])
  })
  it('come of another peer, where one has none or is silent', async () => {
    remote({ answer: giving(() => listsOf([])) })
    await world.run(1_000)
    expect(isThere()).to.equal(false)
    remote({ answer: (request, honest) => (request.kind === 'GetReceipts' ? undefined : honest()) })
    await world.run(20_000)
    remote()
    await expectAll()
  })
  for (const [what, say] of Object.entries<(lists: Uint8Array[][]) => Uint8Array[][]>({
    'of another block': (lists) => lists.toReversed(),
    'too few': ([first]) => [first!.slice(1)],
    'too many': ([first]) => [[...first!, ...first!]],
    'for blocks that were not asked for': (lists) => [...lists, ...lists],
  }))
    it(`end a peer that gives some ${what}, and come of another`, async () => {
      const liar = remote({ answer: giving((lists) => listsOf(say(lists))) })
      await world.until(() => liar.disconnected !== undefined)
      expect(liar.disconnected).to.equal(DiscReason.SubprotocolError)
      expect(isThere()).to.equal(false)
      remote()
      await expectAll()
    })
})
