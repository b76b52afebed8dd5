import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Drawing } from '../../drawing/drawing.ts'
import { chartStyle } from '../../drawing/style.ts'
import { renderDrawing } from '../../drawing/svg.ts'
import type { ActorFacts, ShownLine } from '../wire.ts'
import { useAnswer } from './asking.ts'
import { animate, count, labelOf, lightUp, pointedOut, pointOut, reveal, type Wear } from './chart-paint.ts'
import { useZoom } from './chart-zoom.ts'
import { isPress } from './keys.ts'
import type { Props } from './props.ts'
import { useScrolling } from './scrolling.ts'

export type TransitionLine = Extract<ShownLine, { readonly type: 'transition' }>

type FigureProps = Props & {
  readonly facts: ActorFacts
  /** The newest last. */
  readonly taken: readonly TransitionLine[]
}

/** The drawing of an actor's chart: where it stands is lit, the way it came shows, every transition bears its count. */
export function ChartFigure({ session, facts, taken }: FigureProps) {
  const found = useDrawing({ session, facts, taken })
  const drawing = typeof found === 'string' ? undefined : found
  const wear = useWear({ session, facts, taken })
  const frame = useScrolling()
  const sheet = useRef<HTMLDivElement>(null)
  const { zoom, zoomBy, zoomTo } = useZoom(frame.ref)
  const svg = useMemo(() => (drawing ? renderDrawing(drawing) : ''), [drawing])
  const fitting = drawing ? Math.min(1, Math.max(0.45, (frame.width - room) / drawing.width)) : 1
  const [caption, setCaption] = useState('')
  const last = taken.at(-1)

  useLayoutEffect(() => {
    if (sheet.current) sheet.current.innerHTML = svg
  }, [svg])
  useLayoutEffect(() => {
    if (sheet.current) lightUp(sheet.current, facts.state)
  }, [svg, facts.state])
  useLayoutEffect(() => {
    if (frame.ref.current) reveal(frame.ref.current)
  }, [svg, facts.state, fitting])
  useEffect(() => {
    if (!sheet.current) return
    count(sheet.current, wear)
    setCaption(pointedOut(sheet.current))
  }, [svg, wear])
  useEffect(() => {
    if (sheet.current) animate(sheet.current, last?.edges ?? [])
  }, [svg, last?.seq])

  const open = async (names: readonly string[]) => {
    if (names.length === 0) return
    const isOne = (line: ShownLine) => line.type === 'transition' && line.edges.some((name) => names.includes(name))
    const line = taken.findLast(isOne) ?? (await findRemembered({ session, facts }, isOne))
    if (line) session.go({ line: line.seq })
    else session.complain(`${names.join(', ')}: not taken as far as the history goes back`)
  }
  // What is drawn is not preact's: its transitions are found by what they bear.
  useEffect(() => {
    const { current } = sheet
    const click = ({ target }: Event) => void open(transitionsAt(target))
    const press = (event: Event) => isPress(event as KeyboardEvent) && void open(transitionsAt(event.target))
    const point = ({ target }: Event) => {
      if (!current) return
      pointOut(current, target as Element)
      setCaption(pointedOut(current))
    }
    const listeners = Object.entries({ click, keydown: press, pointerover: point, focusin: point })
    for (const [name, listener] of listeners) current?.addEventListener(name, listener)
    return () => {
      for (const [name, listener] of listeners) current?.removeEventListener(name, listener)
    }
  })
  const whole = () => {
    const { clientWidth, clientHeight } = frame.ref.current!
    if (drawing)
      zoomTo(Math.min((clientWidth - room) / drawing.width, (clientHeight - room - below) / drawing.height) / fitting)
  }
  const inlineSize = `${drawing ? drawing.width * fitting * zoom : 0}px`
  return (
    <figure class="figure">
      <div class="frame" ref={frame.ref}>
        <div class="sheet" ref={sheet} style={{ inlineSize }} />
        {!drawing && <p class="empty">{found ?? `The chart ${facts.chart} is being laid out …`}</p>}
      </div>
      {caption && <p class="caption">{caption}</p>}
      <div class="zoom">
        <button type="button" class="quiet" aria-label="Smaller" onClick={() => zoomBy(1 / 1.25)}>
          −
        </button>
        <button type="button" class="quiet" aria-label="The whole chart" title="The whole chart" onClick={whole}>
          <Icon path="M1 1h14v14H1zM4.5 4.5h7v7h-7z" />
        </button>
        <button
          type="button"
          class="quiet"
          aria-label="As wide as the view"
          title="As wide as the view"
          onClick={() => zoomTo(1)}
        >
          <Icon path="M1 1v14M15 1v14M4 8h8M6.5 5.5 4 8l2.5 2.5M9.5 5.5 12 8l-2.5 2.5" />
        </button>
        <button type="button" class="quiet" aria-label="Larger" onClick={() => zoomBy(1.25)}>
          +
        </button>
      </div>
    </figure>
  )
}

