import { expect } from 'chai'
import { type ForkHead, forkFilter, forkId, forkSchedule } from '../../../protocols/chain/fork-id.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import { filterCases, filterConfigs, mainnet, type PublishedForks, published } from '../../vectors/eth-fork-ids.ts'

const scheduleOf = ({ genesisTime, blocks, times }: PublishedForks) =>
  forkSchedule({ genesisTime, blockForks: blocks.map(([fork]) => fork), timeForks: times.map(([fork]) => fork) })
const idAt = (chain: PublishedForks, head: ForkHead) => {
  const { hash, next } = forkId(hexToBytes(chain.genesisHash), scheduleOf(chain), head)
  return [bytesToHex(hash), next]
}
const filterOf = (chain: PublishedForks, head: () => ForkHead) =>
  forkFilter(hexToBytes(chain.genesisHash), scheduleOf(chain), head)

describe('a fork id', () => {
  for (const [name, chain] of Object.entries(published)) {
    const lastBlock = chain.blocks.at(-1)?.[0] ?? 0n
    const afterIt = [
      ...chain.blocks.map(([fork]) => ({ number: fork, time: chain.genesisTime })),
      ...chain.times.map(([fork]) => ({ number: lastBlock, time: fork })),
    ]
    const forks = [...chain.blocks, ...chain.times]
    const begin = { number: 0n, time: chain.genesisTime }

    it(`of ${name} begins with the genesis`, () =>
      expect(idAt(chain, begin)).to.deep.equal([chain.genesisChecksum, forks[0]![0]]))
    forks.forEach(([fork, checksum], i) => {
      it(`of ${name} is ${checksum} from ${fork} on, and not before`, () => {
        const { number, time } = afterIt[i]!
        const isTime = i >= chain.blocks.length
        const before = isTime ? { number, time: fork - 1n } : { number: fork - 1n, time }
        expect(idAt(chain, before)).to.deep.equal([forks[i - 1]?.[1] ?? chain.genesisChecksum, fork])
        expect(idAt(chain, { number, time })).to.deep.equal([checksum, forks[i + 1]?.[0] ?? 0n])
      })
    })
    it(`of ${name} stays when no fork is left`, () =>
      expect(idAt(chain, { number: 2n ** 40n, time: 2n ** 63n })).to.deep.equal([forks.at(-1)![1], 0n]))
  }

  it('counts no time while a block fork is ahead', () => {
    expect(idAt(mainnet, { number: 0n, time: 2n ** 40n })).to.deep.equal(['fc64ec04', 1_150_000n])
  })

  it('counts each fork once, and none of the genesis', () => {
    const config = { genesisTime: 100n, blockForks: [5n, 0n, 3n, 5n, 0n], timeForks: [200n, 100n, 99n, 150n, 200n] }
    expect(forkSchedule(config)).to.deep.equal({ blocks: [3n, 5n], times: [150n, 200n] })
  })
  it("is 377aaa78 at the head of geth's test chain, whose fork times look like block numbers", () => {
    const testGenesis = hexToBytes('bd6a252af394d80904c5993b859574bd4669642cea00a116970ec7887db67533')
    const schedule = forkSchedule({ genesisTime: 0n, blockForks: [0n, 0n], timeForks: [0n, 60n, 120n] })
    const ids = [0n, 60n, 120n].map((time) => forkId(testGenesis, schedule, { number: time / 10n, time }))
    expect(ids.map(({ hash, next }) => [bytesToHex(hash), next])).to.deep.equal([
      ['8fd57d63', 60n],
      ['e8d31f82', 120n],
      ['377aaa78', 0n],
    ])
    const filter = forkFilter(testGenesis, schedule, () => ({ number: 600n, time: 6000n }))
    expect(ids.map((id) => filter(id))).to.deep.equal([undefined, undefined, undefined])
  })
})

describe('a fork filter', () => {
  for (const { config, head, remote, rejected } of filterCases)
    it(`at ${head.join()} of ${config} ${rejected ? `finds "${rejected}" in` : 'accepts'} ${remote.join()}`, () => {
      const filter = filterOf(filterConfigs[config], () => ({ number: head[0], time: head[1] }))
      expect(filter({ hash: hexToBytes(remote[0]), next: remote[1] })?.message).to.equal(rejected)
    })

  it('asks for the head at every check', () => {
    let number = 7_279_999n
    const filter = filterOf(filterConfigs['mainnet before the merge'], () => ({ number, time: 0n }))
    const unaware = { hash: hexToBytes('a00bc324'), next: 0n }
    expect(filter(unaware)).to.equal(undefined)
    number = 7_280_000n
    expect(filter(unaware)?.message).to.equal('remote needs update')
  })
  for (const [name, chain] of Object.entries(published))
    it(`accepts every id of its own chain from every head of it: ${name}`, () => {
      const heads = [
        { number: 0n, time: chain.genesisTime },
        ...chain.blocks.map(([number]) => ({ number, time: chain.genesisTime })),
        ...chain.times.map(([time]) => ({ number: chain.blocks.at(-1)?.[0] ?? 0n, time })),
      ]
      for (const ours of heads)
        for (const theirs of heads) {
          const id = forkId(hexToBytes(chain.genesisHash), scheduleOf(chain), theirs)
          expect(filterOf(chain, () => ours)(id)).to.equal(undefined)
        }
    })
})
