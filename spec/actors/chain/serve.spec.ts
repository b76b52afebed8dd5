import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { ChainReader } from '../../../actors/chain/chain-reader.ts'
import {
  getBlockAccessLists,
  getBlockBodies,
  getBlockHeaders,
  getReceipts,
  type HeaderQuery,
} from '../../../actors/chain/serve.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { decodeHeader, type Header } from '../../../protocols/chain/header.ts'
import { decodeReceiptWithBloom } from '../../../protocols/chain/receipt.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { HashList } from '../../../protocols/lib/lazy-list.ts'
import { encodeList, encodeRlp, RlpReader, readItem } from '../../../protocols/lib/rlp.ts'
import { allAtOnce, genesisOf, makeBlocks } from './make-chain.ts'

const maxUint64 = 2n ** 64n - 1n

describe('serving headers', () => {
  const genesis = genesisOf(allAtOnce)
  const canonical = makeBlocks(genesis, genesis.header, 1_200)
  /** Off the canonical chain from block 1,001 to 1,150. */
  const side = makeBlocks(genesis, canonical[999]!.header, 150, { salt: 1n })
  const at = (number: number) => (number === 0 ? genesis.header : canonical[number - 1]!.header)
  const off = (number: number) => side[number - 1_001]!.header
  let chain: Chain
  before(async () => {
    chain = await Chain.open({ genesis })
    await chain.insertBlocks(canonical)
    await chain.insertBlocks(side)
  })
  after(() => chain.close())

  const ask = (origin: bigint | Header, query: Partial<Omit<HeaderQuery, 'origin'>> = {}) =>
    atOnce(
      getBlockHeaders(chain, {
        origin: typeof origin === 'bigint' ? origin : origin.hash,
        amount: 1n,
        skip: 0n,
        reverse: false,
        ...query,
      }),
    ).map(decodeHeader)
  /** Block numbers, those off the canonical chain negative. */
  const name = (header: Header) => (chain.isCanonical(header) ? 1 : -1) * Number(header.number)
  const range = (from: number, to: number, step = 1) =>
    Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)

  for (const [what, origin, query, expected] of [
    ['none when none is asked for', 5n, { amount: 0n }, []],
    ['none when none is asked for, by hash', at(5), { amount: 0n }, []],
    ['the genesis', 0n, {}, [0]],
    ['numbers upwards', 5n, { amount: 4n }, [5, 6, 7, 8]],
    ['numbers downwards', 5n, { amount: 4n, reverse: true }, [5, 4, 3, 2]],
    ['numbers down to the genesis and no further', 2n, { amount: 10n, reverse: true }, [2, 1, 0]],
    ['numbers up to the head and no further', 1_199n, { amount: 10n }, [1199, 1200]],
    ['none above the head', 1_201n, { amount: 10n }, []],
    ['the part below the head of numbers downwards from above it', 1_202n, { amount: 4n, reverse: true }, [1200, 1199]],
    ['none of numbers downwards that end above the head', 1_205n, { amount: 4n, reverse: true }, []],
    ['from the genesis on past 2^64 − 1', maxUint64, { amount: 3n }, [0, 1]],
    ['none downwards from 2^64 − 1', maxUint64, { amount: 2n, reverse: true }, []],
    ['no more than 1,024', 1n, { amount: maxUint64 }, range(1, 1024)],
    ['no more than 1,024 downwards', 1_199n, { amount: 1_034n, reverse: true }, range(176, 1199).reverse()],
    ['hashes upwards', at(5), { amount: 4n }, [5, 6, 7, 8]],
    ['hashes upwards, no more than 1,024', at(5), { amount: 5_000n }, range(5, 1028)],
    ['hashes downwards', at(5), { amount: 4n, reverse: true }, [5, 4, 3, 2]],
    ['hashes down to the genesis', at(2), { amount: 9n, reverse: true }, [2, 1, 0]],
    ['hashes downwards, no more than 1,024', at(1_200), { amount: 5_000n, reverse: true }, range(177, 1200).reverse()],
    ['only itself upwards from off the canonical chain', off(1_010), { amount: 4n }, [-1010]],
    [
      'ancestors of a block off the canonical chain',
      off(1_002),
      { amount: 4n, reverse: true },
      [-1002, -1001, 1000, 999],
    ],
    ['every third upwards', 1n, { amount: 3n, skip: 2n }, [1, 4, 7]],
    ['every third downwards', 9n, { amount: 9n, skip: 2n, reverse: true }, [9, 6, 3, 0]],
    ['every third until the head', 1_194n, { amount: 9n, skip: 2n }, [1194, 1197, 1200]],
    ['every third upwards by hash', at(1), { amount: 3n, skip: 2n }, [1, 4, 7]],
    ['every third downwards by hash', at(8), { amount: 9n, skip: 2n, reverse: true }, [8, 5, 2]],
    ['every second, no more than the chain has', 1n, { amount: maxUint64 >> 1n, skip: 1n }, range(1, 1199, 2)],
    ['none of 2^63 with a skip, which geth counts as negative', 1n, { amount: 1n << 63n, skip: 1n }, []],
    ['one when the skip is 2^64 − 2', 599n, { amount: 2n, skip: maxUint64 - 1n }, [599]],
    ['one when the skip is 2^64 − 1', 599n, { amount: 2n, skip: maxUint64 }, [599]],
    ['one when the skip is 2^64 − 1, downwards', 599n, { amount: 2n, skip: maxUint64, reverse: true }, [599]],
    ['one by hash when the skip is 2^64 − 1', at(599), { amount: 2n, skip: maxUint64 }, [599]],
    [
      'one by hash when the skip is 2^64 − 1, downwards',
      at(599),
      { amount: 2n, skip: maxUint64, reverse: true },
      [599],
    ],
    [
      'one by hash when the skip is 2^64 − 2, downwards',
      at(599),
      { amount: 2n, skip: maxUint64 - 1n, reverse: true },
      [599],
    ],
    ['none at 2^64 − 1 with a skip', maxUint64, { amount: 2n, skip: 1n }, []],
    ['with a skip, only itself upwards from off the canonical chain', off(1_010), { amount: 3n, skip: 1n }, [-1010]],
    [
      'with a skip, ancestors across the fork',
      off(1_003),
      { amount: 4n, skip: 1n, reverse: true },
      [-1003, -1001, 999, 997],
    ],
    [
      'with a skip, 100 steps off the canonical chain',
      off(1_100),
      { amount: 3n, skip: 99n, reverse: true },
      [-1100, 1000, 900],
    ],
    ['with a skip, not 101 steps', off(1_101), { amount: 3n, skip: 100n, reverse: true }, [-1101]],
    ['with a skip, 100 steps in all', off(1_150), { amount: 9n, skip: 39n, reverse: true }, [-1150, -1110, -1070]],
  ] as [string, bigint | Header, Partial<HeaderQuery>, number[]][])
    it(`gives ${what}`, () => expect(ask(origin, query).map(name)).to.deep.equal(expected))

  it('gives none for an unknown hash', () => {
    for (const skip of [0n, 1n])
      for (const reverse of [false, true])
        expect(
          atOnce(getBlockHeaders(chain, { origin: new Uint8Array(32).fill(9), amount: 3n, skip, reverse })),
        ).to.deep.equal([])
  })

  it('gives headers of one chain, when the chain becomes another between two steps', () => {
    const [first, second] = [new Map<bigint, Header>(), new Map<bigint, Header>()]
    for (const [of, salt] of [
      [first, 1],
      [second, 2],
    ] as const)
      for (let number = 0n; number < 100n; number++)
        of.set(number, { number, hash: Uint8Array.of(salt, Number(number)), raw: Uint8Array.of(salt) } as Header)
    let now = first
    const reader: ChainReader = {
      ...silent,
      head: { number: 99n } as Header,
      headerByNumber: (number) => now.get(number),
      canonicalHash: (number) => now.get(number)?.hash,
    }
    const steps = getBlockHeaders(reader, { origin: 1n, amount: 60n, skip: 0n, reverse: false })
    expect(steps.next().done).to.equal(false)
    now = second
    expect(new Set(atOnce(steps).map(([salt]) => salt))).to.deep.equal(new Set([2]))
  })
  it('gives the bytes as they came', () => expect(bytesToHex(ask(7n)[0]!.raw)).to.equal(bytesToHex(at(7).raw)))

  it('stops once 2 MiB are gathered with a skip', () => {
    const big = makeBlocks(genesis, genesis.header, 1, {
      change: () => ({ extraData: new Uint8Array(1024 * 1024) }),
    })[0]!
    const reader = { ...silent, headerByNumber: () => big.header }
    expect(atOnce(getBlockHeaders(reader, { origin: 1n, amount: 50n, skip: 1n, reverse: false }))).to.have.length(2)
  })
})