/** Drawn, not written: no font is sure to have it. */
function Icon({ path }: { readonly path: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  )
}

/** Pixels around a drawing. */
const room = 24
/** Pixels that the buttons take from the lower end of the frame. */
const below = 44

/** BOUNDED: by the charts there are. */
const drawings = new Map<string, Drawing>()

/** @returns undefined while it is asked for, a text where there is none */
function useDrawing({ session, facts: { chart } }: FigureProps): Drawing | string | undefined {
  const [fault, setFault] = useState<string>()
  const isOpen = session.state === 'open'
  useEffect(() => {
    if (drawings.has(chart) || !isOpen) return
    session.link.ask('chart', { chart }).then(
      ({ drawing }) => {
        drawings.set(chart, drawing)
        setFault('')
      },
      (error: Error) => setFault(`There is no drawing of this chart: ${error.message}.`),
    )
  }, [chart, isOpen])
  return drawings.get(chart) ?? fault
}

/** How often each transition was taken, as the node has counted since it is watched. */
function useWear({ session, facts }: FigureProps): Wear {
  const { actor, count } = facts
  const { seq } = session.place
  const answer = useAnswer(actor, `${seq} ${count} ${session.state}`, () =>
    session.ask(session.link.ask('actor', { actor, ...(seq !== undefined && { seq }) })),
  )
  const edges = answer?.actor.edges
  return useMemo(() => new Map(Object.entries(edges ?? {})), [edges])
}

/** The newest that `isOne` of what its node still knows of the actor, up to the moment that is looked at. */
async function findRemembered(
  { session, facts }: Pick<FigureProps, 'session' | 'facts'>,
  isOne: (line: ShownLine) => boolean,
): Promise<ShownLine | undefined> {
  const { seq } = session.place
  let until = seq === undefined ? {} : { before: seq + 1 }
  for (let asked = 0; asked < mostAsked; asked++) {
    const question = session.link.ask('lines', { actor: facts.actor, ownOnly: true, limit: mostLines, ...until })
    const lines = (await session.ask(question))?.lines ?? []
    const line = lines.findLast(isOne)
    if (line || lines.length < mostLines) return line
    until = { before: lines[0]!.seq }
  }
  return undefined
}
const mostLines = 1_000
const mostAsked = 5

/** Of an arrow, those that share it. */
function transitionsAt(target: EventTarget | null): string[] {
  const one = (target as Element | null)?.closest<SVGElement>('[data-edge]')
  const all = one ? [one] : labelOf(target as Element)?.querySelectorAll<SVGElement>('[data-edge]')
  return Array.from(all ?? [], ({ dataset }) => dataset.edge ?? '')
}

const style = new CSSStyleSheet()
style.replaceSync(chartStyle)
document.adoptedStyleSheets.push(style)
