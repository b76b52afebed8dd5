import { encodeList, encodeRlp, RlpReader, readItem } from '../../protocols/lib/rlp.ts'
import type { Executed } from '../chain/execution-port.ts'

export function encodeResult({ receipts, accessList }: Executed): Uint8Array {
  return encodeList([encodeRlp(receipts), ...(accessList ? [encodeRlp(accessList)] : [])])
}

export function decodeResult(raw: Uint8Array): Executed {
  const fields = new RlpReader(readItem(raw).content)
  const receipts = fields.bytes()
  return { receipts, ...(!fields.isDone && { accessList: fields.bytes() }) }
}
