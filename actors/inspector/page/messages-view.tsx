import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ShownLine } from '../wire.ts'
import { Absent } from './absent.tsx'
import { type Fold, fold, isUnfolded, toggled } from './folding.ts'
import { bytes, latency, moment, some } from './labels.ts'
import { type Lanes, lanesOf, type Step } from './lanes.ts'
import type { Props } from './props.ts'
import { useScrolling } from './scrolling.ts'

/** Messages alone; the states that they lead to; every event. */
const depths = ['messages', 'states', 'events'] as const
type Depth = (typeof depths)[number]
type Shown = { readonly line: ShownLine; readonly step: Step }
/** Null for lines that are not shown. BOUNDED: by the lines that are loaded. */
type Seen = WeakMap<ShownLine, Shown | null>
/** Pixels. */
const rowHeight = 32

/** The messages of a node or of one peer as a sequence: time goes down, a lane for each who takes part. */
export function MessagesView({ session }: Props) {
  const { scene, scope, window, place } = session
  const [search, setSearch] = useState('')
  const [depth, setDepth] = useState<Depth>('states')
  const { ref, top, height, width } = useScrolling()
  const isFollowing = useRef(true)
  const known = scene && scope !== undefined && scene.actors.has(scope)
  const lines = window.until(place.seq)
  const isNarrow = width < 600
  const timeWidth = isNarrow ? 56 : 76
  const lanes = known ? lanesOf(scene, scope, lines, isNarrow) : undefined
  const laneKey = lanes?.lanes.map(({ id }) => id).join(' ')
  // A line is looked at once, however often the view is drawn.
  const seen: Seen = useMemo(() => new WeakMap(), [laneKey, search, depth])
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set())
  const all = lanes ? shownOf(lines, lanes, search, depth, seen) : []
  const isOpen = (run: readonly Shown[]) => isUnfolded(unfolded, run) || run.some(({ line }) => line.seq === place.line)
  const shown = search === '' && depth !== 'events' ? fold(all, isOpen) : all
  const laneRoom = Math.max(lanes?.narrowest ?? 0, width - timeWidth)

  useLayoutEffect(() => {
    const frame = ref.current
    if (frame && isFollowing.current) frame.scrollTop = frame.scrollHeight
  }, [shown.length, lines.at(-1)?.seq, height])
  // A line that was chosen elsewhere, or by a link, is brought into view.
  const chosen =
    place.line === undefined ? -1 : shown.findIndex((row) => !('fold' in row) && row.line.seq === place.line)
  useLayoutEffect(() => {
    const frame = ref.current
    if (place.line !== undefined && place.line < (lines[0]?.seq ?? 0)) void session.older()
    if (!frame || chosen === -1) return
    const at = chosen * rowHeight
    if (at >= frame.scrollTop && at <= frame.scrollTop + frame.clientHeight - 3 * rowHeight) return
    isFollowing.current = false
    frame.scrollTop = at - frame.clientHeight / 2
  }, [place.line, chosen === -1, search, depth, lines[0]?.seq])
  useEffect(() => {
    const frame = ref.current
    if (!frame) return
    isFollowing.current = frame.scrollHeight - frame.scrollTop - frame.clientHeight < rowHeight * 1.5
    if (top < rowHeight * 4) void keepingPlace(frame, () => session.older())
  }, [top, shown.length, lines[0]?.seq])

  if (!scene || !lanes) return <Absent actor={place.actor} />
  const first = Math.max(0, Math.floor(top / rowHeight) - 10)
  const last = Math.ceil((top + height) / rowHeight) + 10
  const middle = (lane: number) => timeWidth + lanes.middle(lane, laneRoom)
  return (
    <section class="messages" aria-label="Messages in time" data-narrow={isNarrow}>
      <div class="tools">
        <input
          type="search"
          aria-label="Filter messages"
          placeholder="Filter: Headers, eth, Disconnect …"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
        <div class="choice">
          {depths.map((each) => (
            <button type="button" key={each} class="chip" aria-pressed={depth === each} onClick={() => setDepth(each)}>
              {each}
            </button>
          ))}
        </div>
        <span class="tally">{some(all.length, 'line')}</span>
        {place.actor !== scope && scope !== undefined && <span class="tally">of {scope}</span>}
      </div>
      <div class="lines" ref={ref} role="log" aria-label="Messages" aria-live="off">
        <div class="lane-heads" style={{ width: `${timeWidth + laneRoom}px` }}>
          {lanes.lanes.map(({ id, title, note }, lane) => (
            <button
              type="button"
              key={id}
              class="lane-head"
              style={{ left: `${middle(lane)}px` }}
              onClick={() => scene.actors.has(id) && session.go({ actor: id })}
            >
              <b>{title}</b>
              <small>{note}</small>
            </button>
          ))}
        </div>
        <div class="sizer" style={{ height: `${shown.length * rowHeight}px`, width: `${timeWidth + laneRoom}px` }}>
          {lanes.lanes.map(({ id }, lane) => (
            <div key={id} class="lifeline" style={{ left: `${middle(lane)}px` }} />
          ))}
          {shown.slice(first, last).map((item, index) =>
            'fold' in item ? (
              <FoldRow
                key={`fold ${item.fold}`}
                item={item}
                top={(first + index) * rowHeight}
                left={timeWidth}
                toggle={() => {
                  isFollowing.current = false // what is opened is to be seen, not what comes after it
                  setUnfolded(toggled(unfolded, item))
                }}
              />
            ) : (
              <Row
                key={item.line.seq}
                item={item}
                top={(first + index) * rowHeight}
                timeWidth={timeWidth}
                end={timeWidth + laneRoom}
                middle={middle}
                titleOf={(lane) => lanes.lanes[lane]!.title}
                isChosen={item.line.seq === place.line}
                choose={(line) => session.go({ line })}
              />
            ),
          )}
        </div>
        {shown.length === 0 && <p class="empty">Nothing of that kind in the history.</p>}
      </div>
    </section>
  )
}

