import type { Command } from 'commander'
import { type ProbeOptions, probe } from '../probe/probe.ts'
import { genesisStatus } from '../probe/probed-chain.ts'
import type { Verdict } from '../probe/verdict.ts'
import { listen } from '../scripted-peer/listen.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { longestTime, toDuration, toPort } from './arguments.ts'
import { report, stayHelp } from './connect.ts'
import { addInspecting, type InspectOptions } from './inspecting.ts'
import type { Io } from './io.ts'
import { addProbing, failed, hangUpOnSignals, type ProbingOptions, printVerdict, toProbe } from './probing.ts'

type ListenOptions = ProbingOptions &
  InspectOptions & {
    readonly host: string
    readonly port: number
    readonly wait?: number
    readonly for?: number
  }

export function addListen(command: Command, io: Io): void {
  addInspecting(addProbing(command))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'TCP port to listen on, 0 for any', toPort, 0)
    .option('--wait <time>', 'how long to wait for it (default: until interrupted)', toDuration)
    .option('--for <time>', stayHelp, toDuration)
    .action((options: ListenOptions) => waitForOne(options, io))
}

async function waitForOne(options: ListenOptions, io: Io): Promise<void> {
  await using setup = await toProbe(options, io)
  const { view, peer: given } = setup
  const { host, port } = options
  // geth sends its Status at once; two that each wait for the other's never have any.
  const status = view.chain ? genesisStatus(view.chain, view.now) : given.status
  await using listener = await listen({ ...given, ...(status && { status }), host, port })
  await using peer = listener.accept()
  using _signals = hangUpOnSignals(peer, io)
  // To standard error: standard output is for what was found.
  io.stderr.write(`waiting for a node to dial ${listener.enode}\n`)
  await somebody(peer, listener.enode, options, io)
  const follow = (options: ProbeOptions) => probe(peer, options)
  const advice = 'see that what dials us is a node, and was given the enode that was printed'
  await report(peer, { ...options, ...view, node: listener.enode, follow, advice }, io)
}

/** @throws {CommandFailed} no node came */
async function somebody(
  peer: ScriptedPeer,
  enode: string,
  { wait = longestTime, json }: ListenOptions,
  io: Io,
): Promise<void> {
  try {
    await peer.until('securing', { timeout: wait })
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    if (peer.bug !== undefined) return // it is reported as what comes later is
    const verdict: Verdict = peer.isClosed
      ? { outcome: 'interrupted', cause: 'interrupted before a node dialed' }
      : { outcome: 'silent', cause: `no node dialed us within ${wait} ms` }
    if (json) printVerdict(enode, verdict, io)
    throw failed(verdict, peer.isClosed ? '' : 'give it longer with --wait')
  }
}
