import { type Command, Option } from 'commander'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { QueryFailed } from '../discovery/v4/known-node.ts'
import type { Verdict } from '../probe/verdict.ts'
import { dial } from '../scripted-peer/dial.ts'
import { listen } from '../scripted-peer/listen.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { toDuration } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import {
  addDiscoveryOptions,
  checkPlace,
  type DiscoveryOptions,
  nodeText,
  openEndpoint,
  toNode,
} from './discovery-options.ts'
import type { Io } from './io.ts'
import { type PeerOptions, probeNode, toProbe } from './probing.ts'

type ReachableOptions = DiscoveryOptions & { readonly timeout: number; readonly wait: number }

/** Whether a node can be reached, and can reach others: each half by itself. */
export function addReachable(command: Command, io: Io): void {
  addDiscoveryOptions(command)
    .argument('<node>', 'enode URL or node record', toNode)
    .addOption(new Option('--timeout <time>', 'how long each step may take').argParser(toDuration).default(5_000, '5s'))
    .addOption(new Option('--wait <time>', 'how long it has to dial us').argParser(toDuration).default(60_000, '1m'))
    .action((node: DiscoveredNode, options: ReachableOptions) => reachable(node, options, io))
}

/** @throws {CommandFailed} with exit status 2 when it cannot be reached, 4 when it does not dial us */
async function reachable(node: DiscoveredNode, options: ReachableOptions, io: Io): Promise<void> {
  const { host, timeout, wait, json } = options
  checkPlace(node, host)
  await using setup = await toProbe({ timeout } as PeerOptions, io)
  await using listener = await listen({ ...setup.peer, host, port: 0 })
  const { endpoint } = await openEndpoint(options, { v4: true, v5: false })
  await using _endpoint = endpoint
  const udp = await endpoint.v4!.ping(node).then(
    () => true,
    (error) => {
      if (error instanceof QueryFailed) return false
      throw error
    },
  )
  const text = nodeText(node)
  const tcp: Verdict = await (async () => {
    await using peer = dial(text, setup.peer)
    return await probeNode(text, peer, { ...setup.view, timeout, step: () => {} })
  })()
  // A node that has no place for us is there all the same.
  const isThere = ['ok', 'full', 'other-network', 'stale-fork', 'incompatible', 'dropped'].includes(tcp.outcome)
  if (!json) {
    io.stdout.write(`udp   ${udp ? 'it answers PING' : 'it does not answer PING'}\n`)
    io.stdout.write(`tcp   ${isThere ? 'it takes connections' : 'it cannot be reached'}: ${tcp.cause}\n`)
  }
  io.stderr.write(`have it dial ${listener.enode}\n`)
  await using caller = listener.accept()
  const dialed = await caller.until('securing', { timeout: wait }).then(
    () => true,
    (error) => {
      if (error instanceof ScriptError) return false
      throw error
    },
  )
  if (json) io.stdout.write(`${JSON.stringify({ udp, tcp: { outcome: tcp.outcome, cause: tcp.cause }, dialed })}\n`)
  else io.stdout.write(`back  ${dialed ? 'it dials us' : `it has not dialed us within ${wait} ms`}\n`)
  if (!isThere) throw new CommandFailed(`it cannot be reached: ${tcp.cause}`, 2)
  if (!dialed) throw new CommandFailed('it can be reached, and does not dial us', 4)
}
