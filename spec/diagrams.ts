import { readFileSync, writeFileSync } from 'node:fs'
import type { AnyStateMachine, AnyStateNode } from 'xstate'
import { transitionsOf } from '../actors/inspector/drawing/edge-name.ts'
import { delayOf, durationOf, effectsOf, guardOf, triggerOf } from '../actors/inspector/drawing/words.ts'
import { dialerMachine } from '../machines/dialer.ts'
import { downloaderMachine } from '../machines/downloader.ts'
import { ethPeerMachine } from '../machines/eth-peer.ts'
import { nodeMachine } from '../machines/node.ts'
import { peerMachine } from '../machines/peer.ts'
import { protocolManagerMachine } from '../machines/protocol-manager.ts'
import { scriptedPeerMachine } from '../machines/scripted-peer.ts'
import { serverMachine } from '../machines/server.ts'
import { nodesOf } from './chart.ts'

// The pictures of ARCHITECTURE.md, drawn from the charts. To draw them again: npx tsx spec/diagrams.ts --write

/** Every chart that ARCHITECTURE.md shows. */
export const charts: readonly AnyStateMachine[] = [
  ...[nodeMachine, serverMachine, dialerMachine, peerMachine],
  ...[ethPeerMachine, protocolManagerMachine, downloaderMachine, scriptedPeerMachine],
]

export const architecturePath = new URL('../ARCHITECTURE.md', import.meta.url)

/**
 * @returns `markdown` with every chart drawn between its markers, `<!-- chart:server -->` and `<!-- /chart -->`
 * @throws markers without a chart, or a chart without markers
 */
export function withCharts(markdown: string, machines: readonly AnyStateMachine[] = charts): string {
  const missing = new Set(machines.map(({ id }) => id))
  const drawn = markdown.replace(/(<!-- chart:(\S+) -->\n)[\s\S]*?(<!-- \/chart -->)/g, (_, begin, id, end) => {
    const machine = machines.find((machine) => machine.id === id)
    if (!machine) throw new Error(`ARCHITECTURE.md shows a chart that is none: ${id}`)
    missing.delete(id)
    return `${begin}\n${machineToMarkdown(machine)}\n${end}`
  })
  if (missing.size > 0) throw new Error(`ARCHITECTURE.md has no place for these charts: ${[...missing].join(', ')}`)
  return drawn
}

/** @returns the picture of a chart, and under it every transition with its effects */
export function machineToMarkdown(machine: AnyStateMachine): string {
  const rows = nodesOf(machine.root).flatMap((node) => rowsOf(node))
  const table = ['| state | on | if | effects | next |', '|---|---|---|---|---|', ...rows.map(toRow)].join('\n')
  const folded = `<details>\n<summary>Every transition of ${machine.id}</summary>\n\n${table}\n\n</details>\n`
  return `\`\`\`mermaid\n${machineToMermaid(machine)}\n\`\`\`\n\n${folded}`
}

/** @returns the chart's states, and the transitions between them, as GitHub draws them */
export function machineToMermaid(machine: AnyStateMachine): string {
  const edges = nodesOf(machine.root).flatMap(edgesOf)
  return ['stateDiagram-v2', ...insideOf(machine.root, edges).map((line) => `  ${line}`)].join('\n')
}

/** A transition from state to state, drawn inside of `scope`, the innermost state around both. */
type Edge = { scope: AnyStateNode; from: string; to: string; label: string }

function insideOf(node: AnyStateNode, edges: readonly Edge[]): string[] {
  const children = Object.values(node.states)
  const own = edges.filter(({ scope }) => scope === node)
  const labels = new Map<string, string[]>()
  for (const { from, to, label } of own)
    labels.set(`${from} --> ${to}`, [...(labels.get(`${from} --> ${to}`) ?? []), label])
  const regions = children.map((child) => declarationOf(child, edges))
  return [
    ...(node.type === 'parallel'
      ? regions.flatMap((region, i) => (i > 0 ? ['--', ...region] : region))
      : regions.flat()),
    ...(node.type === 'compound' ? [`[*] --> ${idOf(node.initial.target[0]!)}`] : []),
    ...[...labels].map(([arrow, same]) => `${arrow} : ${same.join('<br/>')}`),
    ...children.filter(({ type }) => type === 'final').map((child) => `${idOf(child)} --> [*]`),
  ]
}

