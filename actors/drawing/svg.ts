import type { Block, Drawing, DrawnEdge, DrawnState, DrawnTransition, Mark, Point, Rect, Text } from './drawing.ts'
import { chartStyle } from './style.ts'

// A drawing as SVG. No Node and no DOM: the inspector's page builds the same picture from the same drawing.

/**
 * @param isAlone whether it stands in a file of its own, with its style; a page brings `chartStyle` once for all
 * @returns SVG: `[data-state="greeting.exchanging"]` for each state, `[data-edge="…"]` for each transition by its name,
 *   around it the `.edge` whose arrow it is, if it has one
 */
export function renderDrawing(drawing: Drawing, { isAlone = false } = {}): string {
  const { chart, states, marks, edges } = drawing
  const width = isAlone ? Math.max(drawing.width, 700) : drawing.width
  const height = drawing.height + (isAlone ? 30 : 0)
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" ${size} role="img" aria-label="${escaped(`the chart ${chart}`)}">`,
    ...(isAlone ? [`<style>${chartStyle}</style>`] : []),
    ...states.map(renderBox),
    ...marks.map(renderMark),
    ...edges.map(renderArrow),
    ...states.map(renderLabels),
    ...edges.map((edge, index) => renderLabel(edge, index, states)),
    ...(isAlone ? [renderKey(drawing.height + 10)] : []),
    '</svg>\n',
  ].join('\n')
}

function renderBox(state: DrawnState): string {
  const rim = state.type === 'final' ? rect(inset(state, 3), 'rim', 6) : ''
  return `<g class="state ${kindsOf(state)}" data-state="${escaped(state.path)}">${rect(state, 'box', 9)}${rim}</g>`
}

/** Above the arrows: one that runs behind text leaves it readable. */
const renderLabels = (state: DrawnState): string =>
  `<g class="labels ${kindsOf(state)}" data-label="${escaped(state.path)}">${renderBlock(state.block).join('')}</g>`

function kindsOf({ path, type, isRegion }: DrawnState): string {
  const depth = path === '' ? 0 : path.split('.').length
  const kinds = [type, depth === 0 && 'whole', depth % 2 === 0 && 'even', isRegion && 'region']
  return kinds.filter(Boolean).join(' ')
}

function renderMark({ kind, texts, ...place }: Mark): string {
  const radius = place.width / 2
  if (kind === 'any') return `<g>${rect(place, 'any', 12)}${texts.map(renderText).join('')}</g>`
  return `<circle class="initial" cx="${round(place.x + radius)}" cy="${round(place.y + radius)}" r="${radius - 1}"/>`
}

function renderArrow({ source, target, points, block }: DrawnEdge, index: number): string {
  const ends = `data-arrow="${index}" data-source="${escaped(source)}" data-target="${escaped(target)}"`
  const line = curve(points)
  const parts = `<path class="reach" d="${line}"/><path class="line" d="${line}"/><path class="head" d="${head(points)}"/>`
  return `<g class="arrow${block ? '' : ' start'}" ${ends}>${parts}</g>`
}

function renderLabel({ block }: DrawnEdge, index: number, states: readonly DrawnState[]): string {
  if (!block) return ''
  const around = states.filter((state) => state.type !== 'atomic' && state.type !== 'final' && isIn(block, state))
  const innermost = around.toSorted((a, b) => a.width * a.height - b.width * b.height)[0]
  const isNested = innermost !== undefined && !/\b(even|whole)\b/.test(kindsOf(innermost))
  return `<g class="edge${isNested ? ' nested' : ''}" data-of="${index}">${rect(inset(block, -3), 'plate', 5)}${renderBlock(block).join('')}</g>`
}

/** What a reader must know who never saw a statechart. */
function renderKey(y: number): string {
  const samples = [
    ['event', 'event'],
    ['guard', '[only if]'],
    ['effect', '/ what is done'],
    ['delay', 'after a time'],
    ['note', '● begins here   ↻ begins anew   double border: the end'],
  ]
  return `<text x="24" y="${round(y)}">${samples.map(([kind, text]) => `<tspan class="${kind}">${text}   </tspan>`).join('')}</text>`
}

const renderBlock = ({ texts, transitions }: Block): string[] => [
  ...texts.map(renderText),
  ...transitions.map(renderTransition),
]

function renderTransition({ name, texts, badge, ...area }: DrawnTransition): string {
  const count = `<text class="badge" x="${round(badge.x)}" y="${round(badge.y)}"></text>`
  return `<g class="transition" data-edge="${escaped(name)}"><title>${escaped(name)}</title>${rect(area, 'area', 4)}${texts.map(renderText).join('')}${count}</g>`
}

const renderText = ({ x, y, text, kind }: Text): string =>
  `<text class="${kind}" x="${round(x)}" y="${round(y)}">${escaped(text)}</text>`

function rect({ x, y, width, height }: Rect, kind: string, radius: number): string {
  const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`
  return `<rect class="${kind}" ${place} rx="${radius}"/>`
}

const isIn = ({ x, y, width, height }: Rect, outer: Rect): boolean =>
  x >= outer.x && y >= outer.y && x + width <= outer.x + outer.width && y + height <= outer.y + outer.height

const inset = ({ x, y, width, height }: Rect, by: number): Rect => ({
  ...{ x: x + by, y: y + by, width: width - 2 * by, height: height - 2 * by },
})

/** Straight lines with rounded corners. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]]
  const bends = rest.slice(0, -1).map((corner, i) => {
    const [before, after] = [toward(corner, points[i]!, 8), toward(corner, points[i + 2]!, 8)]
    return `L${at(before)}Q${at(corner)} ${at(after)}`
  })
  return `M${at(first)}${bends.join('')}L${at(toward(points.at(-1)!, points.at(-2)!, 4))}`
}

function head(points: readonly Point[]): string {
  const [tip, from] = [points.at(-1)!, points.at(-2)!]
  const base = toward(tip, from, 8)
  const length = Math.hypot(tip.x - base.x, tip.y - base.y) || 1
  const side = { x: ((tip.y - base.y) / length) * 4.5, y: ((base.x - tip.x) / length) * 4.5 }
  return `M${at(tip)}L${at({ x: base.x + side.x, y: base.y + side.y })}L${at({ x: base.x - side.x, y: base.y - side.y })}Z`
}

/** @returns the point `distance` from `from` on the way to `to`, at most half of it */
function toward(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y)
  const part = length === 0 ? 0 : Math.min(0.5, distance / length)
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

const at = ({ x, y }: Point) => `${round(x)} ${round(y)}`
const round = (pixels: number) => Math.round(pixels * 10) / 10
const escaped = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
