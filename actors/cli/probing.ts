import { type Command, Option } from 'commander'
import { type NetworkName, network, networkNames } from '../../protocols/chain/networks.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { loadGenesis } from '../chain/load-genesis.ts'
import type { Inspector } from '../inspector/inspector.ts'
import { KeyLogFile } from '../keylog/key-log-file.ts'
import { createLogger } from '../log/log.ts'
import { readNodeKey } from '../node/node-key.ts'
import { clientName } from '../p2p/client-name.ts'
import { type ProbeOptions, type ProbeReport, probe, probeStatus } from '../probe/probe.ts'
import type { ProbedChain } from '../probe/probed-chain.ts'
import { speaksTls } from '../probe/tls-check.ts'
import { exitCodes, type Outcome, outcomeLabels, type Verdict } from '../probe/verdict.ts'
import { Recorder } from '../recording/recorder.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Runtime, Supervisor } from '../runtime/runtime.ts'
import { lineOfBug, publishBug, stackOf, supervised } from '../runtime/supervision.ts'
import { dial } from '../scripted-peer/dial.ts'
import type { ScriptedPeer, ScriptedPeerOptions } from '../scripted-peer/scripted-peer.ts'
import { toDuration, toNetworkId } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import { type InspectOptions, openInspector } from './inspecting.ts'
import type { Io } from './io.ts'
import { ProbeReporter } from './probe-reporter.ts'
import { addOptions, type ValuesOf } from './setting.ts'
import { watching } from './settings.ts'
import { onSignals } from './signals.ts'

/** Whose node we are when we dial. */
export type PeerOptions = {
  readonly network?: NetworkName
  readonly genesis?: string
  readonly networkid?: bigint
  readonly nodekey?: string
  /** ms */
  readonly timeout: number
} & ValuesOf<typeof watching>

/** What every command takes that asks one node. */
export type ProbingOptions = PeerOptions & { readonly json: boolean; readonly explain: boolean }

/** Adds the options of {@link ProbingOptions}. */
export const addProbing = (command: Command): Command =>
  addPeerOptions(command)
    .option('--json', 'print JSON', false)
    .option('--explain', 'print the states of the connection, all that was said, and the cause of its end', false)

/** Adds the options of {@link PeerOptions}, and what the exit status says. */
export const addPeerOptions = (command: Command): Command =>
  addTalk(command)
    .addOption(
      new Option('--network <name>', 'be a node of a public network (default: of whatever chain the other is on)')
        .choices([...networkNames])
        .conflicts('genesis'),
    )
    .option('--genesis <file>', "be a node of the chain of a geth genesis.json, with its chain's id for network id")
    .option('--networkid <id>', 'network id of that chain, when it is another', toNetworkId)
    .option('--nodekey <file>', 'our key: 64 hex digits (default: a fresh one)')
    .addHelpText('after', exitStatusHelp)

/** Adds what bounds and what records the talk with a node. */
export const addTalk = (command: Command): Command =>
  addOptions(
    command.addOption(
      new Option('--timeout <time>', 'how long each step may take').argParser(toDuration).default(5_000, '5s'),
    ),
    watching,
  )

export const exitStatusHelp = `
Exit status:
${Object.entries({ ...outcomeLabels })
  .map(([outcome, label]) => `  ${`${exitCodes[outcome as Outcome]}`.padEnd(4)}${outcome.padEnd(15)}${label}`)
  .join('\n')}
  1   ${'usage'.padEnd(15)}the command line is wrong`

/** @throws {InvalidGenesis} {CommandFailed} @returns the chain whose node we are to be */
async function toChain(
  { network: name, genesis: path, networkid }: PeerOptions,
  io: Io,
): Promise<ProbedChain | undefined> {
  const chain = name === undefined ? path && (await readChain(path, io)) : network(name)
  if (!chain && networkid !== undefined)
    throw new CommandFailed('--networkid is of a chain: name that with --network or --genesis', 1)
  return chain ? { ...chain, ...(networkid !== undefined && { networkId: networkid }) } : undefined
}

async function readChain(path: string, { stderr }: Io): Promise<ProbedChain> {
  const genesis = await loadGenesis(path, (names) =>
    stderr.write(`warning: ${path} gives ${names.join(', ')} twice: the last value counts\n`),
  )
  return { name: path, networkId: genesis.config.chainId, genesis }
}

/** Whose node we are to be, and the peer that plays it. Disposing of it ends the recording. */
export type ProbeSetup = AsyncDisposable & {
  readonly view: Pick<ProbeOptions, 'chain' | 'now'>
  readonly peer: ScriptedPeerOptions
  readonly runtime: Runtime
}

/** @throws {NodeKeyError} {InvalidGenesis} {InspectorFailed} and the system's error: the recording cannot be written */
export async function toProbe(
  options: PeerOptions & Partial<InspectOptions & ProbingOptions>,
  io: Io,
): Promise<ProbeSetup> {
  const view = { chain: await toChain(options, io), now: () => BigInt(Math.floor(io.now() / 1000)) }
  const world = processRuntime()
  const supervisor = supervisorOf(world, options.explain === true, io)
  const runtime = supervised(world, supervisor)
  const privateKey = options.nodekey === undefined ? runtime.entropy(32) : await readNodeKey(options.nodekey)
  const inspector = await inspectProbe(runtime, publicKeyOf(privateKey), view.chain, options, io)
  const recorder = await openRecorder(options, io)
  recorder?.follow(runtime.feed)
  const keyLog =
    options.keylog === undefined
      ? undefined
      : new KeyLogFile(options.keylog, ({ message }) =>
          io.stderr.write(`warning: the key log cannot be written, and ends here: ${message}\n`),
        )
  if (keyLog) io.stderr.write('warning: session keys are written to a file that decrypts the traffic\n')
  return {
    ...{ view, runtime },
    peer: {
      ...{ timeout: options.timeout, status: probeStatus(view), runtime, privateKey },
      ...(keyLog && { keyLog: keyLog.write }),
    },
    [Symbol.asyncDispose]: async () => {
      await inspector?.close()
      await recorder?.close()
      keyLog?.close()
    },
  }
}

