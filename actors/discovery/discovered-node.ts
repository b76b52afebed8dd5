import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { formatIp } from '../../protocols/enode/netutil.ts'
import { endpointOf, type NodeRecord } from '../../protocols/enr/record.ts'

/** A node that discovery knows, with an address; its record when it was ever seen. */
export type DiscoveredNode = Enode & {
  /** An IP address in its one spelling. */
  readonly host: string
  readonly record?: NodeRecord
}

/** @returns undefined when the record names no address */
export function nodeOfRecord(record: NodeRecord): DiscoveredNode | undefined {
  const { ip, tcp = 0, udp = 0 } = endpointOf(record)
  if (!ip) return undefined
  const host = formatIp(ip)
  return { ...toEnode(record.publicKey, host, tcp, udp), host, record }
}

/** 0 when no record of it was seen, as in geth. */
export const seqOf = (node: DiscoveredNode | undefined): bigint => node?.record?.seq ?? 0n