describe('serving bodies', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 8)
  const hashes = blocks.map(({ header }) => header.hash)
  const unknown = new Uint8Array(32).fill(9)
  let chain: Chain
  before(async () => {
    chain = await Chain.open({ genesis })
    await chain.insertBlocks(blocks)
  })
  after(() => chain.close())

  it('gives them in the order asked, as often as asked', () => {
    const [one, two] = [hashes[1]!, hashes[0]!]
    expect(atOnce(getBlockBodies(chain, [one, two, one]))).to.deep.equal([
      blocks[1]!.body,
      blocks[0]!.body,
      blocks[1]!.body,
    ])
  })
  it('ends at the first that is unknown', () => {
    expect(atOnce(getBlockBodies(chain, [hashes[0]!, unknown, hashes[1]!]))).to.deep.equal([blocks[0]!.body])
    expect(atOnce(getBlockBodies(chain, [unknown]))).to.deep.equal([])
  })
  it('gives none for none', () => expect(atOnce(getBlockBodies(chain, []))).to.deep.equal([]))
  it('gives no more than 1,024', () => {
    expect(atOnce(getBlockBodies(chain, Array<Uint8Array>(2_000).fill(hashes[0]!)))).to.have.length(1_024)
  })
  it('goes past 2 MiB by one body at most', () => {
    const bodyByHash = () => new Uint8Array(700_000)
    expect(atOnce(getBlockBodies({ ...silent, bodyByHash }, Array<Uint8Array>(9).fill(unknown)))).to.have.length(3)
    const large = () => new Uint8Array(5_000_000)
    expect(atOnce(getBlockBodies({ ...silent, bodyByHash: large }, [unknown, unknown]))).to.have.length(1)
  })
})

