import { expect } from 'chai'
import { formatNodeSet, NodeSetError, parseNodeSet } from '../../../actors/cli/node-set.ts'
import type { CrawledNode } from '../../../actors/crawler/crawler.ts'
import { formatEnode } from '../../../protocols/enode/enode.ts'
import { parseNode } from '../../../protocols/enr/parse-node.ts'
import { formatRecord, signRecord } from '../../../protocols/enr/record.ts'
import { keyOf, someNode } from '../discovery/some-nodes.ts'

describe("a set of nodes in geth's form", () => {
  const record = signRecord(2n ** 63n + 1n, { ip: Uint8Array.of(127, 0, 0, 1), udp: 30_303 }, keyOf(1))
  const never = { score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }
  const node = parseNode(formatRecord(record))
  const one: CrawledNode = {
    ...{ node, record, score: 3, firstResponse: 1_000, lastResponse: 2_000, lastCheck: 3_000 },
    ...{ reason: 'full', cause: 'it sent Disconnect 0x04', client: 'Geth/v1' },
  }

  it('is read as it was written', () => {
    const other = someNode(2)
    const set = new Map([
      [node.id, one],
      [other.id, { node: other, record: undefined, ...never }],
    ])
    expect([...parseNodeSet(formatNodeSet(set))].sort()).to.deep.equal([...set].sort())
  })
  it('is written as geth does, its numbers of 64 bits exactly', () => {
    expect(
      formatNodeSet(new Map([[node.id, { ...one, reason: undefined, cause: undefined, client: undefined }]])),
    ).to.equal(
      [
        '{',
        `    "${node.id}": {`,
        '        "seq": 9223372036854775809,',
        `        "record": "${formatRecord(record)}",`,
        '        "score": 3,',
        '        "firstResponse": "1970-01-01T00:00:01Z",',
        '        "lastResponse": "1970-01-01T00:00:02Z",',
        '        "lastCheck": "1970-01-01T00:00:03Z"',
        '    }',
        '}',
      ].join('\n'),
    )
    expect(formatNodeSet(new Map())).to.equal('{}')
  })
  it('may lack all but the record, and have more', () => {
    const text = JSON.stringify({ [node.id]: { record: formatRecord(record), score: -1, lastCheck: 'x', more: [] } })
    expect(parseNodeSet(text).get(node.id)).to.deep.equal({ node, record, ...never })
  })
  it('is refused where it is none', () => {
    const wrong = (value: unknown) => JSON.stringify({ [node.id]: value })
    for (const text of [
      ...[
        '',
        '[]',
        'null',
        '1',
        '{',
        '{"a":',
        wrong(null),
        wrong({}),
        wrong({ record: 7 }),
        wrong({ record: 'enr:AA' }),
      ],
      ...[wrong({ record: 'enode://ab' }), JSON.stringify({ ab: { record: formatRecord(record) } })],
      wrong({ record: formatEnode(someNode(2)) }),
    ])
      expect(() => parseNodeSet(text), text).to.throw(NodeSetError)
  })
})
