import { type Command, Option } from 'commander'
import type { Inspector } from '../inspector/inspector.ts'
import { createLogger, type Verbosity } from '../log/log.ts'
import { version } from '../p2p/client-name.ts'
import { toDuration, toNodes, toVerbosity } from './arguments.ts'
import { CommandFailed } from './command-failed.ts'
import { type InspectOptions, openInspector } from './inspecting.ts'
import type { Io } from './io.ts'
import { Narrator, nameOf } from './narrator.ts'
import { Tally } from './run-summary.ts'
import { addOptions, type ValuesOf } from './setting.ts'
import { port } from './setting-kinds.ts'
import { recording } from './settings.ts'
import { watchSignals } from './signals.ts'

type DevOptions = InspectOptions &
  ValuesOf<typeof recording> & {
    readonly nodes: number
    readonly blockTime: number
    readonly execute: boolean
    readonly verbosity: Verbosity
    readonly jsonLogs: boolean
    readonly for?: number
    readonly summary: boolean
  }

export function addDev(command: Command, io: Io): void {
  command
    .option('--nodes <number>', 'how many, from 2 to 16', toNodes, 3)
    .addOption(
      new Option('--block-time <time>', 'from one block to the next').argParser(toDuration).default(1_000, '1s'),
    )
    .option('--no-execute', 'verify blocks as far as can be without states: it takes less memory')
    .option('--verbosity <level>', '0 silent, 3 what a person follows, 4 every transition, 5 messages', toVerbosity, 3)
    .option('--json-logs', 'print everything as JSON, one object a line', false)
    .option('--inspect [port]', 'where the page that shows it is served, on 127.0.0.1 (default: any port)', port.parse!)
    .option('--no-inspect', 'serve no page')
    .option('--inspect-stately', 'print where tools attach that read the events of @statelyai/inspect', false)
  addOptions(command, recording)
    .option('--for <time>', 'end after this time, as 20s or 5m (default: when interrupted)', toDuration)
    .option('--summary', 'print one line of JSON at the end', false)
    .addHelpText('after', `\n${whereChainsAre}`)
    .action((options: DevOptions) => dev(options, io))
}

const whereChainsAre = `The chains are in a temporary directory (TMPDIR) as long as it runs, some 1 KB a
block and node: all blocks can be asked for, and the memory that is needed is
the same after a day.`

async function dev(
  { nodes: count, blockTime, execute, verbosity, jsonLogs, ...options }: DevOptions,
  io: Io,
): Promise<void> {
  // The story is for people and goes to standard output; the log has only what should not happen.
  const log = createLogger({ verbosity: verbosity === 0 ? 0 : 2, json: jsonLogs, stream: io.stderr })
  const narrator = new Narrator({ stream: io.stdout, verbosity, json: jsonLogs })
  const { DevNetwork } = await import('./dev-network.ts') // brings the whole EVM: not for `--help`
  const record = options.record === undefined ? undefined : { file: options.record, maxBytes: options.recordMax }
  const network = await DevNetwork.open({ createNode: io.createNode, nodes: count, blockTime, execute, log, record })
  const { nodes } = network
  const tally = options.summary ? new Tally(nodes) : undefined
  const unfollow = nodes.map((node, i) => narrator.follow(i, node))
  const lifetime = watchSignals(io, log)
  let inspector: Inspector | undefined
  try {
    const notices: string[] = []
    const { inspect = true, inspectStately } = options
    const named = Object.fromEntries(nodes.map((node, i) => [nameOf(i), node]))
    inspector = await openInspector(
      named,
      { inspect, inspectStately },
      {
        page: (url) => notices.push(`Watch it in a browser: ${url}`),
        tools: (url) => notices.push(`Tools for @statelyai/inspect attach at ${url}`),
      },
    )
    await network.start()
    narrator.open(
      [
        `Peerchart ${version}: ${count} Ethereum nodes in this process, over TCP on 127.0.0.1.`,
        `node-1 makes a block every ${blockTime / 1_000} s; the others find it, shake hands, sync and follow.`,
        ...nodes.map(({ enode }, i) => `  ${nameOf(i)}  ${enode}`),
        ...notices,
        options.for ? `Ends by itself in ${options.for / 1_000} s, or with Ctrl-C.` : 'Ctrl-C ends it.',
        '',
      ],
      nodes,
    )
    await Promise.race([lifetime.end(options.for), ...nodes.map((node) => node.wait())])
  } finally {
    tally?.close()
    await network.stop()
    await inspector?.close()
    for (const end of unfollow) end()
    lifetime.release()
  }
  const failure = nodes.find((node) => node.failure)?.failure
  if (failure) throw new CommandFailed(`the network ended by itself: ${failure.message}`, 1)
  if (!tally) return
  const { peers, heads, transitions, errors } = tally
  io.stdout.write(`${JSON.stringify({ nodes: count, peers, heads, transitions, errors })}\n`)
}
