import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import { blockOfEdge, blockOfState } from './block.ts'
import { type Chart, type State, statesOf, type Transition } from './chart.ts'
import type { Block, Mark } from './drawing.ts'
import { widthOf } from './measure.ts'

// A chart as ELK's layered algorithm wants it: states in states, arrows with labels, and how large each is.

/** What is to be placed, by the ids of `root`. */
export type Graph = {
  readonly root: ElkNode
  readonly states: ReadonlyMap<string, { readonly state: State; readonly isRegion: boolean; readonly block: Block }>
  readonly marks: ReadonlyMap<string, Omit<Mark, 'x' | 'y'>>
  /** `isBack`: told to ELK the other way round, for time flows down: from the states that are named first. */
  readonly edges: ReadonlyMap<
    string,
    { readonly source: string; readonly target: string; readonly isBack: boolean; readonly block?: Block }
  >
}

/** Between the border of a box and its words. */
export const padding = 12
const [markSize, gap] = [12, 22]

export function elkGraphOf({ name, root }: Chart, hasCounts: boolean, manner: keyof typeof placements): Graph {
  const layoutOptions = { ...commonOptions, 'elk.layered.nodePlacement.strategy': placements[manner] }
  const titled = { ...root, key: name }
  const all = statesOf(titled)
  const order = new Map(all.map(({ path }, i) => [path, i]))
  const byPath = new Map(all.map((state) => [state.path, state]))
  const graph = { states: new Map(), marks: new Map(), edges: new Map() } satisfies Omit<Graph, 'root'>
  const elkEdges: ElkExtendedEdge[] = []
  const arrows = new Map<string, { from: string; source: string; target: string; transitions: Transition[] }>()
  const inside = new Map<string, Transition[]>()

  for (const state of all)
    for (const transition of state.transitions) {
      const target = targetOf(state, transition, byPath)
      if (target === undefined) inside.set(state.path, [...(inside.get(state.path) ?? []), transition])
      else {
        const from = isWithin(target, state.path) ? anyId(state.path) : stateId(state.path)
        const key = `${from}\n${target}`
        const arrow = arrows.get(key) ?? { from, source: state.path, target, transitions: [] }
        arrow.transitions.push(transition)
        arrows.set(key, arrow)
      }
    }

  for (const { from, source, target, transitions } of arrows.values()) {
    const block = blockOfEdge(transitions, hasCounts)
    const to = isWithin(source, target) && source !== target ? initialId(target) : stateId(target)
    connect(from, to, { source, target, block })
  }
  const node = elkNodeOf(titled, false)
  for (const state of all)
    if (state.initial !== undefined)
      connect(initialId(state.path), stateId(state.initial), { source: state.path, target: state.initial })
  return { root: { id: 'all', children: [node], edges: elkEdges, layoutOptions }, ...graph }

  function connect(from: string, to: string, edge: { source: string; target: string; block?: Block }): void {
    const id = `e${elkEdges.length}`
    const { width, height } = edge.block ?? { width: 0, height: 0 }
    const labels = edge.block ? [{ text: id, width: width + 10, height: height + 6, layoutOptions: inline }] : []
    const isBack = order.get(edge.source)! > order.get(edge.target)!
    const [sources, targets] = isBack ? [[to], [from]] : [[from], [to]]
    elkEdges.push({ id, sources, targets, labels })
    graph.edges.set(id, { ...edge, isBack })
  }

  function elkNodeOf(state: State, isRegion: boolean): ElkNode {
    const id = stateId(state.path)
    const block = blockOfState(state, inside.get(state.path) ?? [], hasCounts)
    graph.states.set(id, { state, isRegion, block })
    const [width, height] = [block.width + 2 * padding, block.height + 2 * padding]
    if (state.states.length === 0) return { id, width: Math.max(width, 90), height }
    const children = state.states.map((child) => elkNodeOf(child, state.type === 'parallel'))
    if (state.initial !== undefined) children.unshift(mark(initialId(state.path), 'initial', state.path))
    if ([...arrows.values()].some(({ from }) => from === anyId(state.path)))
      children.unshift(mark(anyId(state.path), 'any', state.path))
    return {
      ...{ id, children },
      layoutOptions: {
        ...layoutOptions,
        'elk.alignment': 'TOP',
        'elk.padding': `[top=${height + 6},left=${gap},bottom=${gap},right=${gap}]`,
        'elk.nodeSize.constraints': 'MINIMUM_SIZE',
        'elk.nodeSize.minimum': `(${height},${width})`, // turned, as ELK turns a graph that goes down
      },
    }
  }

  function mark(id: string, kind: Mark['kind'], path: string): ElkNode {
    const text = 'any state'
    const width = kind === 'initial' ? markSize : Math.ceil(widthOf(text, 'note')) + 20
    const height = kind === 'initial' ? markSize : 24
    const texts = kind === 'initial' ? [] : [{ x: 10, y: 16, text, kind: 'note' as const }]
    graph.marks.set(id, { kind, path, texts, width, height })
    return { id, width, height }
  }
}

/** How boxes of one row find their place in it. */
const placements = { straight: 'NETWORK_SIMPLEX', narrow: 'LINEAR_SEGMENTS' } as const
const inline = { 'elk.edgeLabels.inline': 'true' }
const commonOptions: Record<string, string> = {
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

/** @returns where the arrow of a transition ends; none has one that stays, begins anew, or leads around itself in vain */
function targetOf(source: State, { targets }: Transition, byPath: ReadonlyMap<string, State>): string | undefined {
  const target = targets.length > 1 ? commonOf(targets) : targets[0]
  if (target === undefined || target === source.path) return undefined
  const isAround = isWithin(source.path, target)
  return isAround && byPath.get(target)?.initial === undefined ? undefined : target
}

/** @returns the innermost state around all of `paths` */
function commonOf(paths: readonly string[]): string {
  const [first, ...others] = paths.map((path) => path.split('.')) as [string[], ...string[][]]
  const length = first.findIndex((key, i) => others.some((other) => other[i] !== key))
  return first.slice(0, length === -1 ? first.length : length).join('.')
}

/** Inside of `outer`, at any depth; nothing is in itself. */
const isWithin = (path: string, outer: string): boolean =>
  path !== outer && (outer === '' || path.startsWith(`${outer}.`))

const stateId = (path: string) => `s:${path}`
const initialId = (path: string) => `i:${path}`
const anyId = (path: string) => `a:${path}`
