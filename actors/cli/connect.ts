import type { Command } from 'commander'
import { dial } from '../harness/dial.ts'
import type { ScriptedPeer } from '../harness/scripted-peer.ts'
import type { ProbeOptions, ProbeReport, ProbeStep } from '../probe/probe.ts'
import { judge } from '../probe/verdict.ts'
import { printJson } from '../rpc/json/print.ts'
import { toDialable, toDuration } from './arguments.ts'
import { addInspecting, type InspectOptions } from './inspecting.ts'
import type { Io } from './io.ts'
import { ProbeReporter, reportJson } from './probe-reporter.ts'
import { addProbing, failed, type ProbingOptions, probeNode, toProbe } from './probing.ts'

type ConnectOptions = ProbingOptions & InspectOptions & { readonly for?: number }

export function addConnect(command: Command, io: Io): void {
  addInspecting(addProbing(command))
    .argument('<node>', 'enode URL or node record', toDialable)
    .option('--for <time>', 'stay connected for so long, and tell why it ended if it did', toDuration)
    .action((node: string, options: ConnectOptions) => connect(node, options, io))
}

async function connect(node: string, options: ConnectOptions, io: Io): Promise<void> {
  await using setup = await toProbe(options, io)
  const { view, peer: given } = setup
  await using peer = dial(node, given)
  const follow = (options: ProbeOptions) => probeNode(node, peer, options)
  await tellOf(peer, { ...options, ...view, node, follow }, io)
}

type Telling = Pick<ConnectOptions, 'timeout' | 'json' | 'explain' | 'for'> &
  Pick<ProbeOptions, 'chain' | 'now'> & {
    readonly node: string
    readonly follow: (options: ProbeOptions) => Promise<ProbeReport>
  }

/** Follows `peer`, prints what comes of it, and stays with it if that was asked for. @throws {CommandFailed} */
export async function tellOf(peer: ScriptedPeer, options: Telling, io: Io): Promise<void> {
  const { chain, now, timeout, json, explain, node, follow } = options
  const reporter = new ProbeReporter(io.stdout, { quiet: json })
  const steps: ProbeStep[] = []
  const first = await follow({
    ...{ chain, now, timeout },
    step: (step) => {
      steps.push(step)
      reporter.step(step)
    },
  })
  const report = first.outcome === 'ok' && options.for !== undefined ? await stay(peer, first, options.for) : first
  if (json) io.stdout.write(`${printJson(reportJson(node, peer, report, steps))}\n`)
  else if (explain) reporter.explain(peer, report)
  if (report.outcome !== 'ok') throw failed(report)
}

async function stay(peer: ScriptedPeer, report: ProbeReport, time: number): Promise<ProbeReport> {
  await peer.listen(time)
  return peer.isClosed ? { ...report, ...judge(peer, undefined, time) } : report
}
