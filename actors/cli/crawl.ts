import { rename, writeFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { NetworkName } from '../../protocols/chain/networks.ts'
import { networkNames } from '../../protocols/chain/networks.ts'
import { type CrawledNode, Crawler, type DialReport } from '../crawler/crawler.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { dial } from '../scripted-peer/dial.ts'
import { toDuration, toWhole } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import {
  addDiscoveryOptions,
  type DiscoveryOptions,
  nodeText,
  openEndpoint,
  type Versions,
} from './discovery-options.ts'
import type { Io } from './io.ts'
import { formatNodeSet, type NodeSet, readNodeSet } from './node-set.ts'
import { type PeerOptions, probeNode, toProbe } from './probing.ts'
import { interruption } from './signals.ts'

type CrawlOptions = DiscoveryOptions & {
  readonly timeout: number
  readonly parallel: number
  readonly rate: number
  readonly recheck: number
  readonly dial: boolean
  readonly all: boolean
  readonly network?: NetworkName
  readonly genesis?: string
}

/** geth's `devp2p discv4 crawl`, with the reason of each node. */
export function addCrawl(command: Command, versions: Versions, io: Io): void {
  addDiscoveryOptions(command)
    .description('find nodes, ask each for its record, dial it, and keep what came of it in a file')
    .argument('<file>', "a nodes.json as geth's, which the crawl goes on from")
    .addOption(new Option('--timeout <time>', 'end after this time').argParser(toDuration).default(1_800_000, '30m'))
    .option('--parallel <number>', 'nodes at a time', (text) => toWhole(text, 1, 256), 16)
    .option('--rate <number>', 'nodes a second, at most', (text) => toWhole(text, 1, 10_000), 100)
    .addOption(
      new Option('--recheck <time>', 'leave out nodes that were checked within')
        .argParser(toDuration)
        .default(600_000, '10m'),
    )
    .option('--no-dial', 'ask for records alone: of no node a reason but of those that are silent')
    .option('--all', 'keep nodes that never answered, too', false)
    .addOption(
      new Option('--network <name>', 'be a node of this network (default: of whatever chain the other is on)')
        .choices([...networkNames])
        .conflicts('genesis'),
    )
    .option('--genesis <file>', 'or of the chain of a geth genesis.json')
    .action((file: string, options: CrawlOptions) => crawl(file, options, versions, io))
}

/** @throws {NodeSetError} {CommandFailed} and the system's error */
async function crawl(file: string, options: CrawlOptions, versions: Versions, io: Io): Promise<void> {
  const known = await knownNodes(file)
  const { bootnodes = [], parallel, rate, recheck, json } = options
  if (known.size + bootnodes.length === 0)
    throw new CommandFailed('no node to begin with: name some with --bootnodes, or a file that has some', 1)
  const { endpoint, runtime } = await openEndpoint(options, versions)
  await using _endpoint = endpoint
  const judge = options.dial ? await dialer(options, io) : undefined
  await using _judge = judge?.setup
  const crawler = new Crawler(runtime, { endpoint, known, bootnodes, parallel, rate, recheck, dial: judge?.dial })
  const keep = () => save(file, kept(crawler.nodes, options.all))
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1_000
  const report = () => {
    const { seen, asked, answered } = crawler.progress
    io.stderr.write(`${answered} of ${asked} nodes answered, ${seen} seen, ${(asked / seconds()).toFixed(1)} nodes/s\n`)
  }
  const ticker = setInterval(() => {
    report()
    keep().catch(() => {}) // the last is the one that counts
  }, saveInterval)
  const over = setTimeout(() => crawler.stop(), options.timeout)
  let wasInterrupted = false
  void interruption(io).then(() => {
    wasInterrupted = true
    crawler.stop()
  })
  try {
    await crawler.run()
  } finally {
    clearInterval(ticker)
    clearTimeout(over)
  }
  await keep()
  const nodes = kept(crawler.nodes, options.all)
  const summary = {
    ...{ ...crawler.progress, kept: nodes.size, seconds: Number(seconds().toFixed(3)) },
    rate: Number((crawler.progress.asked / seconds()).toFixed(1)),
    reasons: countReasons(crawler.nodes),
  }
  io.stdout.write(json ? `${JSON.stringify(summary)}\n` : toText(summary))
  if (wasInterrupted) throw new CommandFailed('interrupted; the same command goes on from the file', 130)
}

/** How often the file is written while it goes on. */
const saveInterval = 8_000

async function knownNodes(file: string): Promise<NodeSet> {
  return readNodeSet(file).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  })
}

/** geth keeps who has answered; what is in its files can be signed as a list. */
function kept(nodes: NodeSet, isAll: boolean): NodeSet {
  return isAll ? nodes : new Map([...nodes].filter(([, { lastResponse, score }]) => lastResponse > 0 && score > 0))
}

/** All of it or nothing: a crawl that is killed goes on from what was written before. */
async function save(file: string, nodes: NodeSet): Promise<void> {
  const text = formatNodeSet(nodes)
  if (file === '/dev/stdout') return writeFile(file, text)
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

/** What a dial comes to is what `connect` says of the node. */
async function dialer(options: CrawlOptions, io: Io) {
  const probing = { ...options, timeout: dialTimeout } as unknown as PeerOptions
  const setup = await toProbe(probing, io)
  const { view, peer: given } = setup
  const dialNode = async (node: DiscoveredNode): Promise<DialReport> => {
    if (node.tcp === 0) return { reason: 'no-tcp', cause: 'its record names no TCP port' }
    const text = nodeText(node)
    await using peer = dial(text, given)
    const { outcome, cause, hello } = await probeNode(text, peer, { ...view, timeout: dialTimeout, step: () => {} })
    return { reason: outcome, cause, ...(hello && { client: hello.name }) }
  }
  return { dial: dialNode, setup }
}

/** ms of each step, as of `connect`. */
const dialTimeout = 5_000

function countReasons(nodes: ReadonlyMap<string, CrawledNode>): Record<string, number> {
  const counts = new Map<string, number>()
  for (const { reason, lastCheck } of nodes.values())
    if (lastCheck > 0) counts.set(reason ?? 'answered', (counts.get(reason ?? 'answered') ?? 0) + 1)
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a))
}

function toText(summary: {
  answered: number
  asked: number
  kept: number
  seconds: number
  rate: number
  reasons: Record<string, number>
}): string {
  const reasons = Object.entries(summary.reasons).map(([reason, count]) => `  ${reason}: ${count}\n`)
  return `${summary.answered} of ${summary.asked} nodes answered in ${summary.seconds} s, ${summary.rate} nodes/s; ${summary.kept} are kept\n${reasons.join('')}`
}
