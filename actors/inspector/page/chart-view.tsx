import type { ActorFacts } from '../wire.ts'
import { Absent } from './absent.tsx'
import { ActorHeader } from './actor-header.tsx'
import { ChartFigure, type TransitionLine } from './chart-figure.tsx'
import { eventName, moment, whereTo } from './labels.ts'
import type { Props } from './props.ts'

/** The chart of the chosen actor as it stands, and the transitions that brought it there. */
export function ChartView({ session }: Props) {
  const { scene, scope, window, place } = session
  const facts = scope === undefined ? undefined : scene?.actors.get(scope)
  if (!scene || !facts) return <Absent actor={place.actor} />
  const taken = window
    .until(place.seq)
    .filter((line): line is TransitionLine => line.type === 'transition' && line.actor === facts.actor)
  return (
    <section class="chart-view" aria-label={`Chart of ${facts.actor}`}>
      <ActorHeader scene={scene} facts={facts} isBrief />
      <ChartFigure session={session} facts={facts} taken={taken} key={facts.actor} />
      <Taken session={session} lines={taken} facts={facts} />
    </section>
  )
}

const mostTaken = 100

function Taken({ session, lines }: Props & { readonly lines: readonly TransitionLine[]; readonly facts: ActorFacts }) {
  const shown = lines.slice(-mostTaken).reverse()
  return (
    <section class="taken" aria-label="Transitions taken">
      <h3>Transitions, the newest first</h3>
      <ol class="path">
        {shown.map((line) => (
          <li key={line.seq}>
            <button
              type="button"
              aria-pressed={session.place.line === line.seq}
              onClick={() => session.go({ line: line.seq })}
            >
              <time>{moment(line.at)}</time>
              <b>{eventName(line.event)}</b>
              <span>{whereTo(line)}</span>
            </button>
          </li>
        ))}
      </ol>
      {shown.length === 0 && <p class="note">None in the history that is kept.</p>}
    </section>
  )
}
