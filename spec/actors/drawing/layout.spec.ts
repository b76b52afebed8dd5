import { expect } from 'chai'
import fc from 'fast-check'
import type { AnyStateMachine } from 'xstate'
import { chartOf, statesOf } from '../../../actors/drawing/chart.ts'
import type { Drawing, DrawnEdge, Point, Rect } from '../../../actors/drawing/drawing.ts'
import { drawingOf } from '../../../actors/drawing/layout.ts'
import { widthOf } from '../../../actors/drawing/measure.ts'
import { peerMachine } from '../../../machines/peer.ts'
import { someOf } from '../../long.ts'
import { randomChart } from './random-charts.ts'
import { doorMachine, oddMachine, ownCharts } from './some-charts.ts'

/** What holds for every drawing of every chart. */
const promises: Readonly<Record<string, (drawing: Drawing, machine: AnyStateMachine) => void>> = {
  'has every state once, each inside of its parent': (drawing, machine) => {
    expect(drawing.states.map(({ path }) => path)).to.have.members(statesIn(machine).map(({ path }) => path))
    for (const state of drawing.states)
      if (state.path) expect(isInside(state, boxOf(drawing, parentOf(state.path))), state.path).to.equal(true)
  },
  'has every transition once': (drawing, machine) => {
    const names = [...drawing.states, ...drawing.edges].flatMap(({ block }) => block?.transitions ?? [])
    const expected = statesIn(machine).flatMap(({ transitions }) => transitions)
    expect(names.map(({ name }) => name)).to.have.members(expected.map(({ name }) => name))
  },
  'says where each state with states inside begins': ({ edges }, machine) => {
    const begun = edges.filter(({ block }) => !block).map(({ source, target }) => [source, target])
    const initial = statesIn(machine).flatMap(({ path, initial }) => (initial === undefined ? [] : [[path, initial]]))
    expect(begun).to.have.deep.members(initial)
  },
  'has no boxes that overlap, and no text that overlaps text or boxes': ({ states, edges, marks }) => {
    const labels = edges.flatMap(({ block }) => block ?? [])
    for (const [a, b] of pairs(states)) expect(areApart(a, b) || isKin(a, b), reported(a, b)).to.equal(true)
    for (const [a, b] of pairs([...labels, ...marks, ...states.map(({ block }) => block)]))
      expect(areApart(a, b), reported(a, b)).to.equal(true)
    for (const thing of [...labels, ...marks])
      for (const box of states)
        expect(areApart(thing, box) || isInside(thing, box), reported(thing, box)).to.equal(true)
  },
  'has room for all text': ({ states, edges }) => {
    for (const block of [...states, ...edges].flatMap(({ block }) => block ?? [])) {
      const lines = [...block.texts, ...block.transitions.flatMap(({ texts }) => texts)]
      for (const { x, y, text, kind } of lines) {
        expect(x + widthOf(text, kind), text).to.be.at.most(block.x + block.width + 1)
        expect(y).to.be.within(block.y, block.y + block.height)
      }
      for (const [a, b] of pairs(lines))
        if (a.y === b.y)
          expect(a.x + widthOf(a.text, a.kind) < b.x || b.x + widthOf(b.text, b.kind) < a.x, a.text).to.equal(true)
    }
    for (const state of states) expect(isInside(state.block, state), state.path).to.equal(true)
  },
  'has arrows from border to border': (drawing) => {
    for (const edge of drawing.edges) {
      const [from, to] = [startsOf(drawing, edge), endsOf(drawing, edge)]
      expect(
        from.some((box) => isOnBorder(edge.points[0]!, box)),
        `from ${edge.source}`,
      ).to.equal(true)
      expect(
        to.some((box) => isOnBorder(edge.points.at(-1)!, box)),
        `to ${edge.target}`,
      ).to.equal(true)
    }
  },
}

