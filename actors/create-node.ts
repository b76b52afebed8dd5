import { resolve } from 'node:path'
import { toEnode } from '../protocols/enode/enode.ts'
import { type EthVersion, ethVersions } from '../protocols/eth/versions.ts'
import { publicKeyOf } from '../protocols/lib/secp256k1.ts'
import { Chain } from './chain/chain.ts'
import { forkTable } from './chain/fork-table.ts'
import { type Genesis, loadGenesis, parseGenesis } from './chain/genesis.ts'
import { type NetworkName, network } from './chain/networks.ts'
import { clientName } from './client-name.ts'
import { instancePaths, reportLegacyFiles } from './instance.ts'
import { KeyLogFile } from './keylog/key-log-file.ts'
import { type Logger, silent } from './log.ts'
import type { MetricsOptions } from './metrics/node-metrics.ts'
import { resolveNodeKey } from './node-key.ts'
import { checkOptions } from './node-option-error.ts'
import type { Network } from './p2p/connection.ts'
import { parseNode } from './p2p/parse-node.ts'
import type { Protocol } from './p2p/protocol.ts'
import { type NodeParts, PeerchartNode } from './peerchart-node.ts'
import { processRuntime } from './process-runtime.ts'
import { Recorder } from './recording/recorder.ts'
import type { Api } from './rpc/api.ts'
import type { RpcOptions } from './rpc/options.ts'
import type { Runtime } from './runtime.ts'
import { type Bug, reportBug, supervised } from './supervision.ts'

export type NodeOptions = {
  /** Where the node keeps its key and its chain. Without it both live in memory, and nothing is written. */
  readonly datadir?: string
  /** A public network. @default 'mainnet' */
  readonly network?: NetworkName
  /** Another chain: the path of a geth genesis.json, or what such a file holds. Excludes `network`. */
  readonly genesis?: string | object
  /** @default the chain's own */
  readonly networkId?: bigint
  /** 32 bytes. @default the key in `datadir`, made when there is none */
  readonly nodeKey?: Uint8Array
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string
  /** TCP port to listen on, 0 for any free one. @default 30303 */
  readonly port?: number
  /** @default 50 */
  readonly maxPeers?: number
  /**
   * Bytes of what peers and clients of RPC have begun to send and not ended, all together: with more, who holds most of it
   * is hung up on. @default 256 MiB
   */
  readonly maxInputBytes?: number
  /** Dials nobody, not even `peers`: geth's NoDial. @default false */
  readonly noDial?: boolean
  /** enode URLs of nodes to stay connected to. */
  readonly peers?: readonly string[]
  /** enode URLs of nodes let in above `maxPeers`. */
  readonly trusted?: readonly string[]
  /** A word of your own in the client's name. */
  readonly identity?: string
  /** @default all: 72, 71, 70, 69, 68 */
  readonly ethVersions?: readonly EthVersion[]
  /** Milliseconds from one look for new blocks at the peers to the next. @default 3000 */
  readonly headPollInterval?: number
  /** Where JSON-RPC is served. @default nowhere */
  readonly rpc?: RpcOptions
  /** Namespaces of your own, beside the node's. */
  readonly apis?: readonly Api[]
  /** Capabilities of your own, beside eth. */
  readonly protocols?: readonly Protocol[]
  /**
   * A file that the keys of every session are added to, so that a capture of them can be read: whoever has it reads the
   * traffic. @default none
   */
  readonly keyLog?: string
  /** A file that everything the node does is written to, for `replay` and `inspect`; keys are never in it. @default none */
  readonly record?: { readonly file: string; readonly maxBytes?: number }
  /** Another clock, entropy or feed than the process's: for simulations. */
  readonly runtime?: Partial<Runtime>
  /** @default TCP */
  readonly transport?: Network
  readonly log?: Logger
  /** Metrics for Prometheus, on an address of their own. Left out, nothing is counted. */
  readonly metrics?: MetricsOptions
}

