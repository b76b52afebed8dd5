import { nodeIdOf } from '../enode/enode.ts'
import { formatRecord, type NodeRecord, parseRecord, RecordError } from '../enr/record.ts'
import { base32, base64Url } from '../lib/base-n.ts'
import { bytesToHex, utf8ToBytes } from '../lib/bytes.ts'
import { keccak256 } from '../lib/keccak.ts'
import { readItem } from '../lib/rlp.ts'
import {
  compressPublicKey,
  decompressPublicKey,
  publicKeyOf,
  Secp256k1Error,
  signRecoverable,
  verifySignature,
} from '../lib/secp256k1.ts'

// Node lists as trees of DNS TXT records (EIP-1459; geth p2p/dnsdisc). The root is signed and names the hashes of two
// subtrees, nodes and links to other lists; every entry is found at its hash, and is checked against it.

/** Where a list is and who signs it: `enrtree://<key>@<domain>`. */
export type TreeLink = { readonly domain: string /** 64 bytes. */; readonly publicKey: Uint8Array }

export type TreeRoot = {
  /** Of the subtree of nodes, and of links: subdomains, base32. */
  readonly nodesRoot: string
  readonly linksRoot: string
  readonly seq: bigint
  /** 65 bytes, r ‖ s ‖ v. */
  readonly signature: Uint8Array
}

export type TreeEntry =
  /** BOUNDED: by the TXT record. */
  | { readonly kind: 'branch'; readonly children: readonly string[] }
  | { readonly kind: 'node'; readonly record: NodeRecord }
  | { readonly kind: 'link'; readonly link: TreeLink }

/** A list as it is published. */
export type Tree = {
  readonly root: TreeRoot
  /** TXT by subdomain, the root's left out. BOUNDED: by the list. */
  readonly entries: ReadonlyMap<string, string>
}

const [rootPrefix, linkPrefix, branchPrefix, nodePrefix] = ['enrtree-root:v1', 'enrtree://', 'enrtree-branch:', 'enr:']

/** geth `maxChildren`: so many hashes fit the 512 bytes of a DNS answer over UDP. */
const maxChildren = 13
/** Bytes of a hash that is abbreviated. */
const hashBytes = 16
const minHashBytes = 12

/**
 * @param text `enrtree://<base32 of the compressed key>@<domain>`
 * @throws {TreeError} with geth's message
 */
export function parseLink(text: string): TreeLink {
  if (!text.startsWith(linkPrefix)) throw new TreeError("wrong/missing scheme 'enrtree' in URL")
  const [, key, domain = ''] = /^([^@]*)@(.*)$/s.exec(text.slice(linkPrefix.length)) ?? []
  if (key === undefined) throw new TreeError('invalid link entry: missing public key')
  try {
    return { domain, publicKey: decompressPublicKey(base32.decode(key) ?? new Uint8Array(0)) }
  } catch (cause) {
    if (cause instanceof Secp256k1Error) throw new TreeError('invalid link entry: invalid public key', { cause })
    throw cause
  }
}

/** @returns what {@link parseLink} reads */
export const formatLink = ({ domain, publicKey }: TreeLink): string =>
  `${linkPrefix}${base32.encode(compressPublicKey(publicKey))}@${domain}`

/** Whether a TXT record is a root: others may be at the same name. */
export const isRoot = (txt: string): boolean => txt.startsWith(rootPrefix)

/**
 * @param publicKey of the list's link
 * @throws {TreeError} with geth's message: another form, or not signed by that key
 */
export function parseRoot(txt: string, publicKey: Uint8Array): TreeRoot {
  const [, nodesRoot, linksRoot, digits, signed] =
    /^enrtree-root:v1 e=(\S+) l=(\S+) seq=(\d{1,20}) sig=(\S+)/.exec(txt) ?? []
  const seq = digits === undefined ? maxSeq : BigInt(digits)
  if (nodesRoot === undefined || linksRoot === undefined || signed === undefined || seq >= maxSeq)
    throw new TreeError('invalid root entry: invalid syntax')
  if (!isHash(nodesRoot) || !isHash(linksRoot)) throw new TreeError('invalid root entry: invalid child hash')
  const root = { nodesRoot, linksRoot, seq, signature: base64Url.decode(signed) ?? new Uint8Array(0) }
  if (!isSignedBy(root, publicKey)) throw new TreeError('invalid root entry: invalid base64 signature')
  return root
}

/**
 * @param hash the subdomain that it was found at
 * @returns undefined for what is no entry at all: other TXT records may be at the same name
 * @throws {TreeError} with geth's message: it is not what the hash says, or is not sound
 */
export function parseEntry(txt: string, hash: string): TreeEntry | undefined {
  if (![linkPrefix, branchPrefix, nodePrefix].some((prefix) => txt.startsWith(prefix))) return undefined
  const wanted = base32.decode(hash) ?? new Uint8Array(0)
  const actual = keccak256(utf8ToBytes(txt))
  if (wanted.length < minHashBytes || wanted.some((byte, i) => byte !== actual[i])) throw new TreeError('hash mismatch')
  if (txt.startsWith(linkPrefix)) return { kind: 'link', link: parseLink(txt) }
  if (txt.startsWith(branchPrefix)) return { kind: 'branch', children: parseChildren(txt.slice(branchPrefix.length)) }
  try {
    return { kind: 'node', record: parseRecord(txt) }
  } catch (cause) {
    if (cause instanceof RecordError) throw new TreeError(`invalid enr entry: ${cause.message}`, { cause })
    throw cause
  }
}