for (const machine of [...ownCharts, doorMachine, oddMachine] as AnyStateMachine[])
  for (const hasCounts of someOf([false, true]))
    describe(`the drawing of ${machine.id}${hasCounts ? ', with room for counts' : ''}`, () => {
      for (const [promise, keeps] of Object.entries(promises))
        it(promise, async () => keeps(await drawingOf(machine, { hasCounts }), machine))
      it('has no arrow that runs through text', async () => {
        const { states, edges } = await drawingOf(machine, { hasCounts })
        for (const edge of edges)
          for (const { block } of [...states, ...edges])
            if (block && block !== edge.block)
              for (const [i, to] of edge.points.slice(1).entries())
                expect(areApart(block, lineOf(edge.points[i]!, to)), reported(edge, block)).to.equal(true)
      })
    })

describe('drawings', () => {
  it('keep their promises for whatever chart XState takes', () =>
    fc.assert(
      fc.asyncProperty(randomChart, fc.boolean(), async (machine, hasCounts) => {
        const drawing = await drawingOf(machine, { hasCounts })
        for (const keeps of Object.values(promises)) keeps(drawing, machine)
      }),
      { numRuns: 15 },
    )).timeout(60_000)
  it('are made once for each definition', () => expect(drawingOf(doorMachine)).to.equal(drawingOf(doorMachine)))
  it('leave the thread to the node while they are made', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await drawingOf(peerMachine.provide({}))
    clearInterval(timer)
    expect(turns).to.be.at.least(5)
  })
})

const statesIn = (machine: AnyStateMachine) => statesOf(chartOf(machine).root)

type Box = Rect & { readonly path: string }
const boxOf = ({ states }: Drawing, path: string): Rect => states.find((state) => state.path === path)!
const parentOf = (path: string): string => path.split('.').slice(0, -1).join('.')
const isWithin = (inner: string, outer: string) => outer === '' || inner.startsWith(`${outer}.`)
const isKin = (a: Box, b: Box) => isWithin(a.path, b.path) || isWithin(b.path, a.path)
const reported = (...rects: readonly object[]): string =>
  rects.map((rect) => JSON.stringify(rect).slice(0, 150)).join(' and ')

const startsOf = (drawing: Drawing, { source, block }: DrawnEdge): Rect[] => [
  ...(block ? [boxOf(drawing, source)] : []),
  ...drawing.marks.filter(({ path, kind }) => path === source && kind === (block ? 'any' : 'initial')),
]
const endsOf = (drawing: Drawing, { target }: DrawnEdge): Rect[] => [
  boxOf(drawing, target),
  ...drawing.marks.filter(({ path, kind }) => path === target && kind === 'initial'),
]

function* pairs<Thing>(things: readonly Thing[]): Iterable<[Thing, Thing]> {
  for (const [i, a] of things.entries()) for (const b of things.slice(i + 1)) yield [a, b]
}

const areApart = (a: Rect, b: Rect): boolean =>
  a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y

const lineOf = (from: Point, to: Point): Rect => ({
  ...{ x: Math.min(from.x, to.x), y: Math.min(from.y, to.y) },
  ...{ width: Math.abs(from.x - to.x), height: Math.abs(from.y - to.y) },
})

const isInside = (inner: Rect, outer: Rect): boolean =>
  inner.x >= outer.x - 0.2 &&
  inner.y >= outer.y - 0.2 &&
  inner.x + inner.width <= outer.x + outer.width + 0.2 &&
  inner.y + inner.height <= outer.y + outer.height + 0.2

function isOnBorder({ x, y }: Point, box: Rect): boolean {
  const isNear = (a: number, b: number) => Math.abs(a - b) <= 0.5
  const [isAcross, isAlong] = [
    x >= box.x - 0.5 && x <= box.x + box.width + 0.5,
    y >= box.y - 0.5 && y <= box.y + box.height + 0.5,
  ]
  return (
    (isAcross && (isNear(y, box.y) || isNear(y, box.y + box.height))) ||
    (isAlong && (isNear(x, box.x) || isNear(x, box.x + box.width)))
  )
}
