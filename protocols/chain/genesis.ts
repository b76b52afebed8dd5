import { hexToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { type Alloc, readAlloc, stateRoot } from './alloc.ts'
import { encodeBody } from './block.ts'
import { type ChainConfig, isBlockForkActive, isTimeForkActive, readChainConfig } from './chain-config.ts'
import { initialBaseFee } from './fees.ts'
import { decodeHeader, encodeHeader, type Header, type HeaderFields, headerFieldNames } from './header.ts'
import { InvalidGenesis, JsonFields, parseJson } from './json-fields.ts'
import { emptyTrieRoot } from './trie-root.ts'

/** A chain's first block and its rules. */
export type Genesis = {
  readonly config: ChainConfig
  readonly header: Header
  /** RLP of the body: empty lists. */
  readonly body: Uint8Array
  /** The state it starts from; unknown for the built-in networks. */
  readonly alloc?: Alloc
}

/**
 * @param text a geth genesis.json
 * @param twice is called with the names that it gives twice, as `config.chainId`, if any: the last value counts, as to geth
 * @throws {InvalidGenesis}
 */
export function parseGenesis(text: string, twice?: (names: readonly string[]) => void): Genesis {
  const fields = new JsonFields(tryParse(text, twice))
  const config = readChainConfig(fields.object('config'))
  const alloc = readAlloc(fields.object('alloc'))
  return makeGenesis(config, { ...readHeaderFields(fields), stateRoot: stateRoot(alloc) }, alloc)
}

/** What a genesis says of its own header; the fields of later forks follow from `config` where they are left out. */
export type GenesisHeader = Pick<HeaderFields, 'stateRoot'> & Partial<HeaderFields>

/** geth `Genesis.ToBlock`. @throws {InvalidGenesis} its header lacks fields of a fork that was left out */
export function makeGenesis(config: ChainConfig, given: GenesisHeader, alloc?: Alloc): Genesis {
  const at = { number: given.number ?? 0n, time: given.time ?? 0n }
  const shanghai = isTimeForkActive(config, 'shanghai', at)
  const fields: HeaderFields = {
    ...blank,
    ...(isBlockForkActive(config, 'london', at.number) && { baseFee: initialBaseFee }),
    ...(shanghai && { withdrawalsRoot: emptyTrieRoot }),
    ...(isTimeForkActive(config, 'cancun', at) && {
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconRoot: zeroHash,
    }),
    ...(isTimeForkActive(config, 'prague', at) && { requestsHash: emptyRequestsHash }),
    ...(isTimeForkActive(config, 'amsterdam', at) && { balHash: emptyUnclesHash, slotNumber: 0n }),
  }
  const body = encodeBody({ transactions: [], uncles: [], ...(shanghai && { withdrawals: [] }) })
  const full = { ...fields, ...pickPresent(given, fields) }
  checkGaps(full)
  const header = decodeHeader(encodeHeader(full))
  return { config, header, body, ...(alloc && { alloc }) }
}

/** geth `params.GenesisGasLimit`, for a genesis that says 0. */
const defaultGasLimit = 4_712_388n
const zeroHash = new Uint8Array(32)
/** Keccak-256 of the RLP of an empty list; an empty block access list has the same (EIP-7928). */
export const emptyUnclesHash: Uint8Array = keccak256(Uint8Array.of(0xc0))
/** EIP-7685: SHA-256 of nothing. */
export const emptyRequestsHash: Uint8Array = hexToBytes(
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
)

const blank: Omit<HeaderFields, 'stateRoot'> & { stateRoot: Uint8Array } = {
  parentHash: zeroHash,
  unclesHash: emptyUnclesHash,
  coinbase: new Uint8Array(20),
  stateRoot: emptyTrieRoot,
  txRoot: emptyTrieRoot,
  receiptsRoot: emptyTrieRoot,
  bloom: new Uint8Array(256),
  difficulty: 0n,
  number: 0n,
  gasLimit: defaultGasLimit,
  gasUsed: 0n,
  time: 0n,
  extraData: new Uint8Array(0),
  mixHash: zeroHash,
  nonce: new Uint8Array(8),
}

/** A header has fields of a fork only after those of all before it: geth makes one with a gap, and cannot read it again. */
function checkGaps(fields: HeaderFields): void {
  const present = headerFieldNames.map((name) => fields[name] !== undefined)
  const missing = headerFieldNames[present.indexOf(false)]
  if (missing !== undefined && present.indexOf(false) < present.lastIndexOf(true))
    throw new InvalidGenesis('config', `leaves out a fork whose ${missing} has to be in the header of the genesis`)
}

/** Blob gas used or a slot that the forks do not call for stays out of the header. */
function pickPresent(given: GenesisHeader, fields: HeaderFields): Partial<HeaderFields> {
  const isTaken = (name: string) => fields[name as keyof HeaderFields] !== undefined || takenAlways.has(name)
  return Object.fromEntries(Object.entries(given).filter(([name, value]) => value !== undefined && isTaken(name)))
}

/** Fields of later forks that geth puts into the header whenever a genesis has them (`toBlockWithRoot`). */
const takenAlways: ReadonlySet<string> = new Set<keyof HeaderFields>(['baseFee', 'excessBlobGas'])

function readHeaderFields(fields: JsonFields): Partial<HeaderFields> {
  return {
    parentHash: fields.optionalBytes('parentHash', 32),
    coinbase: fields.optionalBytes('coinbase', 20),
    difficulty: fields.uint('difficulty', 256),
    number: fields.optionalUint('number'),
    gasLimit: fields.uint('gasLimit') || defaultGasLimit,
    gasUsed: fields.optionalUint('gasUsed'),
    time: fields.optionalUint('timestamp'),
    extraData: fields.optionalBytes('extraData'),
    mixHash: fields.optionalBytes('mixHash', 32),
    nonce: toNonce(fields.optionalUint('nonce') ?? 0n),
    baseFee: fields.optionalUint('baseFeePerGas', 256),
    blobGasUsed: fields.optionalUint('blobGasUsed'),
    excessBlobGas: fields.optionalUint('excessBlobGas'),
    slotNumber: fields.optionalUint('slotNumber'),
  } as Partial<HeaderFields>
}

function toNonce(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(16, '0'))
}

function tryParse(text: string, twice?: (names: readonly string[]) => void): unknown {
  try {
    return parseJson(text, twice)
  } catch (cause) {
    throw new InvalidGenesis('the file', `is no JSON: ${(cause as Error).message.split('\n')[0]}`, { cause })
  }
}
