import type { Command } from 'commander'
import type { Inspector } from '../inspector/inspector.ts'
import { createLogger, type Logger } from '../log/log.ts'
import { logPeers } from '../peerchart/peer-log.ts'
import type { PeerchartNode } from '../peerchart/peerchart-node.ts'
import { CommandFailed } from './command-failed.ts'
import { ImportInterrupted, importReporter } from './import-progress.ts'
import { openInspector } from './inspecting.ts'
import type { Io } from './io.ts'
import { toNodeOptions } from './node-options.ts'
import { Tally } from './run-summary.ts'
import { type Lifetime, watchSignals } from './signals.ts'
import { addSettings, type GivenFlags, resolveSettings } from './start-settings.ts'

export function addStart(command: Command, io: Io): void {
  addSettings(command).action((given: GivenFlags) => start(given, io))
}

async function start(given: GivenFlags, io: Io): Promise<void> {
  const { settings, ignored } = await resolveSettings(given)
  const log = createLogger({ verbosity: settings.verbosity, json: settings.jsonLogs, stream: io.stderr })
  log.levels.setVmodule(settings.vmodule)
  if (ignored.length > 0) log.warn('Configured, but without effect here', { keys: ignored.join() })
  const node = await io.createNode(await toNodeOptions(settings, log))
  log.info('Starting peer-to-peer node', { instance: node.name })
  const tally = settings.summary ? new Tally([node]) : undefined
  const unlog = logPeers(log, node)
  const lifetime = watchSignals(io, log)
  let inspector: Inspector | undefined
  try {
    const { inspect = false, inspectStately } = settings
    inspector = await openInspector(
      node,
      { inspect, inspectStately },
      {
        page: (url) => log.info('Started inspector', { url }),
        tools: (url) => log.info('Tools for @statelyai/inspect attach', { url }),
      },
    )
    if (settings.import !== undefined) await importBlocks(node, settings.import, log, lifetime)
    await node.start()
    log.info('Started P2P networking', { self: node.enode })
    await Promise.race([lifetime.end(settings.for), node.wait()])
  } finally {
    tally?.close()
    await node.stop()
    await inspector?.close()
    unlog()
    lifetime.release()
  }
  if (node.failure) throw new CommandFailed(`the node ended by itself: ${node.failure.message}`, 1)
  if (!tally) return
  const { peers, heads, transitions, errors } = tally
  io.stdout.write(`${JSON.stringify({ enode: node.enode, peers: peers[0], head: heads[0], transitions, errors })}\n`)
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