function declarationOf(node: AnyStateNode, edges: readonly Edge[]): string[] {
  const declaration = `state "${node.key}" as ${idOf(node)}`
  if (Object.keys(node.states).length > 0)
    return [`${declaration} {`, ...insideOf(node, edges).map((line) => `  ${line}`), '}']
  const entry = effectsOf(node.entry)
  return entry.length === 0 ? [declaration] : [declaration, `${idOf(node)} : entry / ${entry.join(', ')}`]
}

/** Mermaid draws no arrow across a border: it goes from the outermost state that is left to the outermost entered. */
function edgesOf(node: AnyStateNode): Edge[] {
  return describedTransitionsOf(node).flatMap(({ trigger, guard, targets }) =>
    targets.map((target) => {
      const scope = scopeOf(node, target)
      const [from, to] = [childToward(scope, node), childToward(scope, target)!]
      const inner = [
        from === undefined ? 'anywhere' : from !== node ? `in ${pathFrom(from, node)}` : '',
        to !== target ? `to ${pathFrom(to, target)}` : '',
      ].filter(Boolean)
      const label = `${trigger}${guard && ` [${guard}]`}${inner.length > 0 ? ` (${inner.join(', ')})` : ''}`
      return { scope, from: from ? idOf(from) : '[*]', to: idOf(to), label }
    }),
  )
}

type Row = { state: string; on: string; guard: string; effects: readonly string[]; next: string }

function rowsOf(node: AnyStateNode): Row[] {
  const state = node.path.join('.') || 'any'
  const bare = { state, guard: '', next: '' }
  const [entry, exit] = [effectsOf(node.entry), effectsOf(node.exit)]
  return [
    ...(entry.length > 0 ? [{ ...bare, on: 'entry', effects: entry }] : []),
    ...(exit.length > 0 ? [{ ...bare, on: 'exit', effects: exit }] : []),
    ...describedTransitionsOf(node).map(({ trigger, guard, effects, targets, description }) => ({
      ...{ state, on: trigger, guard, effects: description ? [...effects, `(${description})`] : effects },
      next: targets.map(({ path }) => path.join('.')).join(' '),
    })),
  ]
}

const toRow = ({ state, on, guard, effects, next }: Row): string =>
  `| ${state} | ${on} | ${guard} | ${effects.join(', ').replace(', (', ' (')} | ${next} |`

function describedTransitionsOf(node: AnyStateNode) {
  return transitionsOf(node).map((transition) => {
    const delay = delayOf(transition)
    return {
      trigger: delay === undefined ? triggerOf(transition) : `after ${durationOf(node, delay)}`,
      guard: guardOf(transition.guard),
      effects: effectsOf(transition.actions),
      description: transition.description,
      targets: (transition.target ?? []) as readonly AnyStateNode[],
    }
  })
}

const idOf = ({ id }: AnyStateNode): string => id.replace(/\W/g, '_')
const ancestorsOf = (node: AnyStateNode): AnyStateNode[] => (node.parent ? [node, ...ancestorsOf(node.parent)] : [node])
const pathFrom = (outer: AnyStateNode, inner: AnyStateNode): string => inner.path.slice(outer.path.length).join('.')

/** The innermost state that is around both and neither of them, if there is one. */
function scopeOf(a: AnyStateNode, b: AnyStateNode): AnyStateNode {
  const common = ancestorsOf(a).find((node) => ancestorsOf(b).includes(node))!
  return common === a || common === b ? (common.parent ?? common) : common
}

/** @returns the state directly inside of `scope` that is or holds `node`; none of `scope` itself */
const childToward = (scope: AnyStateNode, node: AnyStateNode): AnyStateNode | undefined =>
  ancestorsOf(node).find(({ parent }) => parent === scope)

if (process.argv[2] === '--write' && import.meta.filename === process.argv[1])
  writeFileSync(architecturePath, withCharts(readFileSync(architecturePath, 'utf8')))
