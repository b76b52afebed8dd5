import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import { type Arrow, arrowsOf } from './arrows.ts'
import { blockOfEdge, blockOfState } from './block.ts'
import { type Chart, type State, statesOf } from './chart.ts'
import type { Block, Mark } from './drawing.ts'
import { widthOf } from './measure.ts'

// A chart as ELK's layered algorithm wants it: states in states, arrows with labels, and how large each is.

/** What is to be placed, by the ids of `root`. */
export type Graph = {
  readonly root: ElkNode
  readonly states: ReadonlyMap<string, { readonly state: State; readonly isRegion: boolean; readonly block: Block }>
  readonly marks: ReadonlyMap<string, Omit<Mark, 'x' | 'y'>>
  readonly edges: ReadonlyMap<string, Edge & { readonly isBack: boolean }>
}
type Edge = { readonly source: string; readonly target: string; readonly block?: Block }

/** @param manner how boxes of one row find their place in it: where arrows are straight, or where there is little room */
export function elkGraphOf(chart: Chart, hasCounts: boolean, manner: keyof typeof placements): Graph {
  const root = { ...chart.root, key: chart.name }
  const states = statesOf(root)
  const { arrows, inside } = arrowsOf(chart)
  const isAnySource = new Set(arrows.filter(({ begins }) => begins === 'in source').map(({ source }) => source))
  const graph = { states: new Map(), marks: new Map(), edges: new Map() } satisfies Omit<Graph, 'root'>
  const layoutOptions = { ...commonOptions, 'elk.layered.nodePlacement.strategy': placements[manner] }

  /** Time flows down, from the states that are named first: an arrow back is given to ELK the other way round. */
  const order = new Map(states.map(({ path }, i) => [path, i]))
  const edges: ElkExtendedEdge[] = []
  const connect = (from: string, to: string, edge: Edge) => {
    const id = `e${edges.length}`
    const isBack = order.get(edge.source)! > order.get(edge.target)!
    const [sources, targets] = isBack ? [[to], [from]] : [[from], [to]]
    edges.push({ id, sources, targets, labels: edge.block ? [labelOf(edge.block)] : [] })
    graph.edges.set(id, { ...edge, isBack })
  }
  for (const arrow of arrows) {
    const { source, target, transitions } = arrow
    connect(beginOf(arrow), endOf(arrow), { source, target, block: blockOfEdge(transitions, hasCounts) })
  }
  for (const { path, initial } of states)
    if (initial !== undefined) connect(markId('initial', path), stateId(initial), { source: path, target: initial })

  return { root: { id: 'all', children: [nodeOf(root, false)], edges, layoutOptions }, ...graph }

  function nodeOf(state: State, isRegion: boolean): ElkNode {
    const id = stateId(state.path)
    const block = blockOfState(state, inside.get(state.path) ?? [], hasCounts)
    graph.states.set(id, { state, isRegion, block })
    const [width, height] = [block.width + 2 * padding, block.height + 2 * padding]
    if (state.states.length === 0) return { id, width: Math.max(width, narrowest), height }
    const marks = [
      ...(isAnySource.has(state.path) ? [markOf('any', state.path)] : []),
      ...(state.initial !== undefined ? [markOf('initial', state.path)] : []),
    ]
    const children = [...marks, ...state.states.map((child) => nodeOf(child, state.type === 'parallel'))]
    return { id, children, layoutOptions: { ...layoutOptions, ...roomFor(width, height) } }
  }

  function markOf(kind: Mark['kind'], path: string): ElkNode {
    const id = markId(kind, path)
    const mark = { kind, path, ...marks[kind] }
    graph.marks.set(id, mark)
    return { id, width: mark.width, height: mark.height }
  }
}

/** Between the border of a box and its text, and between it and the boxes inside. */
export const padding = 12
const gap = 22
const narrowest = 90

const anyState = { x: 10, y: 16, text: 'any state', kind: 'note' } as const
const marks = {
  initial: { width: 12, height: 12, texts: [] },
  any: { width: Math.ceil(widthOf(anyState.text, anyState.kind)) + 20, height: 24, texts: [anyState] },
}

const labelOf = ({ width, height }: Block) => ({
  ...{ text: '-', width: width + 10, height: height + 6 },
  layoutOptions: { 'elk.edgeLabels.inline': 'true' },
})

/** In a box with boxes inside, for what is written in it. */
const roomFor = (width: number, height: number) => ({
  'elk.alignment': 'TOP',
  'elk.padding': `[top=${height + 6},left=${gap},bottom=${gap},right=${gap}]`,
  'elk.nodeSize.constraints': 'MINIMUM_SIZE',
  'elk.nodeSize.minimum': `(${height},${width})`, // turned, as ELK turns a graph that goes down
})

const placements = { straight: 'NETWORK_SIMPLEX', narrow: 'LINEAR_SEGMENTS' } as const
const commonOptions: Readonly<Record<string, string>> = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.layered.spacing.edgeNodeBetweenLayers': '18',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  'elk.edgeLabels.placement': 'CENTER',
  'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'TAIL_LAYER',
  'elk.layered.thoroughness': '30',
}

const stateId = (path: string) => `state:${path}`
const markId = (kind: Mark['kind'], path: string) => `${kind}:${path}`
const beginOf = ({ begins, source }: Arrow) => (begins === 'in source' ? markId('any', source) : stateId(source))
const endOf = ({ ends, target }: Arrow) => (ends === 'in target' ? markId('initial', target) : stateId(target))
