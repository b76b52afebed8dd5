import type { Command } from 'commander'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { printable } from '../log/log.ts'
import { judge } from '../probe/verdict.ts'
import { dial } from '../scripted-peer/dial.ts'
import { ScriptError } from '../scripted-peer/transcript.ts'
import { toDialable } from './arguments.ts'
import type { Io } from './io.ts'
import {
  addTalk,
  exitStatusHelp,
  failed,
  hangUpOnSignals,
  type PeerOptions,
  printVerdict,
  toProbe,
  unmask,
} from './probing.ts'

type PingOptions = PeerOptions & { readonly json: boolean }

/** geth's `devp2p rlpx`: of it only `ping`; its suites are specs here. */
export function addRlpx(rlpx: Command, io: Io): void {
  addTalk(rlpx.command('ping'))
    .description('agree on keys with a node, and print its Hello; ours is not said')
    .argument('<node>', 'enode URL or node record', toDialable)
    .option('--json', 'print JSON', false)
    .addHelpText('after', exitStatusHelp)
    .action((node: string, options: PingOptions) => ping(node, options, io))
}

/** @throws {CommandFailed} */
async function ping(node: string, options: PingOptions, io: Io): Promise<void> {
  const { timeout, json } = options
  await using setup = await toProbe(options, io)
  await using peer = dial(node, { ...setup.peer, through: 'rlpx' })
  using _signals = hangUpOnSignals(peer, io)
  const hello = await peer.expect('Hello').catch((error) => {
    if (!(error instanceof ScriptError)) throw error
  })
  if (!hello) {
    const verdict = await unmask(node, peer, judge(peer, undefined, timeout), timeout)
    if (json) printVerdict(node, verdict, io)
    throw failed(verdict)
  }
  const { version, name, caps, listenPort, id } = hello
  const names = caps.map(({ name, version }) => `${name}/${version}`)
  const port = listenPort > 0 ? `, listens on ${listenPort}` : ''
  io.stdout.write(
    json
      ? `${JSON.stringify({ version, name, caps: names, listenPort, id: `0x${bytesToHex(id)}` })}\n`
      : `${printable(`${name}: ${names.join(' ')}, p2p/${version}${port}`)}\n`,
  )
}
