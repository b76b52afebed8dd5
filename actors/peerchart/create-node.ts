import { resolve } from 'node:path'
import { forkTable } from '../../protocols/chain/fork-table.ts'
import { type Genesis, parseGenesis } from '../../protocols/chain/genesis.ts'
import { network } from '../../protocols/chain/networks.ts'
import { toEnode } from '../../protocols/enode/enode.ts'
import { parseNat } from '../../protocols/enode/nat.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { ethVersions } from '../../protocols/eth/versions.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { Chain } from '../chain/chain.ts'
import { loadGenesis } from '../chain/load-genesis.ts'
import { LocalNode } from '../discovery/local-node.ts'
import { NodeDatabase } from '../discovery/node-database.ts'
import type { Executor } from '../execution/executor.ts'
import { KeyLogFile } from '../keylog/key-log-file.ts'
import { type Logger, silent } from '../log/log.ts'
import { type InstancePaths, instancePaths, reportLegacyFiles } from '../node/instance.ts'
import { resolveNodeKey } from '../node/node-key.ts'
import { clientName } from '../p2p/client-name.ts'
import type { Protocol } from '../p2p/protocol.ts'
import { Recorder } from '../recording/recorder.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Bug, Runtime } from '../runtime/runtime.ts'
import { FairScheduler } from '../runtime/scheduler.ts'
import { reportBug, supervised } from '../runtime/supervision.ts'
import { TimeSlicer } from '../runtime/time-slicer.ts'
import { checkOptions, NodeOptionError } from './node-option-error.ts'
import type { NodeOptions } from './node-options.ts'
import { type NodeParts, PeerchartNode } from './peerchart-node.ts'

/**
 * Makes a node: its chain is open and its key known, but nothing listens and nothing is dialed before `start`.
 * @throws (rejects) {NodeOptionError} {InvalidGenesis} {NodeKeyError} {DatabaseLocked} {CorruptDatabase} {WrongGenesis} {EnodeError} {NetlistError} {NatError}
 */
export async function createNode(options: NodeOptions = {}): Promise<PeerchartNode> {
  checkOptions(options)
  const runtime = supervised(processRuntime(options.runtime), (bug) => (node ? node.supervise(bug) : early.push(bug)))
  const early: Bug[] = []
  let node: PeerchartNode | undefined
  const datadir = options.datadir === undefined ? undefined : resolve(options.datadir)
  const staticNodes = (options.peers ?? []).map(parseNode)
  const trustedNodes = (options.trusted ?? []).map(parseNode)
  const nat = parseNat(options.nat ?? 'any')
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
  const scheduler = new FairScheduler(runtime.clock, runtime.defer)
  const executor = options.execute
    ? await openExecutor(runtime, { genesis, instance, failed: (error) => node?.fail(error), log })
    : undefined
  const chain = await Chain.open({
    genesis,
    slicer: new TimeSlicer(scheduler),
    ...(id !== undefined && { networkId: id }),
    ...(instance && { directory: instance.chaindata }),
    ...(executor && { execution: executor, catchingUp: catchUpReporter(log), cutOff: cutOffReporter(log) }),
    readerCrashed: (error) => reportBug(runtime, { actor: 'heads', error, ends: 'reader' }),
  }).catch(async (error: unknown) => {
    await executor?.close()
    throw error
  })
  let recorder: Recorder | undefined
  let keyLog: KeyLogFile | undefined
  let database: NodeDatabase | undefined
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
      new (await import('../metrics/node-metrics.ts')).NodeMetrics(runtime, options.metrics, {
        chain,
        protocols: [...(options.ethVersions ?? ethVersions).map((one) => `eth/${one}`), ...capsOf(options.protocols)],
        log,
      })
    const { clock, wallClock: now } = runtime
    const nodes = options.discovery && instance?.nodes
    database = await NodeDatabase.open({ directory: nodes, clock, now, log })
    const localNode = await LocalNode.open({ privateKey, store: database, clock, now: now() })
    if (nat.kind === 'extip') localNode.setStaticIp(nat.ip)
    const pool =
      executor &&
      new (await import('../pool/tx-pool.ts')).TxPool(runtime, {
        ...{ chain, states: executor, log: log.getSubLogger({ name: 'txpool' }) },
        slicer: new TimeSlicer(scheduler, (error) => reportBug(runtime, { actor: 'txpool', error, ends: 'node' })),
        ...(instance && { journal: instance.transactions, blobs: instance.blobs }),
      })
    const watchers = { executor, pool, recorder, metrics, keyLog, chaindata: instance?.chaindata }
    const parts = { staticNodes, trustedNodes, database, localNode, ...watchers }
    node = new PeerchartNode(runtime, options, { name, privateKey, chain, scheduler, ...parts })
    if (early[0]) throw early[0].error
    return node
  } catch (error) {
    keyLog?.close()
    await database?.close()
    await recorder?.close()
    await executor?.close()
    await chain.close()
    throw error
  }
}

/** Only a node that executes loads what that takes. */
async function openExecutor(runtime: Runtime, { genesis, instance, failed, log }: OpenExecutor): Promise<Executor> {
  if (!genesis.alloc)
    throw new NodeOptionError('execute needs a genesis with its accounts: the built-in networks have none')
  const { Executor } = await import('../execution/executor.ts')
  const before = runtime.clock.now()
  const directories = instance && { directory: instance.states, syncDirectory: instance.stateSync }
  const executor = await Executor.open(runtime, { genesis, failed, ...directories })
  log.info('Opened states', { blocks: [...executor.states()].length, ms: Math.round(runtime.clock.now() - before) })
  return executor
}

type OpenExecutor = {
  readonly genesis: Genesis
  readonly instance: InstancePaths | undefined
  readonly failed: (error: Error) => void
  readonly log: Logger
}

const catchUpReporter = (log: Logger) => (left: bigint) =>
  left === 0n ? log.info('Executed the blocks that were there') : log.info('Executing blocks that are there', { left })

/** Before the first actor: one that lives already cannot be replayed. */
async function startRecording(
  { file, maxBytes }: NonNullable<NodeOptions['record']>,
  { feed, clock }: Runtime,
  { name, privateKey, chain, log }: Pick<NodeParts, 'name' | 'privateKey' | 'chain'> & { readonly log: Logger },
): Promise<Recorder> {
  const { id } = toEnode(publicKeyOf(privateKey))
  const recorder = await Recorder.open(file, {
    ...{ client: name, nodes: [{ id }], forks: forkTable(chain.config, chain.genesis), clock, log },
    ...(maxBytes !== undefined && { maxBytes }),
  })
  recorder.follow(feed)
  return recorder
}

async function chainOf({
  genesis,
  network: name,
  log = silent,
}: NodeOptions): Promise<{ genesis: Genesis; networkId?: bigint }> {
  if (typeof genesis === 'string') {
    const twice = (names: readonly string[]) =>
      log.warn('The genesis gives names twice: the last value counts', { file: genesis, names: names.join(' ') })
    return { genesis: await loadGenesis(genesis, twice) }
  }
  if (genesis !== undefined) return { genesis: parseGenesis(JSON.stringify(genesis)) }
  return network(name ?? 'mainnet')
}

const cutOffReporter = (log: Logger) => (why: Error) =>
  log.warn('The chain ends before a block that was there, and is bad', { err: why.message })

const capsOf = (protocols: readonly Protocol[] = []) => protocols.map(({ name, version }) => `${name}/${version}`)
