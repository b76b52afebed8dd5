import type { CellMask } from '../../protocols/eth/transaction-messages.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { optional, type Param, ParamError, required, unfit } from '../rpc/params.ts'

/** Which cells of blobs: 16 bytes in hex (geth core/types/custody_bitmap.go). */
export const custodyBitmap: Param<CellMask> = required((json) => read(json, '*types.CustodyBitmap'))

/** As {@link custodyBitmap}, or nothing: a pointer to Go, as its errors show. */
export const optionalCustodyBitmap: Param<CellMask | undefined> = optional(
  required((json) => read(json, '**types.CustodyBitmap')),
)

function read(json: unknown, type: string): CellMask {
  if (typeof json !== 'string') throw unfit(json, type)
  if (json === '') throw new ParamError('custody bitmap: empty hex string')
  if (!/^0x/i.test(json)) throw new ParamError('custody bitmap: hex string without 0x prefix')
  if (!/^0x[0-9a-f]*$/i.test(json)) throw new ParamError('custody bitmap: invalid hex string')
  if (json.length % 2 === 1) throw new ParamError('custody bitmap: hex string of odd length')
  const length = json.length / 2 - 1
  if (length !== maskBytes) throw new ParamError(`custody bitmap: invalid length ${length}, want ${maskBytes}`)
  return hexToBytes(json.slice(2))
}

const maskBytes = 16
