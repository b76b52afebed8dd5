import { expect } from 'chai'
import { chartOf, statesOf } from '../../../actors/drawing/chart.ts'
import { drawingOf } from '../../../actors/drawing/layout.ts'
import { renderDrawing } from '../../../actors/drawing/svg.ts'
import { peerMachine } from '../../../machines/peer.ts'
import { gateMachine } from './lamp.ts'
import { doorMachine, oddMachine, ownCharts } from './some-charts.ts'

describe('the SVG of a chart', () => {
  for (const machine of [...ownCharts, doorMachine, oddMachine]) {
    it(`is well formed, and names each state and transition of ${machine.id}`, async () => {
      const svg = renderDrawing(await drawingOf(machine), { isAlone: true })
      const elements = parse(svg)
      const valuesOf = (name: string) => elements.flatMap(({ attributes }) => attributes[name] ?? [])
      const states = statesOf(chartOf(machine).root)
      expect(valuesOf('data-state')).to.have.members(states.map(({ path }) => path))
      expect(valuesOf('data-edge')).to.have.members(
        states.flatMap(({ transitions }) => transitions.map(({ name }) => name)),
      )
    })
    it(`loads nothing and runs nothing, for ${machine.id}`, async () => {
      const svg = renderDrawing(await drawingOf(machine), { isAlone: true })
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.to.match(
        /https?:|<script|<image|<use|href|url\(|@import|\son[a-z]+=/i,
      )
    })
  }
  it('holds names as text, whatever is in them', async () => {
    const svg = renderDrawing(await drawingOf(oddMachine))
    expect(svg).not.to.include('<chart>').and.not.to.include('<it>').and.not.to.include('<b>')
    const texts = parse(svg).map(({ text }) => text)
    expect(texts).to.include('odd <chart> & "more"').and.to.include('[is <b>&"odd"</b>]')
  })
  it('reads alternatives of one event as such', async () => {
    const texts = parse(renderDrawing(await drawingOf(gateMachine))).map(({ text }) => text)
    expect(texts).to.include.members(['[isFull]', 'or [isLate]', '[else]', 'too many peers'])
  })
  it('distinguishes labels that stand on a nested state from those on the paper', async () => {
    const svg = renderDrawing(await drawingOf(peerMachine))
    const labels = parse(svg)
      .flatMap(({ attributes }) => attributes.class ?? [])
      .filter((kind) => kind.startsWith('edge'))
    expect(new Set(labels)).to.deep.equal(new Set(['edge', 'edge nested']))
  })
  it('has its style in it only where it stands alone', async () => {
    const drawing = await drawingOf(doorMachine)
    expect(renderDrawing(drawing)).not.to.include('<style')
    expect(renderDrawing(drawing, { isAlone: true })).to.include('prefers-color-scheme: dark')
  })
})

type Element = { readonly tag: string; readonly attributes: Record<string, string>; text: string }

/** @throws what is not well-formed XML, as far as a drawing goes: elements, attributes and text */
function parse(xml: string): Element[] {
  const [elements, open]: [Element[], Element[]] = [[], []]
  const tokens = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  let end = 0
  for (const [token, isEnd, tag = '', attributes = '', isEmpty, text] of xml.matchAll(tokens)) {
    end += token.length
    if (text !== undefined) {
      if (open.length > 0) open.at(-1)!.text += unescaped(text)
    } else if (isEnd) {
      expect(open.pop()?.tag, `what </${tag}> ends`).to.equal(tag)
    } else {
      const pairs = [...attributes.matchAll(/([a-zA-Z-]+)="([^"]*)"/g)].map(([, name, value]) => [
        name,
        unescaped(value!),
      ])
      const element = { tag, attributes: Object.fromEntries(pairs), text: '' }
      expect(Object.keys(element.attributes), 'an attribute twice').to.have.length(pairs.length)
      elements.push(element)
      if (!isEmpty) open.push(element)
    }
  }
  expect(xml.slice(end), 'what is no markup').to.equal('')
  expect(
    open.map(({ tag }) => tag),
    'what has no end',
  ).to.deep.equal([])
  return elements
}

function unescaped(text: string): string {
  expect(text).not.to.match(/&(?!#\d+;)/)
  return text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))
}
