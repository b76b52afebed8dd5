import { DiscoveryEndpoint } from '../../actors/crawler/discovery-endpoint.ts'
import { nodeOfRecord } from '../../actors/discovery/discovered-node.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'

// A part of the network that is crawled: `node crawl-child.js v4|v5 FIRST COUNT`. It sends the records of its nodes; what it
// is sent is whom each of them knows, and it answers when they do.

/** Ids of nodes, and the record of one that each knows. */
export type Known = readonly (readonly [id: string, record: string])[]

const [version, first, count] = process.argv.slice(2)
const runtime = processRuntime()
const endpoints: DiscoveryEndpoint[] = []
for (let i = Number(first); i < Number(first) + Number(count); i++)
  endpoints.push(
    await DiscoveryEndpoint.open(runtime, {
      ...{ v4: version === 'v4', v5: version === 'v5', id: `node-${i}`, log: silent, bootnodes: [] },
      ...{ host: `127.0.${i >> 7}.${(i & 127) + 1}`, port: 0, privateKey: runtime.entropy(32) },
    }),
  )
const tables = new Map(endpoints.map(({ local, v4, v5 }) => [local.id, (v4 ?? v5)!.table]))

process.on('message', (known: Known) => {
  for (const [id, record] of known) {
    const node = nodeOfRecord(parseRecord(record))!
    const table = tables.get(id)
    table?.add(node)
    // As when it has answered a first check: only such nodes are named to others.
    table?.noteAlive(node.id, 1)
  }
  process.send!('ready')
})
process.on('disconnect', () => process.exit())
process.send!(endpoints.map(({ local }) => formatRecord(local.record)))
