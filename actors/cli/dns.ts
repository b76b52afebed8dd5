import { type Command, InvalidArgumentError, Option } from 'commander'
import {
  formatLink,
  linkOf,
  parseLink,
  signTree,
  TreeError,
  type TreeLink,
  toTxt,
} from '../../protocols/dnsdisc/tree.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import { hexToBytes } from '../../protocols/lib/bytes.ts'
import { isPrivateKey } from '../../protocols/lib/secp256k1.ts'
import { DnsClient } from '../discovery/dns/dns-client.ts'
import { dnsLookup, reachableServers, serverAddress, systemServers } from '../discovery/dns/txt-lookup.ts'
import { processClock } from '../runtime/process-runtime.ts'
import { toDuration, toWhole } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import { readText } from './given-file.ts'
import type { Io } from './io.ts'
import { decryptKey, KeystoreError } from './keystore.ts'
import { formatJson, writeText } from './node-set.ts'
import {
  directoryName,
  readDefinition,
  signedTree,
  type TreeDefinition,
  writeInfo,
  writeNodes,
} from './tree-definition.ts'
import { within } from './within.ts'

type SyncOptions = {
  readonly resolver?: readonly string[]
  readonly host: string
  readonly timeout: number
  readonly rate: number
  readonly for?: number
  readonly json: boolean
}
type SignOptions = {
  readonly domain?: string
  readonly seq?: bigint
  readonly password?: string
  readonly json: boolean
}

/** geth's `devp2p dns`: lists of nodes as DNS has them (EIP-1459). */
export function addDns(dns: Command, io: Io): void {
  dns
    .command('sync')
    .description(
      'read a list of nodes from DNS, its signature checked, into a directory; of one that is there, what is new',
    )
    .argument('<url>', 'enrtree://<key>@<domain>', toLink)
    .argument('[directory]', 'for enrtree-info.json and nodes.json (default: the domain)')
    .option(
      '--resolver <address>',
      'DNS server, as 127.0.0.1:5353; may be given again (default: of the system)',
      addServer,
    )
    .option('--host <address>', 'address to ask from; 0.0.0.0 lets questions leave this machine', toIp, '127.0.0.1')
    .addOption(
      new Option('--timeout <time>', 'how long each question may take').argParser(toDuration).default(5_000, '5s'),
    )
    .option('--rate <number>', 'questions a second, for long', (text) => toWhole(text, 1, 10_000), 3)
    .option('--for <time>', 'give up after this time', toDuration)
    .option('--json', 'print JSON', false)
    .action((link: TreeLink, directory: string | undefined, options: SyncOptions) => sync(link, directory, options, io))
  dns
    .command('sign')
    .description('sign the list of a directory, with the next sequence number')
    .argument('<directory>', 'with nodes.json, and enrtree-info.json when it was signed before')
    .argument('<key>', 'a file: a key in hex, or a keystore file of geth')
    .option('--domain <name>', "of the list (default: as before, or the directory's name)")
    .option('--seq <number>', 'sequence number (default: one more)', toSeq)
    .option('--password <file>', 'with the password of a keystore file (default: the first line of standard input)')
    .option('--json', 'print JSON', false)
    .action((directory: string, key: string, options: SignOptions) => sign(directory, key, options, io))
  dns
    .command('to-txt')
    .description('print the DNS TXT records of a list that is signed, as JSON')
    .argument('<directory>')
    .argument('[file]', 'to write to', '-')
    .action((directory: string, file: string) => toTxtFile(directory, file, io))
}

/** @throws {TreeError} {DnsLookupFailed} {CommandFailed} */
async function sync(link: TreeLink, given: string | undefined, options: SyncOptions, io: Io): Promise<void> {
  const { host, timeout, rate, json } = options
  const servers = serversFor(options.resolver ?? systemServers(), host)
  const directory = given ?? link.domain
  const client = new DnsClient({ lookUpTxt: dnsLookup({ servers, host, timeout }), clock: processClock, rate })
  const before = await readDefinition(directory).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  })
  const known = before && signTree(before, anyKey).entries
  const report = (entries: number) => {
    if (entries % 100 === 0) io.stderr.write(`${entries} entries read\n`)
  }
  // A part of a list is none: nothing is written before it is whole.
  const { tree, records, links, fetched } = await within(
    client.sync(link, { ...(known && { known }), report }),
    { time: options.for, late: 'the list was not read in that time' },
    io,
  )
  await writeInfo(directory, link, tree, links.map(formatLink), io.now())
  await writeNodes(directory, records)
  const summary = { directory, seq: Number(tree.root.seq), nodes: records.length, links: links.length, fetched }
  io.stdout.write(
    json
      ? `${JSON.stringify(summary)}\n`
      : `${records.length} nodes and ${links.length} links, sequence number ${tree.root.seq}, in ${directory}; ${fetched} entries were new\n`,
  )
}