describe('serving access lists', () => {
  const listed = Array<Uint8Array>(3_000).fill(new Uint8Array(32))
  const of = (accessListByHash: ChainReader['accessListByHash'], hashes = listed) =>
    atOnce(getBlockAccessLists({ ...silent, accessListByHash }, hashes))

  it('gives the stored bytes, and the empty string where there are none, in order', () => {
    const stored = Uint8Array.of(0xc0)
    const [known, unknown] = [Uint8Array.of(1), Uint8Array.of(2)]
    const lists = of((hash) => (hash === known ? stored : undefined), [unknown, known, known, unknown])
    expect(lists.map(bytesToHex)).to.deep.equal(['80', 'c0', 'c0', '80'])
    expect(lists[1]).to.equal(stored)
  })
  it('gives no more than 1,024 entries, there or not', () => {
    expect(of(() => undefined)).to.have.length(1_024)
    expect(of(() => Uint8Array.of(0xc0))).to.have.length(1_024)
  })
  it('goes past 2 MiB by one list at most; what is not there does not count', () => {
    expect(of(() => new Uint8Array(700_000))).to.have.length(3)
    expect(of(() => new Uint8Array(5_000_000))).to.have.length(1)
    let asked = 0
    expect(of(() => (asked++ % 2 ? new Uint8Array(700_000) : undefined))).to.have.length(6)
  })
})

