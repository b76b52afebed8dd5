import type { GetBlockHeaders } from '../../../protocols/eth/block-messages.ts'

/** @returns a request for one header from block 1, but for `fields` */
export function getHeaders(fields: Partial<GetBlockHeaders> = {}): GetBlockHeaders {
  return { kind: 'GetBlockHeaders', id: 7n, origin: 1n, amount: 1n, skip: 0n, reverse: false, ...fields }
}

export const maxUint64 = 2n ** 64n - 1n
export const unknownHash: Uint8Array = new Uint8Array(32).fill(0xab)
