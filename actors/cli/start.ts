import { type Command, Option } from 'commander'
import type { NodeOptions, PeerchartNode } from '../create-node.ts'
import { createLogger, type Logger, type Verbosity } from '../log.ts'
import { parseNodeKey, readNodeKey } from '../node-key.ts'
import { logPeers } from '../peer-log.ts'
import { addDialable, addEnode, toDuration, toMaxPeers, toNetworkId, toPort, toVerbosity } from './arguments.ts'
import { ImportInterrupted, importReporter } from './import-progress.ts'
import type { Io } from './io.ts'
import { type Lifetime, watchSignals } from './signals.ts'
import { Tally } from './tally.ts'

type StartOptions = {
  readonly datadir?: string
  readonly genesis?: string
  readonly import?: string
  readonly network?: 'mainnet' | 'sepolia' | 'hoodi'
  readonly networkid?: bigint
  readonly port: number
  readonly host: string
  readonly identity?: string
  readonly nodekey?: string
  readonly nodekeyhex?: string
  readonly peer: readonly string[]
  readonly trusted: readonly string[]
  readonly maxpeers: number
  readonly nodial: boolean
  readonly verbosity: Verbosity
  readonly jsonLogs?: boolean
  readonly for?: number
  readonly summary: boolean
}

export function addStart(program: Command, io: Io): void {
  program
    .command('start')
    .description('run a node until it is interrupted')
    .option('--datadir <dir>', 'where the node keeps its key and its chain (default: in memory, nothing is written)')
    .addOption(new Option('--genesis <file>', "the chain's geth genesis.json").conflicts('network'))
    .option('--import <file>', 'blocks to import first: RLP, one after the other, as geth exports them')
    .addOption(
      new Option('--network <name>', 'a public network (default: mainnet)').choices(['mainnet', 'sepolia', 'hoodi']),
    )
    .option('--networkid <id>', "the network id (default: the chain's own)", toNetworkId)
    .option('--port <number>', 'TCP port to listen on, 0 for any', toPort, 30_303)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--identity <name>', "a word of your own in the client's name")
    .addOption(
      new Option('--nodekey <file>', "the node's key: 64 hex digits (default: nodekey in --datadir)").conflicts(
        'nodekeyhex',
      ),
    )
    .option('--nodekeyhex <digits>', "the node's key itself, for tests: other users of the machine can see it")
    .option('--peer <enode>', 'a node to stay connected to; may be given again', addDialable, [])
    .option('--trusted <enode>', 'a node let in above the limit of peers; may be given again', addEnode, [])
    .option('--maxpeers <number>', 'most peers at a time', toMaxPeers, 50)
    .option('--nodial', 'dial nobody, not even a --peer: they may dial us', false)
    .option('--verbosity <level>', '0 silent, 1 error, 2 warn, 3 info, 4 debug, 5 trace', toVerbosity, 3)
    .option('--json-logs', 'log JSON, one object a line (default: when standard error is no terminal)')
    .option('--for <time>', 'end after this time, as 20s or 5m', toDuration)
    .option('--summary', 'print one line of JSON at the end', false)
    .action((options: StartOptions) => start(options, io))
}

async function start(options: StartOptions, io: Io): Promise<void> {
  const log = createLogger({ verbosity: options.verbosity, json: options.jsonLogs, stream: io.stderr })
  const node = await io.createNode(await toNodeOptions(options, log))
  log.info('Starting peer-to-peer node', { instance: node.name })
  const tally = options.summary ? new Tally([node]) : undefined
  const unlog = logPeers(log, node, { transitions: options.verbosity > 3 })
  const lifetime = watchSignals(io, log)
  try {
    if (options.import !== undefined) await importBlocks(node, options.import, log, lifetime)
    await node.start()
    log.info('Started P2P networking', { self: node.enode })
    await Promise.race([lifetime.end(options.for), node.wait()])
  } finally {
    tally?.close()
    await node.stop()
    unlog()
    lifetime.release()
  }
  if (!tally) return
  const { peers, heads, transitions, errors } = tally
  io.stdout.write(`${JSON.stringify({ enode: node.enode, peers: peers[0], head: heads[0], transitions, errors })}\n`)
}

async function toNodeOptions(options: StartOptions, log: Logger): Promise<NodeOptions> {
  const { datadir, genesis, network, networkid, host, port, maxpeers, nodial, peer, trusted, identity } = options
  const nodeKey = await toNodeKey(options)
  return {
    ...(datadir !== undefined && { datadir }),
    ...(genesis !== undefined && { genesis }),
    ...(network !== undefined && { network }),
    ...(networkid !== undefined && { networkId: networkid }),
    ...(identity !== undefined && { identity }),
    ...(nodeKey && { nodeKey }),
    host,
    port,
    maxPeers: maxpeers,
    noDial: nodial,
    peers: [...peer],
    trusted: [...trusted],
    log,
  }
}

/** Not commander's to parse: it would show the digits with the error. */
async function toNodeKey({ nodekey, nodekeyhex }: StartOptions): Promise<Uint8Array | undefined> {
  if (nodekeyhex !== undefined) return parseNodeKey(nodekeyhex)
  return nodekey === undefined ? undefined : readNodeKey(nodekey)
}

/** @throws {ImportInterrupted} and {ImportError}, in either case what was imported stays */
async function importBlocks(node: PeerchartNode, path: string, log: Logger, lifetime: Lifetime): Promise<void> {
  const progress = importReporter(log)
  const importing = node.importChain(path, (step) => progress.note(step))
  await Promise.race([importing, lifetime.end()])
  if (!lifetime.wasInterrupted) return progress.finish(await importing)
  importing.catch(() => {}) // the database will be closed under it
  throw new ImportInterrupted(node.chain.head.number)
}
