import { type ForkFilter, type ForkId, forkIdFields, readForkId } from '../chain/fork-id.ts'
import { bytesToHex, equalBytes } from '../lib/bytes.ts'
import { fixed, readFields, writeFieldList } from '../lib/fields.ts'
import type { RlpReader } from '../lib/rlp.ts'
import { type BlockRange, checkRange, rangeFields, readRange } from './block-range.ts'
import type { Codec } from './codec.ts'
import type { EthVersion } from './versions.ts'

// The first message of an eth session (caps/eth.md Status; geth eth/protocols/eth/handshake.go).

type StatusBase = {
  readonly kind: 'Status'
  /** A uint32: the version that the sender believes was matched. */
  readonly version: number
  readonly networkId: bigint
  /** 32 bytes. */
  readonly genesis: Uint8Array
  readonly forkId: ForkId
}

/** eth/68. */
export type Status68 = StatusBase & { readonly td: bigint; readonly head: Uint8Array }
/** eth/69 and later (EIP-7642). */
export type Status69 = StatusBase & { readonly range: BlockRange }
export type Status = Status68 | Status69

export const Status: Codec<Status> = {
  decode: (payload, version) =>
    readFields(payload, (fields) => (version === 68 ? readStatus68(fields) : readStatus69(fields))),
  encode: (status, version) => writeFieldList(version === 68 ? fieldsOf68(status) : fieldsOf69(status)),
}

/** What a Status must agree with. */
export type OurChain = { readonly networkId: bigint; readonly genesis: Uint8Array }

/**
 * Checks in geth's order: network, version, genesis, fork id, range.
 * @param version the negotiated one
 * @returns the first disagreement; undefined when the session may begin
 */
export function checkStatus(
  version: EthVersion,
  ours: OurChain,
  theirs: Status,
  filter: ForkFilter,
): StatusError | undefined {
  if (theirs.networkId !== ours.networkId)
    return new StatusError('network', `network ID mismatch: ${theirs.networkId} (!= ${ours.networkId})`)
  if (theirs.version !== version)
    return new StatusError('version', `protocol version mismatch: ${theirs.version} (!= ${version})`)
  if (!equalBytes(theirs.genesis, ours.genesis))
    return new StatusError(
      'genesis',
      `genesis mismatch: ${bytesToHex(theirs.genesis)} (!= ${bytesToHex(ours.genesis)})`,
    )
  const rejected = filter(theirs.forkId)
  if (rejected) return new StatusError('forkid', `fork ID rejected: ${rejected.message}`, { cause: rejected })
  const wrong = 'range' in theirs ? checkRange(theirs.range) : undefined
  return wrong && new StatusError('range', `invalid block range in status: ${wrong.message}`, { cause: wrong })
}

function readStatus68(fields: RlpReader): Status68 {
  const version = Number(fields.uint(4))
  const networkId = fields.uint()
  const td = fields.uint(32)
  const head = fields.bytes(32)
  const genesis = fields.bytes(32)
  return { kind: 'Status', version, networkId, td, head, genesis, forkId: readForkId(fields) }
}

function readStatus69(fields: RlpReader): Status69 {
  const version = Number(fields.uint(4))
  const networkId = fields.uint()
  const genesis = fields.bytes(32)
  return { kind: 'Status', version, networkId, genesis, forkId: readForkId(fields), range: readRange(fields) }
}

function fieldsOf68(status: Status) {
  if (!('td' in status)) throw new RangeError('eth/68 has a total difficulty and a head')
  const { version, networkId, td, head, genesis, forkId } = status
  return [version, networkId, td, fixed(head, 32), fixed(genesis, 32), forkIdFields(forkId)]
}

function fieldsOf69(status: Status) {
  if (!('range' in status)) throw new RangeError('eth/69 and later have a block range')
  const { version, networkId, genesis, forkId, range } = status
  return [version, networkId, fixed(genesis, 32), forkIdFields(forkId), ...rangeFields(range)]
}

/** Which check of {@link checkStatus} failed; geth counts each apart. */
export type StatusFault = 'network' | 'version' | 'genesis' | 'forkid' | 'range'

/** The remote is on another chain or version: no fault of the wire, disconnected with SubprotocolError (0x10). */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly fault: StatusFault

  constructor(fault: StatusFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.fault = fault
  }
}
