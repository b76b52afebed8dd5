import { createHash } from 'node:crypto'
import { encodeWithdrawal } from '../../protocols/chain/block.ts'
import { encodeList } from '../../protocols/lib/rlp.ts'
import { emptyWithdrawal } from '../execution/methods/build-block.ts'
import type { Attributes } from './engine-attributes.ts'

/** Of a method that asks for blocks: geth's `PayloadVersion`. */
export type PayloadVersion = 1 | 2 | 3 | 4

/** @returns 8 bytes, as geth makes them (miner/payload_building.go): the first is the version */
export function payloadId(version: PayloadVersion, parent: Uint8Array, attributes: Attributes): Uint8Array {
  const { timestamp, prevRandao, suggestedFeeRecipient, withdrawals = [] } = attributes
  const { parentBeaconBlockRoot, slotNumber, targetGasLimit } = attributes
  const all = createHash('sha256')
    .update(parent)
    .update(uint64(timestamp))
    .update(prevRandao)
    .update(suggestedFeeRecipient)
    .update(encodeList(withdrawals.map((one) => encodeWithdrawal({ ...emptyWithdrawal, ...one }))))
  if (parentBeaconBlockRoot) all.update(parentBeaconBlockRoot)
  if (slotNumber !== undefined) all.update(uint64(slotNumber))
  if (targetGasLimit !== undefined) all.update(uint64(targetGasLimit))
  const id = new Uint8Array(all.digest()).slice(0, 8)
  id[0] = version
  return id
}

function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value)
  return bytes
}