describe('serving receipts', () => {
  const log = (bytes: number) => [new Uint8Array(20), [], new Uint8Array(bytes)]
  const receipt = (bytes: number, type = 2) => encodeRlp([type, 1, 21_000, [log(bytes)]])
  /** The receipts of block N are at index N; the hash of a block is its number. */
  const receiptsOf = (blocks: readonly (readonly Uint8Array[] | undefined)[], version: EthVersion, first = 0n) => {
    const chain = {
      ...silent,
      receiptsByHash: ([number]: Uint8Array) => blocks[number!] && encodeList(blocks[number!]!),
    } as ChainReader
    const hashes = HashList.of(blocks.map((_, number) => new Uint8Array(32).fill(number)))
    return atOnce(getReceipts(chain, { hashes, firstBlockReceiptIndex: first }, version))
  }
  const counts = ({ receipts }: ReturnType<typeof receiptsOf>) =>
    receipts.map((list) => [...new RlpReader(readItem(list).content).rest()].length)

  it('gives the stored bytes from eth/69 on, up to the first block that has none', () => {
    const blocks = [[receipt(5)], [], [receipt(1), receipt(2)], undefined, [receipt(1)]]
    for (const version of [69, 70, 71, 72] as const) {
      const answer = receiptsOf(blocks, version)
      expect(answer.receipts).to.deep.equal(blocks.slice(0, 3).map((list) => encodeList(list!)))
      expect(answer.lastBlockIncomplete).to.equal(false)
    }
  })
  it('gives eth/68 the blooms, and what has a type in a string', () => {
    const { receipts } = receiptsOf([[receipt(5, 0), receipt(5, 2)]], 68)
    const [legacy, typed] = [...new RlpReader(readItem(receipts[0]!).content).rest()]
    expect([legacy!.isList, typed!.isList, typed!.content[0]]).to.deep.equal([true, false, 2])
    for (const item of [legacy!, typed!]) {
      const { logsBloom, logs } = decodeReceiptWithBloom(item)
      expect(logsBloom.filter((byte) => byte !== 0).length).to.be.within(1, 3)
      expect(logs.count).to.equal(1)
    }
  })
  it('gives a long block in pages of 2 MiB from eth/70 on, each from where the one before ended', () => {
    const big = Array.from({ length: 9 }, () => receipt(500_000))
    const pages = [0n, 4n, 8n].map((first) => receiptsOf([big], 70, first))
    expect(pages.map(counts)).to.deep.equal([[4], [4], [1]])
    expect(pages.map(({ lastBlockIncomplete }) => lastBlockIncomplete)).to.deep.equal([true, true, false])
    expect(counts(receiptsOf([big], 69))).to.deep.equal([9])
  })
  it('gives one receipt that is longer than a page, and no block of which nothing fits', () => {
    const [huge, small] = [receipt(3_000_000), receipt(1_000_000)]
    expect(counts(receiptsOf([[huge, huge]], 70))).to.deep.equal([1])
    const answer = receiptsOf([[small], [huge]], 70)
    expect([counts(answer), answer.lastBlockIncomplete]).to.deep.equal([[1], false])
    const part = receiptsOf([[small], [small, small, small]], 70)
    expect([counts(part), part.lastBlockIncomplete]).to.deep.equal([[1, 1], true])
  })
  it('gives an empty list past the last receipt, and 1,024 blocks at most', () => {
    expect(counts(receiptsOf([[receipt(1)]], 70, 2n ** 64n - 1n))).to.deep.equal([0])
    const chain = { ...silent, receiptsByHash: () => Uint8Array.of(0xc0) }
    const hashes = HashList.of(Array(2_000).fill(new Uint8Array(32)))
    expect(atOnce(getReceipts(chain, { hashes, firstBlockReceiptIndex: 0n }, 70)).receipts).to.have.length(1_024)
  })
})

const silent: ChainReader = {
  head: genesisOf(allAtOnce).header,
  headerByNumber: () => undefined,
  headerByHash: () => undefined,
  canonicalHash: () => undefined,
  bodyByHash: () => undefined,
  accessListByHash: () => undefined,
  receiptsByHash: () => undefined,
}
