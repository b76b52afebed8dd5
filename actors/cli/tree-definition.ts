import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import {
  formatLink,
  formatSignature,
  parseLink,
  type Tree,
  type TreeLink,
  treeOf,
} from '../../protocols/dnsdisc/tree.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import type { NodeRecord } from '../../protocols/enr/record.ts'
import { formatRecord } from '../../protocols/enr/record.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { readText } from './given-file.ts'
import { formatJson, formatNodeSet, jsonObject, NodeSetError, readNodeSet } from './node-set.ts'

// A list of nodes in a directory, as geth's `devp2p dns` has it: enrtree-info.json and nodes.json.

export type TreeDefinition = {
  /** Undefined before it was signed. */
  readonly link?: TreeLink | undefined
  readonly seq: bigint
  readonly signature?: string | undefined
  /** `enrtree://…`. BOUNDED: by the file. */
  readonly links: readonly string[]
  readonly records: readonly NodeRecord[]
}

/** Bytes of enrtree-info.json. */
const maxInfoBytes = 1 << 20

/** @throws {NodeSetError} {TreeError} and the system's error */
export async function readDefinition(directory: string): Promise<TreeDefinition> {
  const info = await readInfo(join(directory, infoName))
  const nodes = await readNodeSet(join(directory, nodesName))
  const records = [...nodes].map(([id, { record }]) => {
    if (!record) throw new NodeSetError(`can't add node ${id}: unsigned node record`)
    return record
  })
  return { ...info, records }
}

/** @returns the list with the signature that it has @throws {NodeSetError} {TreeError} it has none, or another's */
export function signedTree(directory: string, { link, signature, ...list }: TreeDefinition): Tree & { link: TreeLink } {
  if (!link) throw new NodeSetError(`missing 'url' field in ${join(directory, infoName)}`)
  if (signature === undefined) throw new NodeSetError("missing signature, run 'peerchart dns sign' first")
  return { ...treeOf(list, link, signature), link }
}

/** Writes enrtree-info.json, and makes the directory. @throws (rejects) the system's error */
export async function writeInfo(
  directory: string,
  link: TreeLink,
  { root }: Tree,
  links: readonly string[],
  now: number,
) {
  const info = {
    ...{ url: formatLink(link), seq: `${root.seq}`, signature: formatSignature(root) },
    ...{ links, lastModified: new Date(now).toISOString() },
  }
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, infoName), formatJson(info))
}

/** Writes nodes.json. @throws (rejects) the system's error */
export async function writeNodes(directory: string, records: readonly NodeRecord[]): Promise<void> {
  const never = { score: 0, firstResponse: 0, lastResponse: 0, lastCheck: 0 }
  const nodes = records.map((record) => {
    const id = bytesToHex(nodeIdOf(record.publicKey))
    return [id, { node: parseNode(formatRecord(record)), record, ...never }] as const
  })
  await writeFile(join(directory, nodesName), formatNodeSet(new Map(nodes)))
}

/** geth directoryName: the domain of a list that was never signed. */
export const directoryName = (directory: string): string => basename(resolve(directory))

const infoName = 'enrtree-info.json'
const nodesName = 'nodes.json'

async function readInfo(path: string): Promise<Omit<TreeDefinition, 'records'>> {
  const text = await readText(path, maxInfoBytes).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return { seq: 0n, links: [] }
  const { url, signature, links } = jsonObject(text)
  // A number of 64 bits is more than JSON.parse reads exactly.
  const digits = /"seq"\s*:\s*(\d{1,20})\b/.exec(text)?.[1] ?? '0'
  const all = Array.isArray(links) ? links.map(String) : []
  for (const link of all) parseLink(link)
  return {
    ...(typeof url === 'string' && url !== '' && { link: parseLink(url) }),
    ...(typeof signature === 'string' && signature !== '' && { signature }),
    ...{ seq: BigInt(digits), links: all },
  }
}