/** A bug ends a command that asks one node, with one line; with `--explain` its stack is printed, too. */
const supervisorOf =
  ({ feed }: Runtime, isExplained: boolean, io: Io): Supervisor =>
  (bug) => {
    publishBug(feed, bug)
    if (bug.ends === 'reader') io.stderr.write(`warning: a bug of ours ended ${bug.actor}: ${lineOfBug(bug.error)}\n`)
    if (isExplained) io.stderr.write(`${stackOf(bug.error)}\n`)
  }

/** To standard error: standard output is for what was found. */
function inspectProbe(
  { feed, supervisor }: Runtime,
  publicKey: Uint8Array,
  chain: ProbedChain | undefined,
  { inspect, inspectStately = false }: Partial<InspectOptions>,
  io: Io,
): Promise<Inspector | undefined> {
  const genesis = chain && { config: chain.genesis.config, genesis: chain.genesis.header }
  const supervise = supervisor && { supervise: supervisor }
  const probe = {
    feed,
    ...supervise,
    id: bytesToHex(nodeIdOf(publicKey)),
    name: clientName(),
    ...(genesis && { chain: genesis }),
  }
  return openInspector(
    probe,
    { inspectStately, ...(inspect !== undefined && { inspect }) },
    {
      page: (url) => io.stderr.write(`watch it in a browser: ${url}\n`),
      tools: (url) => io.stderr.write(`tools for @statelyai/inspect attach at ${url}\n`),
    },
  )
}

async function openRecorder({ record, recordMax }: PeerOptions, { stderr }: Io): Promise<Recorder | undefined> {
  if (record === undefined) return undefined
  const log = createLogger({ stream: stderr })
  return Recorder.open(record, { client: clientName(), maxBytes: recordMax, log })
}

/** An interruption hangs up: what waits for the peer fails at once, and all is ended in order. Disposing of it undoes that. */
export const hangUpOnSignals = (peer: ScriptedPeer, io: Io): Disposable => onSignals(io, () => peer.close())

/**
 * Dials `node` as far as a session, for `use`; whatever comes of it, the connection is closed behind it.
 * @param caps what is offered; eth alone when left out
 * @throws {CommandFailed}
 */
export async function withPeer(
  node: string,
  options: ProbingOptions,
  io: Io,
  use: (peer: ScriptedPeer) => Promise<void>,
  caps?: ScriptedPeerOptions['caps'],
): Promise<void> {
  await using setup = await toProbe(options, io)
  const { view, peer: given } = setup
  const reporter = new ProbeReporter(io.stdout, { quiet: !options.explain || options.json })
  await using peer = dial(node, { ...given, ...(caps && { caps }) })
  using _signals = hangUpOnSignals(peer, io)
  const report = await probeNode(node, peer, { ...view, timeout: options.timeout, step: (step) => reporter.step(step) })
  let verdict: Verdict = report
  try {
    if (report.outcome !== 'ok') throw failed(report)
    await use(peer)
  } catch (error) {
    if (error instanceof ProbeFailed) {
      verdict = error.verdict
      if (options.json) printVerdict(node, verdict, io)
    }
    throw error
  } finally {
    if (options.explain && !options.json) reporter.explain(peer, verdict)
  }
}

/** As {@link probe}, and asks what is there that is no node. */
export async function probeNode(node: string, peer: ScriptedPeer, options: ProbeOptions): Promise<ProbeReport> {
  return unmask(node, peer, await probe(peer, options), options.timeout)
}

/** @returns `verdict`, with what is there where it is no node and kept that to itself */
export async function unmask<V extends Verdict>(
  node: string,
  { opening }: ScriptedPeer,
  verdict: V,
  timeout: number,
): Promise<V> {
  const isMute = verdict.outcome === 'not-devp2p' && opening.length === 0
  if (!isMute || !(await speaksTls(parseNode(node), timeout))) return verdict
  return { ...verdict, cause: 'what is there speaks TLS, not RLPx' }
}

/** For a program that asked for JSON, and gets nothing else. */
export const printVerdict = (enode: string, { outcome, cause }: Verdict, io: Io): void =>
  void io.stdout.write(`${JSON.stringify({ enode, outcome, cause })}\n`)

export const failed = ({ outcome, cause }: Verdict, advice?: string): ProbeFailed =>
  new ProbeFailed({ outcome, cause }, advice)

/** The node, or what is there in its place, would not. */
class ProbeFailed extends CommandFailed {
  readonly verdict: Verdict

  constructor(verdict: Verdict, advice: string = advices[verdict.outcome]) {
    super([verdict.cause, advice].filter(Boolean).join('; '), exitCodes[verdict.outcome])
    this.verdict = verdict
  }
}

const advices: Readonly<Record<Outcome, string>> = {
  ok: '',
  unreachable: 'see that the node runs, and that the enode has its host and port',
  'not-devp2p': 'see that the enode has the port and the key of the node',
  silent: 'try again, or give it longer with --timeout',
  incompatible: 'name a node that speaks eth',
  full: 'try again later, or have it trust us: --nodekey keeps our identity',
  'other-network': 'name its chain with --network or --genesis, or only its id with --networkid',
  'stale-fork': 'its client or its genesis needs an update',
  dropped: '`connect --explain` shows all that was said',
  bug: 'please report it; `--explain` prints its stack',
  absent: 'ask for another, or another node',
  interrupted: '',
}
