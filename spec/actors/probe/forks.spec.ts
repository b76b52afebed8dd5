import { expect } from 'chai'
import { describeFork } from '../../../actors/probe/forks.ts'
import { forkStages } from '../../../protocols/chain/fork-table.ts'
import { makeGenesis } from '../../../protocols/chain/genesis.ts'
import { network } from '../../../protocols/chain/networks.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'

// The fork ids are those of EIP-2124 and of geth's core/forkid.

describe('the description of a fork id', () => {
  const { genesis } = network('mainnet')
  const now = 1_770_000_000n
  const of = (hash: string, next: bigint, at = now) => describeFork({ hash: hexToBytes(hash), next }, genesis, at)
  const osaka = 1_764_798_551n

  it('names the fork that a node is at', () =>
    expect(of('07c9462e', 0n)).to.deep.equal({ standing: 'current', label: 'at BPO2, no fork to come' }))
  it('names the fork that is next, and when', () =>
    expect(of('c376cf8b', osaka, 1_750_000_000n)).to.deep.equal({
      standing: 'current',
      label: 'at Prague, Osaka next (2025-12-03T21:49:11.000Z)',
    }))
  it('names every fork that a stale node does not know', () =>
    expect(of('c376cf8b', 0n)).to.deep.equal({
      standing: 'stale',
      label: 'stale by Osaka, BPO1, BPO2: it is at Prague',
    }))
  it('distinguishes a node that syncs from one that is stale', () =>
    expect(of('fc64ec04', 1_150_000n)).to.deep.equal({
      standing: 'behind',
      label: 'at Frontier, on its way to BPO2',
    }))
  it('reports a fork that only the other plans', () =>
    expect(of('07c9462e', 1_800_000_000n).label).to.equal(
      'at BPO2, next a fork at 2027-01-15T08:00:00.000Z that this chain does not have',
    ))
  it('reports a node that is ahead of our clock', () =>
    expect(of('07c9462e', 0n, 1_750_000_000n)).to.deep.equal({
      standing: 'ahead',
      label: 'at BPO2, no fork to come',
    }))
  it('reports a fork id of another chain', () =>
    expect(of('01020304', 7n)).to.deep.equal({
      standing: 'unknown',
      label: 'fork id 0x01020304/7 is of no fork of this chain',
    }))
  it('says which nodes know of Amsterdam, on Sepolia, before it and after', () => {
    const amsterdam = 1_791_294_816n
    const about = (hash: string, next: bigint, at: bigint) =>
      describeFork({ hash: hexToBytes(hash), next }, network('sepolia').genesis, at)
    const coming = 'at BPO2, Amsterdam next (2026-10-06T13:53:36.000Z)'
    const [before, after] = [amsterdam - 1n, amsterdam]
    expect(about('268956b6', amsterdam, before)).to.deep.equal({ standing: 'current', label: coming })
    expect(about('268956b6', 0n, before).label).to.equal('at BPO2, no fork to come')
    expect(about('268956b6', amsterdam, after)).to.deep.equal({
      standing: 'behind',
      label: 'at BPO2, on its way to Amsterdam',
    })
    expect(about('268956b6', 0n, after)).to.deep.equal({
      standing: 'stale',
      label: 'stale by Amsterdam: it is at BPO2',
    })
    const there = { label: 'at Amsterdam, no fork to come' }
    expect(about('6c1d9423', 0n, after)).to.deep.equal({ standing: 'current', ...there })
    expect(about('6c1d9423', 0n, before)).to.deep.equal({ standing: 'ahead', ...there })
  })
  it('calls a genesis by its highest fork, and forks of one time together', () => {
    const times = { shanghai: 0n, cancun: 0n, prague: 0n, amsterdam: 0n, bpo1: 0n, bogota: 90n, ubt: 90n, bpo3: 100n }
    const config = { ...genesis.config, blockForks: { london: 0n }, timeForks: times }
    const names = forkStages(config, { hash: genesis.header.hash, time: 0n }).map(({ name }) => name)
    expect(names).to.deep.equal(['Amsterdam', 'Bogota and UBT', 'BPO3'])
  })
  it('calls a chain that never forks by what it began with', () => {
    const config = { ...genesis.config, blockForks: { homestead: 0n, eip150: 0n }, timeForks: {}, blobSchedule: {} }
    const still = makeGenesis(config, { stateRoot: new Uint8Array(32) })
    const label = (next: bigint) => describeFork({ hash: crc(still), next }, still, now).label
    expect(label(0n)).to.equal('at EIP-150, no fork to come')
    expect(label(9n)).to.equal('at EIP-150, next a fork at 9 that this chain does not have')
  })
})

/** EIP-2124: CRC-32 of the genesis hash, bit by bit. */
function crc({ header }: ReturnType<typeof makeGenesis>): Uint8Array {
  let rest = 0xffff_ffff
  for (const byte of header.hash) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb8_8320 : 0)
  }
  const sum = ~rest >>> 0
  return Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum)
}
