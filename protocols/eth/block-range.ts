import { fixed, readFields, writeFieldList } from '../lib/fields.ts'
import type { RlpReader } from '../lib/rlp.ts'
import type { Codec } from './codec.ts'
import { limits } from './limits.ts'

// The blocks that a node has with bodies and receipts (EIP-7642).

/** Block numbers, both included, and the 32-byte hash of the latest. */
export type BlockRange = { readonly earliest: bigint; readonly latest: bigint; readonly latestHash: Uint8Array }

export type BlockRangeUpdate = BlockRange & { readonly kind: 'BlockRangeUpdate' }

export const BlockRangeUpdate: Codec<BlockRangeUpdate> = {
  decode: (payload) => readFields(payload, (fields) => ({ kind: 'BlockRangeUpdate', ...readRange(fields) })),
  encode: (range) => writeFieldList(rangeFields(range)),
}

/** @returns undefined for a range that can be; otherwise the remote breaks EIP-7642, as geth says it */
export function checkRange({ earliest, latest, latestHash }: BlockRange): BlockRangeError | undefined {
  if (earliest > latest) return new BlockRangeError('earliest > latest')
  if (latestHash.every((byte) => byte === 0)) return new BlockRangeError('zero latest hash')
  return undefined
}

/** @returns whether `next` is worth an update since `sent`: a rollback, or 32 blocks on (geth `shouldSend`) */
export function shouldSend(sent: BlockRange, next: BlockRange): boolean {
  return next.latest < sent.latest || next.latest - sent.latest >= limits.blockRangeUpdateDistance
}

export const readRange = (fields: RlpReader): BlockRange => ({
  earliest: fields.uint(),
  latest: fields.uint(),
  latestHash: fields.bytes(32),
})

export const rangeFields = ({ earliest, latest, latestHash }: BlockRange): [bigint, bigint, Uint8Array] => [
  earliest,
  latest,
  fixed(latestHash, 32),
]

/** A range that cannot be: a breach by the remote, disconnected with SubprotocolError (0x10). */
export class BlockRangeError extends Error {
  override readonly name = 'BlockRangeError'
}
