import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { encodeBody } from '../../../protocols/chain/block.ts'
import {
  blobParams,
  blockForks,
  type ChainConfig,
  isBlockForkActive,
  isTimeForkActive,
} from '../../../protocols/chain/chain-config.ts'
import { initialBaseFee, nextBaseFee, nextExcessBlobGas } from '../../../protocols/chain/fees.ts'
import { emptyRequestsHash, emptyUnclesHash, type Genesis, makeGenesis } from '../../../protocols/chain/genesis.ts'
import { decodeHeader, encodeHeader, type Header, type HeaderFields } from '../../../protocols/chain/header.ts'
import { listRoot } from '../../../protocols/chain/trie-root.ts'
import { concatBytes } from '../../../protocols/lib/bytes.ts'
import { keccak256 } from '../../../protocols/lib/keccak.ts'
import { encodeRlp } from '../../../protocols/lib/rlp.ts'

/** Every fork from Frontier to BPO2, then Amsterdam, then BPO3, each coming into force at a block of its own; block n is at 10 × n seconds. */
export const everyFork: ChainConfig = {
  chainId: 1234n,
  blockForks: Object.fromEntries(blockForks.map((fork, i) => [fork, BigInt(i + 1)])),
  timeForks: {
    shanghai: 170n,
    cancun: 180n,
    prague: 190n,
    osaka: 200n,
    bpo1: 210n,
    bpo2: 220n,
    amsterdam: 230n,
    bpo3: 240n,
  },
  blobSchedule: {
    cancun: { target: 3n, max: 6n, baseFeeUpdateFraction: 3_338_477n },
    prague: { target: 6n, max: 9n, baseFeeUpdateFraction: 5_007_716n },
    bpo1: { target: 10n, max: 15n, baseFeeUpdateFraction: 8_346_193n },
    bpo2: { target: 14n, max: 21n, baseFeeUpdateFraction: 11_684_671n },
    bpo3: { target: 21n, max: 32n, baseFeeUpdateFraction: 20_609_697n },
  },
}

/** As {@link allAtOnce}, and Amsterdam with them. */
export const amsterdamAtOnce: ChainConfig = {
  ...everyFork,
  blockForks: Object.fromEntries(blockForks.map((fork) => [fork, 0n])),
  timeForks: { shanghai: 0n, cancun: 0n, prague: 0n, osaka: 0n, amsterdam: 0n },
}

/** All forks up to Prague from the first block on. */
export const allAtOnce: ChainConfig = {
  ...everyFork,
  blockForks: Object.fromEntries(blockForks.map((fork) => [fork, 0n])),
  timeForks: { shanghai: 0n, cancun: 0n, prague: 0n },
}

export function genesisOf(config: ChainConfig): Genesis {
  return makeGenesis(config, {
    stateRoot: new Uint8Array(32).fill(1),
    gasLimit: 30_000_000n,
    difficulty: isTimeForkActive(config, 'shanghai', { number: 0n, time: 0n }) ? 0n : 131_072n,
  })
}

/**
 * Blocks that stand on `parent` with all roots right; their transactions are well-formed but never ran.
 * @param salt blocks with another salt are other blocks
 * @param change what to get wrong, or otherwise, in a block
 * @param transactions of every block; otherwise each has a few
 */
export function makeBlocks(
  { config }: Genesis,
  parent: Header,
  count: number,
  { salt = 0n, change, transactions }: BlockOptions = {},
): NewBlock[] {
  const blocks: NewBlock[] = []
  for (let on = parent; blocks.length < count; on = blocks.at(-1)!.header)
    blocks.push(makeBlock(config, on, salt, change, transactions))
  return blocks
}

type BlockOptions = {
  readonly salt?: bigint
  readonly change?: (fields: HeaderFields) => Partial<HeaderFields>
  readonly transactions?: readonly Uint8Array[]
}

