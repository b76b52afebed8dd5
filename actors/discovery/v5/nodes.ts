import type { Nodes } from '../../../protocols/discv5/messages.ts'
import { logDistance } from '../../../protocols/enode/distance.ts'
import { checkRelay } from '../../../protocols/enode/relay.ts'
import { decodeRecord, type NodeRecord, RecordError } from '../../../protocols/enr/record.ts'
import { type DiscoveredNode, nodeOfRecord } from '../discovered-node.ts'

// The records of NODES: how they are packed, and which of them are taken.

/** geth findnodeResultLimit: nodes in answer to one FINDNODE. */
export const maxFound = 16
/** geth totalNodesResponseLimit: NODES messages that are read in answer to one FINDNODE. */
export const maxResponses = 5
/** geth packNodes: bytes of records in one NODES, which leaves room for all else within 1280. */
const maxRecordBytes = 1_000
/** geth errLowPort. */
const lowestPort = 1_025

/** @returns at least one message, each of which fits a packet */
export function packNodes(requestId: Uint8Array, records: readonly NodeRecord[]): Nodes[] {
  const packs: Uint8Array[][] = [[]]
  let size = 0
  for (const { raw } of records) {
    size += raw.length
    if (size > maxRecordBytes) {
      packs.push([])
      size = raw.length
    }
    packs.at(-1)!.push(raw)
  }
  return packs.map((records) => ({ kind: 'Nodes', requestId, total: packs.length, records }))
}

/** What the answers to one FINDNODE bring (geth waitForNodes, verifyResponseNode). */
export class FoundNodes {
  readonly #from: DiscoveredNode
  readonly #distances: readonly number[]
  readonly #isAllowed: (ip: string) => boolean
  /** By id. BOUNDED: by maxResponses packets. */
  readonly #nodes = new Map<string, DiscoveredNode>()
  #total: number | undefined
  #received = 0

  /** @param from whom we asked @param isAllowed whether an address is one that we speak with */
  constructor(from: DiscoveredNode, distances: readonly number[], isAllowed: (ip: string) => boolean) {
    this.#from = from
    this.#distances = distances
    this.#isAllowed = isAllowed
  }

  get nodes(): readonly DiscoveredNode[] {
    return [...this.#nodes.values()]
  }

  /** Takes the records that are sound, and passes over the others. @returns whether this was the last response */
  take({ records, total }: Nodes): boolean {
    this.#total ??= Math.min(total, maxResponses)
    for (const record of records) {
      const node = this.#read(record)
      if (node && !this.#nodes.has(node.id)) this.#nodes.set(node.id, node)
    }
    return ++this.#received >= this.#total
  }

  #read(raw: Uint8Array): DiscoveredNode | undefined {
    let record: NodeRecord
    try {
      record = decodeRecord(raw)
    } catch (error) {
      if (error instanceof RecordError) return undefined
      throw error
    }
    const node = nodeOfRecord(record)
    if (!node || checkRelay(this.#from.host, node.host) !== undefined || !this.#isAllowed(node.host)) return undefined
    if (node.udp < lowestPort || !this.#distances.includes(logDistance(this.#from.id, node.id))) return undefined
    return node
  }
}
