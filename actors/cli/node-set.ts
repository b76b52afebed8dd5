import { writeFile } from 'node:fs/promises'
import { EnodeError, formatEnode } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { formatRecord, parseRecord } from '../../protocols/enr/record.ts'
import type { CrawledNode } from '../crawler/crawler.ts'
import { readText } from './given-file.ts'
import type { Io } from './io.ts'

// geth's nodes.json (cmd/devp2p/nodeset.go): what a crawl knows, as an object by node id. Names that geth does not know
// are passed over by it: the reason of each node is one.

/** By node id. BOUNDED: by the crawl, or by the file. */
export type NodeSet = ReadonlyMap<string, CrawledNode>

/** Bytes of a file: 100,000 nodes have about 70 MB. */
const maxFileBytes = 256 << 20

/** @throws {NodeSetError} {UnreadableFile} and the system's error */
export async function readNodeSet(path: string): Promise<NodeSet> {
  return parseNodeSet(await readText(path, maxFileBytes))
}

/** @throws {NodeSetError} */
export function parseNodeSet(text: string): NodeSet {
  const all = jsonObject(text)
  return new Map(
    Object.entries(all).map(([id, value]) => {
      const one = readNode(id, value)
      if (one.node.id !== id)
        throw new NodeSetError(`invalid node ${id}: ID does not match ID ${one.node.id} in record`)
      return [id, one]
    }),
  )
}

/** @returns the file's text, as geth writes it: sorted, four spaces deep */
export function formatNodeSet(nodes: NodeSet): string {
  const sorted = [...nodes].sort(([a], [b]) => (a < b ? -1 : 1))
  return formatJson(Object.fromEntries(sorted.map(([id, one]) => [id, toJson(one)])))
}

/** JSON as geth indents it. `seq` is a decimal text in `value`, and a number in JSON: it may exceed 2^53. */
export const formatJson = (value: unknown): string =>
  JSON.stringify(value, null, 4).replace(/^(\s*"seq": )"(\d+)"/gm, '$1$2')

/** Writes to a file, or to standard output when it is `-` as in geth. @throws (rejects) the system's error */
export async function writeText(path: string, text: string, { stdout }: Pick<Io, 'stdout'>): Promise<void> {
  if (path === '-') stdout.write(`${text}\n`)
  else await writeFile(path, text)
}

/** @throws {NodeSetError} */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parseJson(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new NodeSetError('it is no JSON object')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new NodeSetError(`it is no JSON: ${cause.message}`, { cause })
    throw cause
  }
}

function readNode(id: string, value: unknown): CrawledNode {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const { record: text, score, reason, cause, client } = fields
  if (typeof text !== 'string') throw new NodeSetError(`invalid node ${id}: it has no record`)
  try {
    const record = text.startsWith('enr:') ? parseRecord(text) : undefined
    return {
      ...{ node: parseNode(text), record },
      score: Number.isSafeInteger(score) ? Math.max(0, score as number) : 0,
      firstResponse: readTime(fields.firstResponse),
      lastResponse: readTime(fields.lastResponse),
      lastCheck: readTime(fields.lastCheck),
      ...Object.fromEntries(Object.entries({ reason, cause, client }).filter(([, one]) => typeof one === 'string')),
    }
  } catch (fault) {
    if (fault instanceof Error && (fault instanceof EnodeError || fault.name === 'RecordError'))
      throw new NodeSetError(`invalid node ${id}: ${fault.message}`, { cause: fault })
    throw fault
  }
}

function readTime(value: unknown): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(time) ? Math.max(0, time) : 0
}

function toJson({ node, record, score, firstResponse, lastResponse, lastCheck, ...ours }: CrawledNode): unknown {
  return {
    seq: `${record?.seq ?? 0n}`,
    record: record ? formatRecord(record) : formatEnode(node),
    ...(score > 0 && { score }),
    ...{ firstResponse: toTime(firstResponse), lastResponse: toTime(lastResponse), lastCheck: toTime(lastCheck) },
    ...ours,
  }
}

/** Go's zero time for never. Seconds, as geth truncates it. */
const toTime = (time: number) =>
  time === 0 ? '0001-01-01T00:00:00Z' : new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')

/** The file is no set of nodes: the fault of its author. */
export class NodeSetError extends Error {
  override readonly name = 'NodeSetError'
}