/**
 * Builds the tree of a list and signs it.
 * @param of nodes in any order, links as `enrtree://…`
 * @throws {TreeError} a link is none, or a port of a record does not fit 16 bits
 */
export function signTree(
  of: { readonly seq: bigint; readonly records: readonly NodeRecord[]; readonly links: readonly string[] },
  privateKey: Uint8Array,
): Tree {
  const tree = makeTree(of)
  return { ...tree, root: { ...tree.root, signature: signRecoverable(rootHash(tree.root), privateKey) } }
}

/**
 * Builds the tree of a list that was signed before.
 * @throws {TreeError} the signature is not of this tree by that key
 */
export function treeOf(of: Parameters<typeof signTree>[0], { publicKey }: TreeLink, signature: string): Tree {
  const tree = makeTree(of)
  const root = { ...tree.root, signature: base64Url.decode(signature) ?? new Uint8Array(0) }
  if (!isSignedBy(root, publicKey)) throw new TreeError('invalid signature on tree')
  return { ...tree, root }
}

/** @returns the link of a list that this key signs */
export const linkOf = (domain: string, privateKey: Uint8Array): TreeLink => ({
  domain,
  publicKey: publicKeyOf(privateKey),
})

/** @returns the signature as a definition of a list keeps it */
export const formatSignature = ({ signature }: TreeRoot): string => base64Url.encode(signature)

export const formatRoot = (root: TreeRoot): string => `${rootText(root)} sig=${formatSignature(root)}`

/** @returns every TXT record by its name, in the order of the names */
export function toTxt({ root, entries }: Tree, domain: string): ReadonlyMap<string, string> {
  const all = [...entries].map(([hash, txt]) => [domain === '' ? hash : `${hash}.${domain}`, txt] as const)
  const names = [[domain, formatRoot(root)] as const, ...all]
  return new Map(names.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function makeTree({ seq, records, links }: Parameters<typeof signTree>[0]): Tree {
  const sorted = records.map((record) => ({ id: bytesToHex(nodeIdOf(record.publicKey)), record }))
  sorted.sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const { id, record } of sorted) checkPorts(id, record)
  for (const link of links) parseLink(link)
  const entries = new Map<string, string>()
  const rootOf = (leaves: readonly string[]) => put(entries, build(entries, leaves))
  const nodesRoot = rootOf(sorted.map(({ record }) => formatRecord(record)))
  const linksRoot = rootOf(links)
  return { root: { nodesRoot, linksRoot, seq, signature: new Uint8Array(65) }, entries }
}

/** As geth builds it: the same list has the same tree, and so the same signature. @returns the entry above all of them */
function build(entries: Map<string, string>, texts: readonly string[]): string {
  if (texts.length === 1) return texts[0]!
  if (texts.length <= maxChildren) return `${branchPrefix}${texts.map((txt) => put(entries, txt)).join()}`
  const branches: string[] = []
  for (let i = 0; i < texts.length; i += maxChildren) {
    const branch = build(entries, texts.slice(i, i + maxChildren))
    put(entries, branch)
    branches.push(branch)
  }
  return build(entries, branches)
}

function put(entries: Map<string, string>, txt: string): string {
  const hash = base32.encode(keccak256(utf8ToBytes(txt)).subarray(0, hashBytes))
  entries.set(hash, txt)
  return hash
}

/** geth checkRecordPorts: a reader that is strict would refuse the record. */
function checkPorts(id: string, { pairs }: NodeRecord): void {
  for (const key of ['tcp', 'tcp6', 'udp', 'udp6', 'quic', 'quic6']) {
    const raw = pairs.get(key)
    if (raw === undefined) continue
    const { isList, content } = readItem(raw)
    if (isList || content.length > 2 || content[0] === 0)
      throw new TreeError(`can't add node ${id}: its ${key} is no port`)
  }
}

function parseChildren(text: string): readonly string[] {
  const children = text === '' ? [] : text.split(',')
  if (!children.every(isHash)) throw new TreeError('invalid branch entry: invalid child hash')
  return children
}

function isHash(text: string): boolean {
  const { length } = base32.decode(text) ?? []
  return length !== undefined && length >= minHashBytes && length <= 32
}

const rootText = ({ nodesRoot, linksRoot, seq }: Omit<TreeRoot, 'signature'>) =>
  `${rootPrefix} e=${nodesRoot} l=${linksRoot} seq=${seq}`

const rootHash = (root: Omit<TreeRoot, 'signature'>) => keccak256(utf8ToBytes(rootText(root)))

const isSignedBy = (root: TreeRoot, publicKey: Uint8Array) =>
  root.signature.length === 65 && verifySignature(rootHash(root), root.signature.subarray(0, 64), publicKey)

/** geth keeps it in 64 bits. */
const maxSeq = 2n ** 64n

/** The text is no list, or not the one that was signed: the fault of its author, or of the DNS server. */
export class TreeError extends Error {
  override readonly name = 'TreeError'
}
