import { expect } from 'chai'
import { debugDiscoveryApi } from '../../../actors/apis/debug-discovery.ts'
import { Table } from '../../../actors/discovery/table.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { formatRecord, signRecord } from '../../../protocols/enr/record.ts'
import { keyOf, someNode } from '../discovery/some-nodes.ts'
import { callApi } from './call-api.ts'

describe('debug_discoveryV4Table', () => {
  it('shows each bucket with its nodes, by their record where it was seen', async () => {
    const table = new Table({ self: someNode(1).id, now: () => 1_000, draw: () => 0 })
    const record = signRecord(1n, {}, keyOf(3))
    table.add(someNode(2))
    table.add({ ...someNode(3), record })
    table.noteAlive(someNode(3).id, 2)
    const buckets = (await callApi([debugDiscoveryApi(() => table.buckets())], 'debug_discoveryV4Table')) as unknown[][]
    expect(buckets).to.have.length(17)
    const added = { addedToTable: '1970-01-01T00:00:01.000Z', addedToBucket: '1970-01-01T00:00:01.000Z' }
    expect(buckets.flat()).to.have.deep.members([
      { node: formatEnode(someNode(2)), ...added, checks: 0, live: false },
      { node: formatRecord(record), ...added, checks: 2, live: true },
    ])
  })
  it('is null where discovery v4 does not run, as in geth', async () =>
    expect(await callApi([debugDiscoveryApi(() => undefined)], 'debug_discoveryV4Table')).to.equal(null))
})
