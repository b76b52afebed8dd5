import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Block, Drawing, DrawnEdge, DrawnState, Mark, Point, Rect } from './drawing.ts'
import { type Graph, padding } from './elk-graph.ts'

/** @returns the drawing of `graph`, with every thing where ELK's answer puts it */
export function placed(chart: string, graph: Graph, root: ElkNode): Drawing {
  const nodes = new Map(nodesOf(root).map((node) => [node.id, node]))
  const marks = [...graph.marks].map(([id, mark]): Mark => {
    const { x, y } = rectOf(nodes.get(id)!)
    return { ...mark, x, y, texts: mark.texts.map((text) => shifted(text, { x, y })) }
  })
  const edges = (root.edges ?? []).map((edge): DrawnEdge => {
    const { block, isBack, ...ends } = graph.edges.get(edge.id)!
    const [label] = edge.labels ?? []
    const points = isBack ? pointsOf(edge, graph).toReversed() : pointsOf(edge, graph)
    return {
      ...ends,
      points,
      ...(block && { block: moved(block, { x: round(label!.x! + 5), y: round(label!.y! + 3) }) }),
    }
  })
  const states = [...graph.states].map(([id, { state, isRegion, block }]): DrawnState => {
    const box = rectOf(nodes.get(id)!)
    const corner = { x: roomFor(block, box, edges), y: box.y + padding }
    return { path: state.path, type: state.type, isRegion, ...box, block: moved(block, corner) }
  })
  return { chart, width: round(root.width!), height: round(root.height!), states, marks, edges }
}

const nodesOf = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(nodesOf)]
const rectOf = ({ x, y, width, height }: ElkNode) => ({
  ...{ x: round(x!), y: round(y!), width: round(width!), height: round(height!) },
})
function pointsOf({ sections = [], sources }: ElkExtendedEdge, graph: Graph): Point[] {
  const all = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
  const points = all.map(({ x, y }) => ({ x: round(x), y: round(y) }))
  return graph.marks.get(sources[0]!)?.kind === 'initial' ? points : straightened(points)
}
const round = (pixels: number) => Math.round(pixels * 10) / 10

/** @returns where text begins in the upper part of a box: on the left, or right of an arrow that comes down through it */
function roomFor({ width, height }: Block, box: Rect, edges: readonly DrawnEdge[]): number {
  const left = box.x + padding
  const top = { y: box.y + 1, height: height + padding }
  const lines = edges.flatMap(({ points }) => points.slice(1).map((point, i) => [points[i]!, point] as const))
  const isFree = (x: number) => !lines.some(([from, to]) => crosses({ x: x - 4, width: width + 8, ...top }, from, to))
  const places = [left, ...lines.map(([from, to]) => Math.max(from.x, to.x) + padding)].filter(
    (x) => x >= left && x + width + padding <= box.x + box.width,
  )
  return places.toSorted((a, b) => a - b).find(isFree) ?? left
}

/** Of a line that goes along one of the axes. */
const crosses = ({ x, y, width, height }: Rect, from: Point, to: Point): boolean =>
  Math.max(from.x, to.x) > x &&
  Math.min(from.x, to.x) < x + width &&
  Math.max(from.y, to.y) > y &&
  Math.min(from.y, to.y) < y + height

/** Without the steps of a few pixels that ELK leaves where an arrow crosses a border; its beginning may move aside. */
function straightened([first, second, ...rest]: readonly Point[]): Point[] {
  if (second === undefined || rest.length === 0) return [first!, ...(second ? [second] : [])]
  const step = second.x - rest[0]!.x
  const isStep = first!.x === second.x && second.y === rest[0]!.y && step !== 0 && Math.abs(step) < 11
  if (isStep && rest.length > 1) return straightened([{ ...first!, x: rest[0]!.x }, ...rest.slice(1)])
  return [first!, ...straightened([second, ...rest])]
}

const shifted = <Thing extends Point>(thing: Thing, { x, y }: Point): Thing => ({
  ...thing,
  x: thing.x + x,
  y: thing.y + y,
})

function moved(block: Block, by: Point): Block {
  const texts = block.texts.map((text) => shifted(text, by))
  const transitions = block.transitions.map((transition) => ({
    ...shifted(transition, by),
    ...{ texts: transition.texts.map((text) => shifted(text, by)), badge: shifted(transition.badge, by) },
  }))
  return { ...shifted(block, by), texts, transitions }
}
