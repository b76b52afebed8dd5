import { expect } from 'chai'
import { makeGenesis } from '../../../actors/chain/genesis.ts'
import { network } from '../../../actors/chain/networks.ts'
import { describeFork } from '../../../actors/probe/forks.ts'
import { hexToBytes } from '../../../protocols/lib/bytes.ts'

// The fork ids of mainnet are those of EIP-2124 and of geth's core/forkid.

describe('a fork id in words', () => {
  const { genesis } = network('mainnet')
  const now = 1_770_000_000n
  const of = (hash: string, next: bigint, at = now) => describeFork({ hash: hexToBytes(hash), next }, genesis, at)
  const osaka = 1_764_798_551n

  it('names the fork that a node is at', () =>
    expect(of('07c9462e', 0n)).to.deep.equal({ standing: 'current', words: 'at BPO2, no fork to come' }))
  it('names the fork that is next, and when', () =>
    expect(of('c376cf8b', osaka, 1_750_000_000n)).to.deep.equal({
      standing: 'current',
      words: 'at Prague, Osaka next (2025-12-03T21:49:11.000Z)',
    }))
  it('names every fork that a stale node does not know', () =>
    expect(of('c376cf8b', 0n)).to.deep.equal({
      standing: 'stale',
      words: 'stale by Osaka, BPO1, BPO2: it is at Prague',
    }))
  it('tells a node that syncs from one that is stale', () =>
    expect(of('fc64ec04', 1_150_000n)).to.deep.equal({
      standing: 'behind',
      words: 'at Frontier, on its way to BPO2',
    }))
  it('tells a fork that only the other plans', () =>
    expect(of('07c9462e', 1_800_000_000n).words).to.equal(
      'at BPO2, next a fork at 2027-01-15T08:00:00.000Z that this chain does not have',
    ))
  it('tells a node that is ahead of our clock', () =>
    expect(of('07c9462e', 0n, 1_750_000_000n)).to.deep.equal({
      standing: 'ahead',
      words: 'at BPO2, no fork to come',
    }))
  it('tells a fork id of another chain', () =>
    expect(of('01020304', 7n)).to.deep.equal({
      standing: 'unknown',
      words: 'fork id 0x01020304/7 is of no fork of this chain',
    }))
  it('calls a chain that never forks by what it began with', () => {
    const config = { ...genesis.config, blockForks: { homestead: 0n, eip150: 0n }, timeForks: {}, blobSchedule: {} }
    const still = makeGenesis(config, { stateRoot: new Uint8Array(32) })
    const words = (next: bigint) => describeFork({ hash: crc(still), next }, still, now).words
    expect(words(0n)).to.equal('at EIP-150, no fork to come')
    expect(words(9n)).to.equal('at EIP-150, next a fork at 9 that this chain does not have')
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