function makeBlock(
  config: ChainConfig,
  parent: Header,
  salt: bigint,
  change: BlockOptions['change'] = () => ({}),
  given?: readonly Uint8Array[],
): NewBlock {
  const at = { number: parent.number + 1n, time: parent.time + 10n }
  const few = () => Array.from({ length: Number(at.number % 3n) }, (_, i) => transaction(config, at.number, i, salt))
  const transactions = given ?? few()
  const shanghai = isTimeForkActive(config, 'shanghai', at)
  const withdrawals = at.number % 2n === 0n ? [encodeRlp([at.number, 1n, new Uint8Array(20), 1n])] : []
  const london = isBlockForkActive(config, 'london', at.number)
  const isMerged = parent.difficulty === 0n || isBlockForkActive(config, 'mergeNetsplit', at.number)
  const fields: HeaderFields = {
    parentHash: parent.hash,
    unclesHash: emptyUnclesHash,
    coinbase: new Uint8Array(20).fill(Number(salt)),
    stateRoot: parent.stateRoot,
    txRoot: listRoot(transactions),
    receiptsRoot: parent.receiptsRoot,
    bloom: parent.bloom,
    difficulty: isMerged ? 0n : 131_072n,
    ...at,
    gasLimit: london && parent.baseFee === undefined ? parent.gasLimit * 2n : parent.gasLimit,
    gasUsed: 21_000n * BigInt(given ? 0 : transactions.length),
    extraData: new Uint8Array(0),
    mixHash: new Uint8Array(32),
    nonce: new Uint8Array(8),
    ...(london && { baseFee: baseFeeAfter(parent) }),
    ...(shanghai && { withdrawalsRoot: listRoot(withdrawals) }),
    ...(isTimeForkActive(config, 'cancun', at) && {
      blobGasUsed: 0n,
      excessBlobGas: excessBlobGasAfter(config, parent, at),
      parentBeaconRoot: new Uint8Array(32),
    }),
    ...(isTimeForkActive(config, 'prague', at) && { requestsHash: emptyRequestsHash }),
  }
  const accessList = isTimeForkActive(config, 'amsterdam', at) ? accessListOf(at.number) : undefined
  const items = transactions.map((value) => (value[0]! >= 0xc0 ? value : encodeRlp(value)))
  const body = encodeBody({ transactions: items, uncles: [], ...(shanghai && { withdrawals }) })
  const amsterdam = accessList && { balHash: keccak256(accessList), slotNumber: at.number }
  const header = decodeHeader(encodeHeader({ ...fields, ...amsterdam, ...change({ ...fields, ...amsterdam }) }))
  return { header, body, accessList }
}

/** A list that any block may have: an account whose balance is the block's number before its transactions. */
export const accessListOf = (number: bigint, account: Uint8Array = new Uint8Array(20)): Uint8Array =>
  encodeRlp([[account, [], [], [[0, number]], [], []]])

function baseFeeAfter({ gasLimit, gasUsed, baseFee }: Header): bigint {
  return baseFee === undefined ? initialBaseFee : nextBaseFee({ gasLimit, gasUsed, baseFee })
}

function excessBlobGasAfter(config: ChainConfig, parent: Header, at: { number: bigint; time: bigint }): bigint {
  const hasReservePrice = isTimeForkActive(config, 'osaka', at)
  return nextExcessBlobGas({ ...blobParams(config, at)!, hasReservePrice }, parent)
}

/** Of every kind that the block's fork knows, in turn. */
function transaction({ chainId, ...config }: ChainConfig, number: bigint, index: number, salt: bigint): Uint8Array {
  const gas = [21_000n, new Uint8Array(20).fill(2), salt, Uint8Array.of(Number(number % 256n))] as const
  const kinds = [
    () => encodeRlp([BigInt(index), 100n, ...gas, 27n, 1n, 1n]),
    () => concatBytes(Uint8Array.of(1), encodeRlp([chainId, BigInt(index), 100n, ...gas, [], 1n, 1n, 1n])),
    () => concatBytes(Uint8Array.of(2), encodeRlp([chainId, BigInt(index), 1n, 100n, ...gas, [], 1n, 1n, 1n])),
  ]
  const has = (fork: 'berlin' | 'london') => isBlockForkActive({ ...config, chainId }, fork, number)
  const known = has('london') ? 3 : has('berlin') ? 2 : 1
  return kinds[(Number(number) + index) % known]!()
}

/** `header` with other fields. */
export function changedHeader(header: Header, change: Partial<HeaderFields>): Header {
  const fields = Object.fromEntries(fieldNames.map((name) => [name, header[name]])) as unknown as HeaderFields
  return decodeHeader(encodeHeader({ ...fields, ...change }))
}

const fieldNames: readonly (keyof HeaderFields)[] = [
  ...(['parentHash', 'unclesHash', 'coinbase', 'stateRoot', 'txRoot', 'receiptsRoot', 'bloom', 'difficulty'] as const),
  ...([
    'number',
    'gasLimit',
    'gasUsed',
    'time',
    'extraData',
    'mixHash',
    'nonce',
    'baseFee',
    'withdrawalsRoot',
  ] as const),
  ...(['blobGasUsed', 'excessBlobGas', 'parentBeaconRoot', 'requestsHash', 'balHash', 'slotNumber'] as const),
]
