import { formatEnode } from '../../protocols/enode/enode.ts'
import { formatRecord } from '../../protocols/enr/record.ts'
import type { TableEntry } from '../discovery/table.ts'
import { type Api, method } from '../rpc/api.ts'
import { isoTime } from '../runtime/iso-time.ts'

/**
 * `debug_discoveryV4Table`: the buckets of discovery v4, the closest first, as geth shows them; null when it does not run.
 * @param buckets of the table as it is
 */
export function debugDiscoveryApi(buckets: () => readonly (readonly TableEntry[])[] | undefined): Api {
  return {
    namespace: 'debug',
    methods: {
      discoveryV4Table: method([], () => buckets()?.map((entries) => entries.map(toBucketNode)) ?? null),
    },
  }
}

const toBucketNode = ({ node, addedToTable, addedToBucket, checks, isLive }: TableEntry) => ({
  node: node.record ? formatRecord(node.record) : formatEnode(node),
  addedToTable: isoTime(addedToTable),
  addedToBucket: isoTime(addedToBucket),
  checks,
  live: isLive,
})
