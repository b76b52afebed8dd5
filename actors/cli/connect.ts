import type { Command } from 'commander'
import type { ProbeOptions, ProbeReport, ProbeStep } from '../probe/probe.ts'
import { judge } from '../probe/verdict.ts'
import { printJson } from '../rpc/json/print.ts'
import { dial } from '../scripted-peer/dial.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { longestTime, toDialable, toDuration } from './arguments.ts'
import { addInspecting, type InspectOptions, isInspected } from './inspecting.ts'
import type { Io } from './io.ts'
import { ProbeReporter, reportJson } from './probe-reporter.ts'
import { addProbing, failed, hangUpOnSignals, type ProbingOptions, probeNode, toProbe } from './probing.ts'
import { interruption } from './signals.ts'

type ConnectOptions = ProbingOptions & InspectOptions & { readonly for?: number }

export function addConnect(command: Command, io: Io): void {
  addInspecting(addProbing(command))
    .argument('<node>', 'enode URL or node record', toDialable)
    .option('--for <time>', stayHelp, toDuration)
    .action((node: string, options: ConnectOptions) => connect(node, options, io))
}

export const stayHelp =
  'stay connected for so long, and report why it ended if it did; with --inspect until interrupted'

async function connect(node: string, options: ConnectOptions, io: Io): Promise<void> {
  await using setup = await toProbe(options, io)
  const { view, peer: given } = setup
  await using peer = dial(node, given)
  using _signals = hangUpOnSignals(peer, io)
  const follow = (options: ProbeOptions) => probeNode(node, peer, options)
  await report(peer, { ...options, ...view, node, follow }, io)
}

type Reporting = Pick<ConnectOptions, 'timeout' | 'json' | 'explain' | 'for' | keyof InspectOptions> &
  Pick<ProbeOptions, 'chain' | 'now'> & {
    readonly node: string
    readonly follow: (options: ProbeOptions) => Promise<ProbeReport>
    /** What to do about somebody who is no node. */
    readonly advice?: string
  }

/** Follows `peer`, prints what comes of it, and stays with it if that was asked for. @throws {CommandFailed} */
export async function report(peer: ScriptedPeer, options: Reporting, io: Io): Promise<void> {
  const { chain, now, timeout, json, explain, node, follow, advice } = options
  const reporter = new ProbeReporter(io.stdout, { quiet: json })
  const steps: ProbeStep[] = []
  const first = await follow({
    ...{ chain, now, timeout },
    step: (step) => {
      steps.push(step)
      reporter.step(step)
    },
  })
  const isShown = options.for === undefined && isInspected(options)
  const time = isShown ? longestTime : options.for
  const isToStay = first.outcome === 'ok' && time !== undefined
  const report = isToStay ? await stay(peer, first, { time, timeout }) : first
  if (json) io.stdout.write(`${printJson(reportJson(node, peer, report, steps))}\n`)
  else if (explain) reporter.explain(peer, report)
  if (isShown && !haveWeEnded(peer)) {
    io.stderr.write(`${report.cause}; the page shows it until Ctrl-C\n`)
    await interruption(io)
  }
  if (report.outcome !== 'ok') throw failed(report, report.outcome === 'not-devp2p' ? advice : undefined)
}

/** @param times ms: how long, and how long a Pong may take: a node that says nothing may have stopped answering */
async function stay(
  peer: ScriptedPeer,
  report: ProbeReport,
  { time, timeout }: { readonly time: number; readonly timeout: number },
): Promise<ProbeReport> {
  try {
    for (let left = time; left > 0 && !peer.isClosed; left -= pingInterval) {
      await peer.listen(Math.min(left, pingInterval))
      if (peer.isClosed) break
      peer.send('Ping')
      await peer.expect('Pong', {}, { timeout })
    }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    if (!haveWeEnded(peer)) return { ...report, ...judge(peer, undefined, timeout) }
  }
  const isOver = peer.isClosed && !haveWeEnded(peer) // who interrupts has seen enough
  return isOver ? { ...report, ...judge(peer, undefined, time) } : report
}

/** A Disconnect of theirs is what ended it, whichever side closed the stream. */
const haveWeEnded = ({ end: { by, reason } }: ScriptedPeer) => by === 'us' && reason === undefined

/** ms (geth p2p/peer.go). */
const pingInterval = 15_000