/**
 * Makes a node: its chain is open and its key known, but nothing listens and nobody is dialed before `start`.
 * @throws (rejects) {NodeOptionError} {InvalidGenesis} {NodeKeyError} {DatabaseLocked} {CorruptDatabase} {WrongGenesis} {EnodeError}
 */
export async function createNode(options: NodeOptions = {}): Promise<PeerchartNode> {
  checkOptions(options)
  const runtime = supervised(processRuntime(options.runtime), (bug) => (node ? node.supervise(bug) : early.push(bug)))
  const early: Bug[] = []
  let node: PeerchartNode | undefined
  const datadir = options.datadir === undefined ? undefined : resolve(options.datadir)
  const staticNodes = (options.peers ?? []).map(parseNode)
  const trustedNodes = (options.trusted ?? []).map(parseNode)
  const { genesis, networkId } = await chainOf(options)
  const instance = datadir === undefined ? undefined : instancePaths(datadir)
  const { log = silent } = options
  if (instance) await reportLegacyFiles(instance.directory, log)
  const privateKey = await resolveNodeKey({
    nodeKey: options.nodeKey,
    file: instance?.nodekey,
    entropy: runtime.entropy,
  })
  const id = options.networkId ?? networkId
  const chain = await Chain.open({
    genesis,
    ...(id !== undefined && { networkId: id }),
    ...(instance && { directory: instance.chaindata }),
    readerCrashed: (error) => reportBug(runtime, { actor: 'heads', error, ends: 'reader' }),
  })
  let recorder: Recorder | undefined
  let keyLog: KeyLogFile | undefined
  try {
    const name = clientName({ identity: options.identity })
    recorder = options.record && (await startRecording(options.record, runtime, { name, privateKey, chain, log }))
    keyLog =
      options.keyLog === undefined
        ? undefined
        : new KeyLogFile(options.keyLog, (error) =>
            log.warn('The key log cannot be written, and ends here', { file: options.keyLog, err: error.message }),
          )
    const metrics =
      options.metrics &&
      new (await import('./metrics/node-metrics.ts')).NodeMetrics(runtime, options.metrics, {
        chain,
        protocols: [...(options.ethVersions ?? ethVersions).map((one) => `eth/${one}`), ...capsOf(options.protocols)],
        log,
      })
    const watchers = { recorder, metrics, keyLog, chaindata: instance?.chaindata }
    node = new PeerchartNode(runtime, options, { name, privateKey, chain, staticNodes, trustedNodes, ...watchers })
    if (early[0]) throw early[0].error
    return node
  } catch (error) {
    keyLog?.close()
    await recorder?.close()
    await chain.close()
    throw error
  }
}

/** Before the first actor: one that lives already cannot be replayed. */
async function startRecording(
  { file, maxBytes }: NonNullable<NodeOptions['record']>,
  { feed, clock }: Runtime,
  { name, privateKey, chain, log }: Pick<NodeParts, 'name' | 'privateKey' | 'chain'> & { readonly log: Logger },
): Promise<Recorder> {
  const { id } = toEnode(publicKeyOf(privateKey))
  const recorder = await Recorder.open(file, {
    ...{ client: name, nodes: [{ id }], forks: forkTable(chain.config, chain.genesis), log },
    now: () => clock.now(),
    ...(maxBytes !== undefined && { maxBytes }),
  })
  recorder.follow(feed)
  return recorder
}

async function chainOf({ genesis, network: name }: NodeOptions): Promise<{ genesis: Genesis; networkId?: bigint }> {
  if (typeof genesis === 'string') return { genesis: await loadGenesis(genesis) }
  if (genesis !== undefined) return { genesis: parseGenesis(JSON.stringify(genesis)) }
  return network(name ?? 'mainnet')
}

const capsOf = (protocols: readonly Protocol[] = []) => protocols.map(({ name, version }) => `${name}/${version}`)
