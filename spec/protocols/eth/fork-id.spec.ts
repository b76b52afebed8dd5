import { expect } from 'chai'
import { type ForkHead, forkFilter, forkId, forkSchedule } from '../../../protocols/eth/fork-id.ts'
import { bytesToHex, hexToBytes } from '../../../protocols/lib/bytes.ts'
import {
  filterCases,
  genesisChecksum,
  mainnetBlockForks,
  mainnetGenesisHash,
  mainnetTimeForks,
} from '../../vectors/eth-fork-ids.ts'

const genesis = hexToBytes(mainnetGenesisHash)
const blockForks = mainnetBlockForks.map(([fork]) => fork)
const timeForks = mainnetTimeForks.map(([fork]) => fork)
const mainnet = forkSchedule({ genesisTime: 0n, blockForks, timeForks })
const untilParis = forkSchedule({ genesisTime: 0n, blockForks, timeForks: [] })
const idAt = (head: ForkHead) => {
  const { hash, next } = forkId(genesis, mainnet, head)
  return [bytesToHex(hash), next]
}

describe('a fork id', () => {
  const block = (number: bigint) => ({ number, time: 0n })
  const lastBlockFork = blockForks.at(-1)!
  const time = (time: bigint) => ({ number: lastBlockFork, time })

  it('begins with the genesis', () => {
    expect(idAt(block(0n))).to.deep.equal([genesisChecksum, blockForks[0]])
    expect(idAt(block(blockForks[0]! - 1n))).to.deep.equal([genesisChecksum, blockForks[0]])
  })
  mainnetBlockForks.forEach(([fork, checksum], i) => {
    it(`is ${checksum} from block ${fork} on`, () => {
      const next = blockForks[i + 1] ?? timeForks[0]!
      expect(idAt(block(fork))).to.deep.equal([checksum, next])
      expect(idAt(next > 2n ** 30n ? block(2n ** 40n) : block(next - 1n))).to.deep.equal([checksum, next])
    })
  })
  mainnetTimeForks.forEach(([fork, checksum], i) => {
    it(`is ${checksum} from time ${fork} on`, () => {
      expect(idAt(time(fork))).to.deep.equal([checksum, timeForks[i + 1] ?? 0n])
      expect(idAt(time((timeForks[i + 1] ?? 2n ** 63n) - 1n))).to.deep.equal([checksum, timeForks[i + 1] ?? 0n])
    })
  })
  it('counts no time while a block fork is ahead', () => {
    expect(idAt({ number: 0n, time: 2n ** 40n })).to.deep.equal([genesisChecksum, blockForks[0]])
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
      const schedule = config === 'all' ? mainnet : untilParis
      const filter = forkFilter(genesis, schedule, () => ({ number: head[0], time: head[1] }))
      expect(filter({ hash: hexToBytes(remote[0]), next: remote[1] })?.message).to.equal(rejected)
    })

  it('asks for the head at every check', () => {
    let number = 7_279_999n
    const filter = forkFilter(genesis, untilParis, () => ({ number, time: 0n }))
    const unaware = { hash: hexToBytes('a00bc324'), next: 0n }
    expect(filter(unaware)).to.equal(undefined)
    number = 7_280_000n
    expect(filter(unaware)?.message).to.equal('remote needs update')
  })
  it('accepts every id of its own chain from every head of it', () => {
    const heads = [
      { number: 0n, time: 0n },
      ...blockForks.map((number) => ({ number, time: 0n })),
      ...timeForks.map((time) => ({ number: blockForks.at(-1)!, time })),
    ]
    for (const ours of heads)
      for (const theirs of heads)
        expect(forkFilter(genesis, mainnet, () => ours)(forkId(genesis, mainnet, theirs))).to.equal(undefined)
  })
})
