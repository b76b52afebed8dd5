import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Drawing } from '../drawing/drawing.ts'
import { chartStyle } from '../drawing/style.ts'
import { renderDrawing } from '../drawing/svg.ts'
import type { ActorFacts } from '../wire.ts'
import type { Props } from './app.tsx'
import { useAnswer } from './asking.ts'
import { lightUp, mark, type Wear } from './chart-paint.ts'
import type { TransitionLine } from './chart-view.tsx'
import { useScrolling } from './scrolling.ts'

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
  const [zoom, setZoom] = useState(1)
  const svg = useMemo(() => (drawing ? renderDrawing(drawing) : ''), [drawing])
  const last = taken.at(-1)

  useLayoutEffect(() => {
    if (sheet.current) sheet.current.innerHTML = svg
  }, [svg])
  useLayoutEffect(() => {
    if (sheet.current) lightUp(sheet.current, facts.stoppedAt === undefined ? facts.state : '')
  }, [svg, facts.state, facts.stoppedAt])
  useEffect(() => {
    if (sheet.current) mark(sheet.current, wear, last?.edges ?? [])
  }, [svg, wear, last?.seq])

  const open = (name: string | undefined) => {
    if (name === undefined) return
    const line = taken.findLast(({ edges }) => edges.includes(name))
    if (line) session.go({ line: line.seq })
    else session.complain(`${name}: not taken in the stretch of history that is loaded`)
  }
  // What is drawn is not preact's: its transitions are found by what they bear.
  useEffect(() => {
    const { current } = sheet
    const click = ({ target }: Event) => open(transitionAt(target))
    const press = ({ key, target }: KeyboardEvent) => key === 'Enter' && open(transitionAt(target))
    current?.addEventListener('click', click)
    current?.addEventListener('keydown', press)
    return () => {
      current?.removeEventListener('click', click)
      current?.removeEventListener('keydown', press)
    }
  })
  const fit = drawing ? Math.min(1, Math.max(0.45, (frame.width - 24) / drawing.width)) : 1
  return (
    <figure class="figure">
      <div class="frame" ref={frame.ref}>
        <div class="sheet" ref={sheet} style={{ inlineSize: `${drawing ? drawing.width * fit * zoom : 0}px` }} />
        {typeof found === 'string' && <p class="empty">{found}</p>}
      </div>
      <div class="zoom">
        <button type="button" class="quiet" aria-label="Smaller" onClick={() => setZoom(zoom / 1.25)}>
          −
        </button>
        <button type="button" class="quiet" aria-label="As wide as the view" onClick={() => setZoom(1)}>
          ⤢
        </button>
        <button type="button" class="quiet" aria-label="Larger" onClick={() => setZoom(zoom * 1.25)}>
          +
        </button>
      </div>
    </figure>
  )
}

/** BOUNDED: by the charts there are. */
const drawings = new Map<string, Drawing>()

/** @returns undefined while it is asked for, words where there is none */
function useDrawing({ session, facts: { chart } }: FigureProps): Drawing | string | undefined {
  const [fault, setFault] = useState<string>()
  const isOpen = session.state === 'open'
  useEffect(() => {
    if (drawings.has(chart) || !isOpen) return
    session.link.ask('chart', { chart }).then(
      ({ drawing }) => {
        drawings.set(chart, drawing as Drawing)
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

const transitionAt = (target: EventTarget | null): string | undefined =>
  (target as Element | null)?.closest<SVGElement>('[data-edge]')?.dataset.edge

const style = new CSSStyleSheet()
style.replaceSync(chartStyle)
document.adoptedStyleSheets.push(style)
