import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyStateMachine } from 'xstate'
import { chartOf, type State, statesOf } from '../actors/drawing/chart.ts'
import { chartToMermaid } from '../actors/drawing/mermaid.ts'
import { candidateMixMachine } from '../machines/candidate-mix.ts'
import { dialerMachine } from '../machines/dialer.ts'
import { discoveryTableMachine } from '../machines/discovery-table.ts'
import { discv4NodeMachine } from '../machines/discv4-node.ts'
import { discv5SessionMachine } from '../machines/discv5-session.ts'
import { dnsTreeMachine } from '../machines/dns-tree.ts'
import { downloaderMachine } from '../machines/downloader.ts'
import { ethPeerMachine } from '../machines/eth-peer.ts'
import { executorMachine } from '../machines/executor.ts'
import { gossipWatchMachine } from '../machines/gossip-watch.ts'
import { lookupMachine } from '../machines/lookup.ts'
import { nodeMachine } from '../machines/node.ts'
import { peerMachine } from '../machines/peer.ts'
import { protocolManagerMachine } from '../machines/protocol-manager.ts'
import { receiptFetcherMachine } from '../machines/receipt-fetcher.ts'
import { rpcConnectionMachine } from '../machines/rpc-connection.ts'
import { rpcServerMachine } from '../machines/rpc-server.ts'
import { scriptedDiscv5Machine } from '../machines/scripted-discv5.ts'
import { scriptedPeerMachine } from '../machines/scripted-peer.ts'
import { serverMachine } from '../machines/server.ts'
import { snapPeerMachine } from '../machines/snap-peer.ts'
import { snapSyncMachine } from '../machines/snap-sync.ts'
import { txFetcherMachine } from '../machines/tx-fetcher.ts'
import { txPoolMachine } from '../machines/tx-pool.ts'
import { projectRoot } from './support/project.ts'

// The pictures of machines/README.md, drawn from the charts. To draw them again: npx tsx spec/diagrams.ts --write

/** Every chart that machines/README.md shows. */
export const charts: readonly AnyStateMachine[] = [
  ...[nodeMachine, serverMachine, dialerMachine, peerMachine],
  ...[ethPeerMachine, snapPeerMachine, protocolManagerMachine, downloaderMachine, executorMachine],
  ...[rpcServerMachine, rpcConnectionMachine, scriptedPeerMachine, gossipWatchMachine, receiptFetcherMachine],
  ...[snapSyncMachine, txPoolMachine, txFetcherMachine],
  ...[candidateMixMachine, discoveryTableMachine, lookupMachine, discv4NodeMachine, discv5SessionMachine],
  ...[dnsTreeMachine, scriptedDiscv5Machine],
]

export const chartsPath = join(projectRoot, 'machines/README.md')

/**
 * @returns `markdown` with every chart drawn between its markers, `<!-- chart:server -->` and `<!-- /chart -->`
 * @throws markers without a chart, or a chart without markers
 */
export function withCharts(markdown: string, machines: readonly AnyStateMachine[] = charts): string {
  const missing = new Set(machines.map(({ id }) => id))
  const drawn = markdown.replace(/(<!-- chart:(\S+) -->\n)[\s\S]*?(<!-- \/chart -->)/g, (_, begin, id, end) => {
    const machine = machines.find((machine) => machine.id === id)
    if (!machine) throw new Error(`machines/README.md shows a chart that is none: ${id}`)
    missing.delete(id)
    return `${begin}\n${machineToMarkdown(machine)}\n${end}`
  })
  if (missing.size > 0) throw new Error(`machines/README.md has no place for these charts: ${[...missing].join(', ')}`)
  return drawn
}

/** @returns the picture of a chart, and under it every transition with its effects */
export function machineToMarkdown(machine: AnyStateMachine): string {
  const chart = chartOf(machine)
  const rows = statesOf(chart.root).flatMap(rowsOf)
  const table = ['| state | on | if | effects | next |', '|---|---|---|---|---|', ...rows.map(toRow)].join('\n')
  const folded = `<details>\n<summary>Every transition of ${chart.name}</summary>\n\n${table}\n\n</details>\n`
  return `\`\`\`mermaid\n${chartToMermaid(chart)}\n\`\`\`\n\n${folded}`
}

type Row = { state: string; on: string; guard: string; effects: readonly string[]; next: string }

function rowsOf({ path, entry, exit, transitions }: State): Row[] {
  const state = path || 'any'
  const bare = { state, guard: '', next: '' }
  return [
    ...(entry.length > 0 ? [{ ...bare, on: 'entry', effects: entry }] : []),
    ...(exit.length > 0 ? [{ ...bare, on: 'exit', effects: exit }] : []),
    ...transitions.map(({ on, guard, effects, targets, description }) => ({
      ...{ state, on, guard, effects: description ? [...effects, `(${description})`] : effects },
      next: targets.join(' '),
    })),
  ]
}

const toRow = ({ state, on, guard, effects, next }: Row): string =>
  `| ${state} | ${on} | ${guard} | ${effects.join(', ').replace(', (', ' (')} | ${next} |`

if (process.argv[2] === '--write' && import.meta.filename === process.argv[1])
  writeFileSync(chartsPath, withCharts(readFileSync(chartsPath, 'utf8')))
