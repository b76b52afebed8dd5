import { expect } from 'chai'
import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { encodeBody, joinBlock } from '../../../protocols/chain/block.ts'
import type { Genesis } from '../../../protocols/chain/genesis.ts'
import type { HeaderFields } from '../../../protocols/chain/header.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import type { InvalidReason } from '../../../protocols/chain/verify.ts'
import { bytesToHex } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeList, encodeRlp, readItem } from '../../../protocols/lib/rlp.ts'
import { failureOf } from '../../failure.ts'
import { itTakesLong } from '../../long.ts'
import { allAtOnce, changedHeader, everyFork, genesisOf, makeBlocks } from './make-chain.ts'

describe('a chain', () => {
  const genesis = genesisOf(allAtOnce)
  const blocks = makeBlocks(genesis, genesis.header, 12)
  let chain: Chain
  beforeEach(async () => {
    chain = await Chain.open({ genesis })
  })
  afterEach(() => chain.close())

  const numbers = () =>
    Array.from({ length: Number(chain.head.number) + 1 }, (_, n) => chain.headerByNumber(BigInt(n))!.hash)

  it('starts at its genesis', () => {
    expect(chain.head.hash).to.deep.equal(genesis.header.hash)
    expect(chain.networkId).to.equal(1234n)
    expect(bytesToHex(chain.bodyByHash(genesis.header.hash)!)).to.equal('c3c0c0c0')
  })

  it('gives back what was inserted, by number and by hash', async () => {
    await chain.insertBlocks(blocks)
    for (const { header, body } of blocks) {
      expect(chain.headerByNumber(header.number)!.raw).to.deep.equal(header.raw)
      expect(chain.headerByHash(header.hash)!.raw).to.deep.equal(header.raw)
      expect(chain.bodyByHash(header.hash)).to.deep.equal(body)
      expect(chain.isCanonical(header)).to.equal(true)
    }
  })

  it('knows nothing of other hashes, nor of numbers past its head up to 2^64 − 1', async () => {
    await chain.insertBlocks(blocks)
    const unknown = new Uint8Array(32).fill(9)
    expect([chain.headerByHash(unknown), chain.bodyByHash(unknown), chain.hasBlock(unknown)]).to.deep.equal([
      undefined,
      undefined,
      false,
    ])
    for (const number of [13n, 2n ** 53n + 1n, 2n ** 64n - 1n]) expect(chain.headerByNumber(number)).to.equal(undefined)
  })

  itTakesLong('as many transactions as fit')(
    'takes a block of 130,000 transactions, and a batch of 128 blocks that have 1,000 each',
    async function () {
      this.timeout(60_000)
      const empty = encodeRlp([0, 0, 0, '', 0, '', 0, 0, 0])
      const full = (length: number) => ({ transactions: Array<Uint8Array>(length).fill(empty) })
      const [crowded] = makeBlocks(genesis, genesis.header, 1, full(130_000)) as [NewBlock]
      await chain.insertBlocks([crowded])
      expect(chain.head.hash).to.deep.equal(crowded.header.hash)
      const batch = makeBlocks(genesis, genesis.header, 128, full(1_000))
      await chain.insertBlocks(batch)
      expect(chain.head.hash).to.deep.equal(batch.at(-1)!.header.hash)
      await chain.setForkchoice({ head: crowded.header.hash })
      expect(chain.isCanonical(crowded.header)).to.equal(true)
      await chain.storeBlocks(makeBlocks(genesis, genesis.header, 1, { ...full(130_000), salt: 1n }))
    },
  )

  it('counts past 2^53', async () => {
    const far = { ...genesis, header: changedHeader(genesis.header, { number: 2n ** 53n }) }
    const high = await Chain.open({ genesis: far })
    const above = makeBlocks(far, far.header, 3)
    await high.insertBlocks(above)
    expect(high.head.number).to.equal(2n ** 53n + 3n)
    expect(high.headerByNumber(2n ** 53n + 1n)!.hash).to.deep.equal(above[0]!.header.hash)
    await high.close()
  })

  it('reports its new heads, one for each insertion', async () => {
    const heads: bigint[] = []
    chain.heads$.subscribe(({ number }) => heads.push(number))
    await chain.insertBlocks(blocks.slice(0, 5))
    await chain.insertBlocks(blocks.slice(5))
    expect(heads).to.deep.equal([5n, 12n])
  })

  it('passes over blocks that it has', async () => {
    await chain.insertBlocks(blocks)
    const heads: bigint[] = []
    chain.heads$.subscribe(({ number }) => heads.push(number))
    await chain.insertBlocks(blocks.slice(3, 8))
    expect([chain.head.number, heads]).to.deep.equal([12n, []])
  })

  it('inserts in the order it was asked, without waiting', async () => {
    await Promise.all([chain.insertBlocks(blocks.slice(0, 6)), chain.insertBlocks(blocks.slice(6))])
    expect(chain.head.number).to.equal(12n)
  })

  it('does no more of an insertion that is interrupted, stores nothing of it, and takes the next', async () => {
    const interrupt = new AbortController()
    const reason = new Error('no longer wanted')
    let looked = 0
    const watched = blocks.map(({ header, ...block }) => ({
      ...block,
      get header() {
        if (++looked === 3) interrupt.abort(reason)
        return header
      },
    }))
    expect(await failureOf(chain.insertBlocks(watched, interrupt.signal))).to.equal(reason)
    expect(looked).to.equal(3)
    expect(blocks.filter(({ header }) => chain.hasBlock(header.hash))).to.deep.equal([])
    await chain.insertBlocks(blocks.slice(0, 2))
    expect(chain.head.hash).to.deep.equal(blocks[1]!.header.hash)
  })

  it('finishes what is under way before it closes', async () => {
    const inserting = chain.insertBlocks(blocks)
    await chain.close()
    await inserting
    expect(chain.head.number).to.equal(12n)
  })

  it('moves its fork id with its head', async () => {
    const late = genesisOf(everyFork)
    const other = await Chain.open({ genesis: late })
    expect(other.forkId().next).to.equal(1n)
    await other.insertBlocks(makeBlocks(late, late.header, 17))
    expect(other.forkId().next).to.equal(180n)
    expect(other.forkFilter(other.forkId())).to.equal(undefined)
    await other.close()
  })

  describe('and a competing branch', () => {
    const branch = (count: number) => makeBlocks(genesis, blocks[3]!.header, count, { salt: 1n })

    it('stays with the first of equals, and keeps the other', async () => {
      await chain.insertBlocks(blocks)
      const rival = branch(8)
      await chain.insertBlocks(rival)
      expect(chain.head.hash).to.deep.equal(blocks.at(-1)!.header.hash)
      expect(chain.isCanonical(rival[7]!.header)).to.equal(false)
      expect(chain.headerByHash(rival[7]!.header.hash)!.number).to.equal(12n)
      expect(chain.headerByNumber(5n)!.hash).to.deep.equal(blocks[4]!.header.hash)
    })

    it('goes over to it once it is longer, all numbers with it', async () => {
      await chain.insertBlocks(blocks)
      const rival = branch(10)
      await chain.insertBlocks(rival.slice(0, 4))
      await chain.insertBlocks(rival.slice(4))
      const expected = [genesis.header, ...[...blocks.slice(0, 4), ...rival].map(({ header }) => header)]
      expect(numbers()).to.deep.equal(expected.map(({ hash }) => hash))
      expect(chain.isCanonical(blocks[4]!.header)).to.equal(false)
      expect(chain.bodyByHash(blocks[11]!.header.hash)).to.deep.equal(blocks[11]!.body)
    })
  })

  describe('refuses, and stores nothing of,', () => {
    const fails = (what: string, reason: InvalidReason, make: () => NewBlock[]) =>
      it(what, async () => {
        await chain.insertBlocks(blocks.slice(0, 3))
        const bad = make()
        const error = await failureOf(chain.insertBlocks([blocks[3]!, ...bad]))
        expect(error).to.include({ name: 'InvalidBlock', reason })
        expect(String(error)).to.match(/^InvalidBlock: block \d+ \([0-9a-f]{8}…\): wrong [^\n]*$/)
        expect([chain.head.number, chain.hasBlock(blocks[3]!.header.hash)]).to.deep.equal([3n, false])
        for (const { header } of bad) expect(chain.hasBlock(header.hash)).to.equal(false)
      })
    const changed = (change: (fields: HeaderFields) => Partial<HeaderFields>) => () =>
      makeBlocks(genesis, blocks[3]!.header, 1, { change })
    const withBody = (body: Uint8Array) => () => [{ header: blocks[4]!.header, body }]
    const header = genesis.header.raw

    fails('a gap between two blocks', 'parent link', () => [blocks[5]!])
    fails(
      'a number that is not the next',
      'number',
      changed(({ number }) => ({ number: number + 1n })),
    )
    fails(
      'a time that does not move on',
      'time',
      changed(() => ({ time: blocks[3]!.header.time })),
    )
    fails(
      '33 bytes of extra data',
      'extra data',
      changed(() => ({ extraData: new Uint8Array(33) })),
    )
    fails(
      'more gas used than allowed',
      'gas used',
      changed(({ gasLimit }) => ({ gasUsed: gasLimit + 1n })),
    )
    fails(
      'a gas limit that jumps up',
      'gas limit',
      changed(({ gasLimit }) => ({ gasLimit: gasLimit + gasLimit / 1024n })),
    )
    fails(
      'a gas limit that jumps down',
      'gas limit',
      changed(({ gasLimit }) => ({ gasLimit: gasLimit - gasLimit / 1024n })),
    )
    fails(
      'a gas limit beyond 2^63 − 1',
      'gas limit',
      changed(() => ({ gasLimit: 2n ** 63n })),
    )
    fails(
      'a base fee that does not follow from the block before (EIP-1559)',
      'base fee',
      changed(({ baseFee }) => ({ baseFee: baseFee! + 1n })),
    )
    fails(
      'excess blob gas that does not follow from the block before (EIP-4844)',
      'excess blob gas',
      changed(() => ({ excessBlobGas: 1n })),
    )
    fails(
      'more blobs than its fork allows (EIP-7691)',
      'blob gas used',
      changed(() => ({ blobGasUsed: 10n * 131_072n })),
    )
    fails(
      'a part of a blob',
      'blob gas used',
      changed(() => ({ blobGasUsed: 131_071n })),
    )
    fails(
      'blob gas without a blob',
      'blob gas used',
      changed(() => ({ blobGasUsed: 131_072n })),
    )
    fails(
      'proof of work after the merge',
      'difficulty',
      changed(() => ({ difficulty: 1n })),
    )
    fails(
      'a nonce after the merge',
      'seal',
      changed(() => ({ nonce: new Uint8Array(8).fill(1) })),
    )
    fails(
      'uncles after the merge',
      'seal',
      changed(() => ({ unclesHash: new Uint8Array(32) })),
    )
    fails(
      'another transaction root',
      'transaction root',
      changed(() => ({ txRoot: new Uint8Array(32) })),
    )
    fails(
      'another withdrawals root',
      'withdrawals root',
      changed(() => ({ withdrawalsRoot: new Uint8Array(32) })),
    )
    fails('a body that is no RLP', 'body', withBody(Uint8Array.of(0xc3)))
    fails('a body of one list', 'body', withBody(Uint8Array.of(0xc1, 0xc0)))
    fails('an uncle that is no header', 'body', withBody(Uint8Array.of(0xc4, 0xc0, 0xc1, 0xc0, 0xc0)))
    fails("another block's body", 'transaction root', withBody(blocks[5]!.body))
    fails('no withdrawals where they are due', 'withdrawals', () => {
      const [block] = makeBlocks(genesis, blocks[3]!.header, 1, { change: () => ({ txRoot: genesis.header.txRoot }) })
      return [{ header: block!.header, body: encodeBody({ transactions: [], uncles: [] }) }]
    })
    const committed = (transactions: readonly Uint8Array[], withdrawals: readonly Uint8Array[]) => () => {
      const values = transactions.map((item) => (item[0]! >= 0xc0 ? item : readItem(item).content))
      const change = () => ({ txRoot: listRoot(values), withdrawalsRoot: listRoot(withdrawals) })
      const [{ header }] = makeBlocks(genesis, blocks[3]!.header, 1, { change }) as [NewBlock]
      return [{ header, body: encodeBody({ transactions, uncles: [], withdrawals }) }]
    }
    const legacy = encodeRlp([0n, 1n, 21_000n, new Uint8Array(20), 1n, '', 27n, 1n, 1n])
    const withdrawal = encodeRlp([1n, 1n, new Uint8Array(20), 1n])
    for (const [what, item] of [
      ['of an unknown type', encodeRlp(Uint8Array.of(0x7f, 0xc0))],
      ['of no bytes', encodeRlp('')],
      ['of one field', encodeRlp([0n])],
      ['with a field too many', encodeRlp([0n, 1n, 21_000n, new Uint8Array(20), 1n, '', 27n, 1n, 1n, 1n])],
      ['to 19 bytes', encodeRlp([0n, 1n, 21_000n, new Uint8Array(19), 1n, '', 27n, 1n, 1n])],
      ['that is cut off', encodeRlp(Uint8Array.of(0x02, 0xc3, 0x01))],
    ] as const)
      fails(`a transaction ${what}, though the root is right`, 'body', committed([legacy, item], [withdrawal]))
    for (const [what, item] of [
      ['of three fields', encodeRlp([1n, 1n, new Uint8Array(20)])],
      ['of five fields', encodeRlp([1n, 1n, new Uint8Array(20), 1n, 1n])],
      ['to 21 bytes', encodeRlp([1n, 1n, new Uint8Array(21), 1n])],
      ['of an amount beyond 64 bits', encodeRlp([1n, 1n, new Uint8Array(20), 2n ** 64n])],
      ['that is a string', encodeRlp(new Uint8Array(24))],
    ] as const)
      fails(`a withdrawal ${what}, though the root is right`, 'body', committed([legacy], [withdrawal, item]))
    fails('uncles that the header does not name', 'uncles hash', () => {
      const [block] = makeBlocks(genesis, blocks[3]!.header, 1, { change: () => ({ txRoot: genesis.header.txRoot }) })
      return [{ header: block!.header, body: encodeBody({ transactions: [], uncles: [header], withdrawals: [] }) }]
    })

    it('a block of more than 8 MiB, from Osaka on (EIP-7934)', async () => {
      const filled = (length: number) =>
        encodeRlp([0n, 1n, 21_000n, new Uint8Array(20), 1n, new Uint8Array(length), 27n, 1n, 1n])
      const blockOf = (of: Genesis, length: number) => {
        const item = filled(length)
        const [{ header }] = makeBlocks(of, of.header, 1, { change: () => ({ txRoot: listRoot([item]) }) }) as [
          NewBlock,
        ]
        return { header, body: encodeBody({ transactions: [item], uncles: [], withdrawals: [] }) }
      }
      const osaka = genesisOf({ ...allAtOnce, timeForks: { ...allAtOnce.timeForks, osaka: 0n } })
      const other = await Chain.open({ genesis: osaka })
      const most = 8_388_608 - (sizeOf(blockOf(osaka, 8_000_000)) - 8_000_000)
      expect(await failureOf(other.insertBlocks([blockOf(osaka, most + 1)]))).to.include({ reason: 'size' })
      await other.insertBlocks([blockOf(osaka, most)])
      await chain.insertBlocks([blockOf(genesis, most + 1)])
      expect([other.head.number, chain.head.number]).to.deep.equal([1n, 1n])
      await other.close()
    })

    it('a block on nothing it has', async () => {
      expect(await failureOf(chain.insertBlocks([blocks[1]!]))).to.include({ name: 'InvalidBlock', reason: 'parent' })
    })

    it('three uncles', async () => {
      const old = genesisOf(everyFork)
      const other = await Chain.open({ genesis: old })
      const uncles = [old.header.raw, old.header.raw, old.header.raw]
      const block = (count: number) => {
        const named = uncles.slice(0, count)
        const unclesHash = keccak256(encodeList(named))
        const [{ header }] = makeBlocks(old, old.header, 1, {
          change: () => ({ unclesHash, txRoot: old.header.txRoot }),
        }) as [NewBlock]
        return { header, body: encodeBody({ transactions: [], uncles: named }) }
      }
      expect(await failureOf(other.insertBlocks([block(3)]))).to.include({ reason: 'uncles' })
      await other.insertBlocks([block(2)])
      expect(other.head.number).to.equal(1n)
      await other.close()
    })
  })

  it('goes on after a refusal', async () => {
    await failureOf(chain.insertBlocks([blocks[5]!]))
    await chain.insertBlocks(blocks)
    expect(chain.head.number).to.equal(12n)
  })
})

const sizeOf = ({ header, body }: NewBlock) => joinBlock({ header: header.raw, body }).length