/** @throws {TreeError} {KeystoreError} {NodeSetError} and the system's error */
async function sign(directory: string, keyFile: string, options: SignOptions, io: Io): Promise<void> {
  const definition = await readDefinition(directory)
  const domain = options.domain ?? definition.link?.domain ?? directoryName(directory)
  const key = await readKey(keyFile, options, io)
  const list: TreeDefinition = { ...definition, seq: options.seq ?? definition.seq + 1n }
  const link = linkOf(domain, key)
  await writeInfo(directory, link, signTree(list, key), list.links, io.now())
  const url = formatLink(link)
  io.stdout.write(options.json ? `${JSON.stringify({ url, seq: Number(list.seq) })}\n` : `${url}\n`)
}

async function toTxtFile(directory: string, file: string, io: Io): Promise<void> {
  const { link, ...tree } = signedTree(directory, await readDefinition(directory))
  await writeText(file, formatJson(Object.fromEntries(toTxt(tree, link.domain))), io)
}

/** @throws {KeystoreError} and the system's error */
async function readKey(path: string, { password: file }: SignOptions, io: Io): Promise<Uint8Array> {
  const text = await readText(path, maxKeyBytes)
  if (/^[0-9a-f]{64}\s*$/i.test(text)) {
    const key = hexToBytes(text.trim())
    if (isPrivateKey(key)) return key
    throw new KeystoreError(`${path}: the digits are no valid key`)
  }
  try {
    return await decryptKey(text, () => readPassword(file, io))
  } catch (cause) {
    if (cause instanceof KeystoreError) throw new KeystoreError(`${path}: ${cause.message}`, { cause })
    throw cause
  }
}

async function readPassword(file: string | undefined, io: Io): Promise<string> {
  const text = file === undefined ? await firstLine(io.stdin) : await readText(file, maxKeyBytes)
  return text.replace(/\r?\n[\s\S]*$/, '')
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += chunk.toString()
    if (text.includes('\n') || text.length > maxKeyBytes) break
  }
  return text
}

const maxKeyBytes = 65_536
/** The hashes of a tree do not depend on who signs it. */
const anyKey = new Uint8Array(32).fill(1)

/** @throws {CommandFailed} none may be asked */
function serversFor(servers: readonly string[], host: string): readonly string[] {
  const reachable = reachableServers(servers, host)
  if (reachable.length > 0) return reachable
  throw new CommandFailed(
    'no DNS server is on this machine, and --host keeps questions on it; --host 0.0.0.0 opens it',
    1,
  )
}

function addServer(text: string, others: readonly string[] = []): readonly string[] {
  const port = /:(\d{1,5})$/.exec(text)?.[1]
  const isServer = parseIp(serverAddress(text)) && (port === undefined || parseIp(text) || Number(port) <= 65_535)
  if (isServer) return [...others, text]
  throw new InvalidArgumentError('Want an IP address, and a port behind a colon if it is not 53.')
}

function toIp(text: string): string {
  if (parseIp(text)) return text
  throw new InvalidArgumentError('Want an IP address.')
}

function toSeq(text: string): bigint {
  const seq = /^\d{1,20}$/.test(text) ? BigInt(text) : 2n ** 64n
  if (seq < 2n ** 64n) return seq
  throw new InvalidArgumentError('Want a whole number below 2^64.')
}

function toLink(text: string): TreeLink {
  try {
    return parseLink(text)
  } catch (error) {
    if (error instanceof TreeError) throw new InvalidArgumentError(`Want enrtree://<key>@<domain>: ${error.message}.`)
    throw error
  }
}
