import { useMemo, useRef } from 'preact/hooks'
import { isPress } from './keys.ts'
import { bytes, outermost, some } from './labels.ts'
import { type Acquaintance, networkOf, type Spot, type Tie } from './network-layout.ts'
import type { Props } from './props.ts'
import { useScrolling } from './scrolling.ts'

/** Which nodes are connected. A line lights up with what goes over it. */
export function NetworkView({ session }: Props) {
  const { scene, place } = session
  const { ref, width, height } = useScrolling()
  // Actors seldom change, and this updates the traffic often enough.
  const network = useMemo(() => scene && networkOf(scene), [scene, Math.floor(performance.now() / 250)])
  const rates = useRates(network?.ties ?? [], trafficOf)
  const packets = useRates(network?.acquaintances ?? [], stepsOf)
  if (!network) return null
  const { spots, ties, acquaintances, left } = network
  const pointOf = ({ x, y }: Spot) => ({ x: x * (width / 2 - 60), y: y * (height / 2 - 56) })
  const places = new Map(spots.map((spot) => [spot.id, spot]))
  if (spots.length === 0) return <p class="empty">No node here.</p>
  return (
    <section class="network" aria-label="Which nodes are connected" data-crowded={spots.length > mostNamed}>
      <div class="field" ref={ref}>
        <svg viewBox={`${-width / 2} ${-height / 2} ${width} ${height}`}>
          <title>Which nodes are connected</title>
          {acquaintances.map((pair) => (
            <Curve
              key={pair.id}
              pair={pair}
              from={pointOf(places.get(pair.from)!)}
              to={pointOf(places.get(pair.to)!)}
              isLit={packets(pair) > 0}
              isChosen={place.actor !== undefined && pair.actors.includes(place.actor)}
              choose={() => session.go({ actor: pair.actors[0] })}
            />
          ))}
          {ties.map((tie) => (
            <Line
              key={tie.id}
              tie={tie}
              from={places.get(tie.from)!}
              to={places.get(tie.to)!}
              pointOf={pointOf}
              rate={rates(tie)}
              isChosen={place.actor !== undefined && tie.peers.includes(place.actor)}
              choose={() => session.go({ actor: tie.peers[0] })}
            />
          ))}
          {spots.map((spot) => (
            <Dot
              key={spot.id}
              spot={spot}
              at={pointOf(spot)}
              isChosen={spot.actor === place.actor}
              choose={() => session.go({ actor: spot.actor })}
            />
          ))}
        </svg>
      </div>
      <p class="legend">
        {some(spots.filter(({ isOurs }) => isOurs).length, 'node')} in this process,{' '}
        {some(ties.length + left, 'connection')}. In a node is the number of its peers; a line is lit by what goes over
        it.
        {acquaintances.length > 0 &&
          ' A dotted curve: they know each other by discovery, and it is lit by its packets.'}
        {left > 0 && ` ${left} more are not drawn: search them among the actors.`}
      </p>
    </section>
  )
}

/** Of more than that only who is pointed at is named. */
const mostNamed = 24

type Point = { readonly x: number; readonly y: number }

type LineProps = {
  readonly tie: Tie
  readonly from: Spot
  readonly to: Spot
  /** Bytes a second. */
  readonly rate: number
  readonly isChosen: boolean
  pointOf(spot: Spot): Point
  choose(): void
}

