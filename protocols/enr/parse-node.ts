import { type Enode, EnodeError, parseEnode, toEnode } from '../enode/enode.ts'
import { formatIp } from '../enode/netutil.ts'
import { endpointOf, type NodeRecord, parseRecord, RecordError } from './record.ts'

/**
 * @param text `enode://…`, or a node record `enr:…` (geth's enode.Parse)
 * @throws {EnodeError}
 */
export function parseNode(text: string): Enode {
  if (text.startsWith('enode://')) return parseEnode(text)
  try {
    return toNode(parseRecord(text))
  } catch (error) {
    if (error instanceof RecordError) throw new EnodeError(error.message, { cause: error })
    throw error
  }
}

/** Whether it says where to dial: a node that only answers discovery has no TCP port in its record. */
export const isDialable = (node: Enode): node is Enode & { host: string } => node.host !== undefined && node.tcp > 0

function toNode(record: NodeRecord): Enode {
  const { ip, tcp = 0, udp = 0 } = endpointOf(record)
  return toEnode(record.publicKey, ip && formatIp(ip), tcp, udp)
}
