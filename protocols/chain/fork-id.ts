import { equalBytes } from '../lib/bytes.ts'
import type { RlpReader } from '../lib/rlp.ts'

// Which chain a node is on, and whether two nodes can be on the same (EIP-2124, EIP-6122; geth core/forkid).

/** `hash` is the CRC-32 of the genesis hash and the forks passed, 4 bytes; `next` the coming fork's block or time, 0 for none. */
export type ForkId = { readonly hash: Uint8Array; readonly next: bigint }

/** Forks still to count, ascending: by block number, then by time in seconds. BOUNDED: by the chain's configuration. */
export type ForkSchedule = { readonly blocks: readonly bigint[]; readonly times: readonly bigint[] }

export type ForkHead = { readonly number: bigint; readonly time: bigint }

/** @returns undefined when a node that announces `remote` may be on our chain */
export type ForkFilter = (remote: ForkId) => ForkIdError | undefined

/** Sorts and de-duplicates; forks of the genesis itself count for nothing. */
export function forkSchedule(config: {
  readonly genesisTime: bigint
  readonly blockForks: readonly bigint[]
  readonly timeForks: readonly bigint[]
}): ForkSchedule {
  return {
    blocks: ascending(config.blockForks.filter((block) => block > 0n)),
    times: ascending(config.timeForks.filter((time) => time > config.genesisTime)),
  }
}

/** @param genesisHash 32 bytes */
export function forkId(genesisHash: Uint8Array, schedule: ForkSchedule, head: ForkHead): ForkId {
  const { sums, forks } = checksums(genesisHash, schedule)
  const i = firstAhead(schedule, head)
  return { hash: sums[i]!, next: forks[i] ?? 0n }
}

/** @param head asked for at every check, since it moves */
export function forkFilter(genesisHash: Uint8Array, schedule: ForkSchedule, head: () => ForkHead): ForkFilter {
  const { sums, forks } = checksums(genesisHash, schedule)
  return (remote) => {
    const { number, time } = head()
    const here = firstAhead(schedule, { number, time })
    const theirs = sums.findIndex((sum) => equalBytes(sum, remote.hash))
    if (theirs > here) return undefined
    if (theirs < 0) return new ForkIdError('local incompatible or needs update')
    if (theirs < here) return forks[theirs] === remote.next ? undefined : new ForkIdError('remote needs update')
    const position = isBlockFork(schedule, here) ? number : time
    const passed = position >= remote.next || (remote.next > timestampThreshold && time >= remote.next)
    return remote.next > 0n && passed ? new ForkIdError('local incompatible or needs update') : undefined
  }
}

/** @returns `[hash, next]`, as a Status carries it */
export const forkIdFields = ({ hash, next }: ForkId): [Uint8Array, bigint] => [hash, next]

/** @throws {RlpError} no fork id */
export function readForkId(fields: RlpReader): ForkId {
  const list = fields.list()
  const id = { hash: list.bytes(4), next: list.uint() }
  list.end()
  return id
}

/** A fork value beyond Ethereum's own genesis time can only be a time (geth `timestampThreshold`). */
const timestampThreshold = 1_438_269_973n

/** @returns the index, blocks before times, of the first fork that `head` has not passed */
function firstAhead({ blocks, times }: ForkSchedule, { number, time }: ForkHead): number {
  const block = blocks.findIndex((fork) => number < fork)
  if (block >= 0) return block
  const later = times.findIndex((fork) => time < fork)
  return blocks.length + (later >= 0 ? later : times.length)
}

/** The end of a schedule without times counts as a block fork that never comes. */
const isBlockFork = ({ blocks, times }: ForkSchedule, index: number) => index < blocks.length || times.length === 0

/** @returns `sums[i]`: the checksum once `i` forks are passed */
function checksums(genesisHash: Uint8Array, { blocks, times }: ForkSchedule): { sums: Uint8Array[]; forks: bigint[] } {
  const forks = [...blocks, ...times]
  let crc = crc32(genesisHash)
  const sums = [bigEndian(BigInt(crc), 4)]
  for (const fork of forks) {
    crc = crc32(bigEndian(fork, 8), crc)
    sums.push(bigEndian(BigInt(crc), 4))
  }
  return { sums, forks }
}

/** CRC-32 of IEEE 802.3, continued from `crc`. */
function crc32(bytes: Uint8Array, crc = 0): number {
  let rest = ~crc
  for (const byte of bytes) {
    rest ^= byte
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb8_8320 : 0)
  }
  return ~rest >>> 0
}

function bigEndian(value: bigint, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * (width - 1 - i))) & 0xffn))
}

const ascending = (values: readonly bigint[]) => [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** Why a remote's fork id cannot be on our chain, as geth says it. */
export class ForkIdError extends Error {
  override readonly name = 'ForkIdError'

  constructor(message: 'remote needs update' | 'local incompatible or needs update') {
    super(message)
  }
}
