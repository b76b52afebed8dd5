import { encode } from '../../../protocols/eth/messages.ts'
import type { Status } from '../../../protocols/eth/status.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import { honestStatus } from '../../hostile/nodes.ts'

/** @returns the Status that a node of the development chain agrees with, with other fields if so given */
export function statusPayload(version: EthVersion, change: Partial<typeof honestStatus> = {}): Uint8Array {
  const { range, td, head, ...same } = { ...honestStatus, ...change }
  const own = version === 68 ? { td, head } : { range }
  return encode(version, { kind: 'Status', version, ...same, ...own } as Status)
}