type FoldProps = { readonly item: Fold; readonly top: number; readonly left: number; toggle(): void }

function FoldRow({ item: { line, polls, isOpen }, top, left, toggle }: FoldProps) {
  return (
    <button
      type="button"
      class="line"
      data-kind="fold"
      aria-expanded={isOpen}
      style={{ top: `${top}px`, height: `${rowHeight}px` }}
      onClick={toggle}
    >
      <time>{moment(line.at)}</time>
      <span class="label" style={{ left: `${left}px` }}>
        {some(polls, 'poll')} without news
      </span>
    </button>
  )
}

type RowProps = {
  readonly item: Shown
  readonly top: number
  readonly isChosen: boolean
  readonly timeWidth: number
  /** The right edge of the lanes. */
  readonly end: number
  middle(lane: number): number
  titleOf(lane: number): string
  choose(seq: number): void
}

function Row({ item: { line, step }, top, isChosen, timeWidth, end, middle, titleOf, choose }: RowProps) {
  const [left, right] =
    step.kind === 'mark'
      ? [middle(step.at), middle(step.at)]
      : [Math.min(middle(step.from), middle(step.to)), Math.max(middle(step.from), middle(step.to))]
  const centre = (left + right) / 2
  const room =
    step.kind === 'message' ? Math.max(2 * Math.min(centre - timeWidth, end - centre), right - left) : undefined
  return (
    <button
      type="button"
      class="line"
      aria-pressed={isChosen}
      data-kind={step.kind}
      data-seq={line.seq}
      data-name={step.name}
      data-end={step.kind === 'message' && step.isEnd}
      data-weight={step.kind === 'mark' ? step.weight : undefined}
      aria-label={step.kind === 'mark' ? undefined : spoken(line, step, titleOf)}
      style={{ top: `${top}px`, height: `${rowHeight}px` }}
      onClick={() => choose(line.seq)}
    >
      <time>{moment(line.at)}</time>
      {step.kind !== 'mark' && (
        <span
          class="arrow"
          data-towards={step.to > step.from ? 'right' : 'left'}
          style={{ left: `${left}px`, width: `${right - left}px` }}
        />
      )}
      <span class="label" style={{ left: `${centre}px`, maxInlineSize: room === undefined ? undefined : `${room}px` }}>
        <b>{step.name}</b>
        {step.kind === 'cause' && step.state !== '' && <i>{step.state}</i>}
        {line.text !== undefined && <span>{line.text}</span>}
        {'size' in line && line.text === undefined && <span>{bytes(line.size)}</span>}
        {line.answers && <em>{latency(line.answers.latency)}</em>}
      </span>
    </button>
  )
}

/** What an arrow shows to who sees it. */
function spoken(line: ShownLine, { from, to, name }: Exclude<Step, { kind: 'mark' }>, titleOf: RowProps['titleOf']) {
  const answer = line.answers && `after ${latency(line.answers.latency)}`
  const what = [name, line.text, answer].filter(Boolean).join(', ')
  return `${moment(line.at)} s, ${titleOf(from)} to ${titleOf(to)}: ${what}`
}

function shownOf(lines: readonly ShownLine[], lanes: Lanes, search: string, depth: Depth, seen: Seen): Shown[] {
  const wanted = search.toLowerCase().split(/\s+/).filter(Boolean)
  const shown: Shown[] = []
  for (const line of lines) {
    let one = seen.get(line)
    if (one === undefined) {
      const step = lanes.step(line)
      one = step && isWithin(step, depth) && isWanted(line, step, wanted) ? { line, step } : null
      seen.set(line, one)
    }
    if (one) shown.push(one)
  }
  return shown
}

function isWanted(line: ShownLine, step: Step, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  const text = [step.name, line.text, line.actor, 'protocol' in line ? line.protocol : ''].join(' ').toLowerCase()
  return wanted.every((word) => text.includes(word))
}

function isWithin(step: Step, depth: Depth): boolean {
  if (depth === 'events' || step.kind === 'message') return true
  return depth === 'states' && (step.kind === 'cause' || step.weight !== 'event')
}

/** What is looked at stays where it is while lines come in above it. */
async function keepingPlace(frame: HTMLElement, load: () => Promise<void>): Promise<void> {
  const before = frame.scrollHeight - frame.scrollTop
  await load()
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      frame.scrollTop = Math.max(frame.scrollTop, frame.scrollHeight - before)
    }),
  )
}