function Line({ tie, from, to, rate, isChosen, pointOf, choose }: LineProps) {
  const [a, b] = [pointOf(from), pointOf(to)]
  const level = rate <= 0 ? 0 : Math.min(4, 1 + Math.floor(Math.log10(1 + rate / 30)))
  const isUp = outermost(tie.state) === 'running'
  const label = `${from.name} and ${to.name}: ${outermost(tie.state)}, ${bytes(tie.traffic)}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line of a drawing cannot be an HTML button
    <g
      class="tie"
      role="button"
      tabindex={0}
      aria-label={label}
      aria-pressed={isChosen}
      data-level={level}
      data-up={isUp}
      onClick={choose}
      onKeyDown={(event) => isPress(event) && choose()}
    >
      <title>{label}</title>
      <line class="reach" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
      <line class="wire" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
      {level > 0 && <line class="flow" x1={a.x} y1={a.y} x2={b.x} y2={b.y} />}
      {from.isOurs && to.isOurs && (
        <text x={(a.x + b.x) / 2} y={(a.y + b.y) / 2 - 8}>
          {isUp ? `${bytes(tie.traffic)}` : outermost(tie.state)}
        </text>
      )}
    </g>
  )
}

type CurveProps = {
  readonly pair: Acquaintance
  readonly from: Point
  readonly to: Point
  readonly isLit: boolean
  readonly isChosen: boolean
  choose(): void
}

/** Bent away from the line between the two. */
function Curve({ pair, from: a, to: b, isLit, isChosen, choose }: CurveProps) {
  const bend = { x: (a.x + b.x) / 2 - (b.y - a.y) * 0.12, y: (a.y + b.y) / 2 + (b.x - a.x) * 0.12 }
  const path = `M${a.x} ${a.y}Q${bend.x} ${bend.y} ${b.x} ${b.y}`
  const label = `${pair.from} and ${pair.to} know each other by ${pair.by.join(' and ')}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line of a drawing cannot be an HTML button
    <g
      class="acquaintance"
      role="button"
      tabindex={0}
      aria-label={label}
      aria-pressed={isChosen}
      data-lit={isLit}
      onClick={choose}
      onKeyDown={(event) => isPress(event) && choose()}
    >
      <title>{label}</title>
      <path class="reach" d={path} />
      <path class="curve" d={path} />
    </g>
  )
}

type DotProps = {
  readonly spot: Spot
  readonly at: Point
  readonly isChosen: boolean
  choose(): void
}

function Dot({ spot, at: { x, y }, isChosen, choose }: DotProps) {
  const radius = spot.isOurs ? 26 : 9
  const below = spot.y >= -0.01
  return (
    // biome-ignore lint/a11y/useSemanticElements: a dot of a drawing cannot be an HTML button
    <g
      class="spot"
      role="button"
      tabindex={0}
      aria-label={`${spot.name}, ${spot.note}`}
      aria-pressed={isChosen}
      data-ours={spot.isOurs}
      onClick={choose}
      onKeyDown={(event) => isPress(event) && choose()}
    >
      <circle cx={x} cy={y} r={radius} />
      {spot.isOurs && (
        <text x={x} y={y + 7} class="degree">
          {spot.degree}
        </text>
      )}
      <text x={x} y={below ? y + radius + 22 : y - radius - 28} class="who">
        {spot.name}
      </text>
      <text x={x} y={below ? y + radius + 40 : y - radius - 11} class="note">
        {outermost(spot.note)}
      </text>
    </g>
  )
}

const trafficOf = ({ traffic }: Tie): number => traffic
const stepsOf = ({ steps }: Acquaintance): number => steps

/** @returns how much of what `amountOf` counts each had in a second, of the last two */
function useRates<Edge extends { readonly id: string }>(
  edges: readonly Edge[],
  amountOf: (edge: Edge) => number,
): (edge: Edge) => number {
  /** BOUNDED: by what is drawn. */
  const samples = useRef<ReadonlyMap<string, Sample>>(new Map())
  const at = performance.now()
  samples.current = new Map(
    edges.map((edge) => [edge.id, nextSample(samples.current.get(edge.id), amountOf(edge), at)]),
  )
  return ({ id }) => samples.current.get(id)?.rate ?? 0
}

type Sample = { readonly at: number; readonly amount: number; readonly rate: number }

function nextSample(last: Sample | undefined, amount: number, at: number): Sample {
  if (!last || amount < last.amount) return { at, amount, rate: 0 }
  const elapsed = (at - last.at) / 1_000
  if (elapsed < 0.5) return last
  const rate = (amount - last.amount) / elapsed / 2 + last.rate / 2
  return { at, amount, rate: rate < 1 ? 0 : rate }
}
