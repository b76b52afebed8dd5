import { bytes, count, moment } from './labels.ts'
import type { Props } from './props.ts'

/** The history as a slider: its right end is the present, and follows it. */
export function Timeline({ session }: Props) {
  const { present, place, hello, dropped } = session
  const isLive = place.seq === undefined
  const [from, to] = [present?.oldest.seq ?? 0, present?.now.seq ?? 0]
  const at = Math.min(Math.max(place.seq ?? to, from), to)
  const part = (seq: number) => `${to > from ? ((seq - from) / (to - from)) * 100 : 100}%`
  const held = !isLive && session.past ? session.past.now.at - (present?.now.at ?? 0) : 0
  return (
    <footer class="timeline">
      <button
        type="button"
        class="button hold"
        aria-pressed={!isLive}
        title={isLive ? 'Hold the picture (Space)' : 'Back to the present (Space)'}
        onClick={() => session.togglePause()}
      >
        {hello?.isRecording ? (isLive ? 'End' : 'To the end') : isLive ? 'Live' : 'Back to live'}
      </button>
      <div class="slider">
        <div class="rail" aria-hidden="true">
          <div class="gone" style={{ width: part(at) }} />
          {session.endings
            .filter((seq) => seq >= from)
            .map((seq) => (
              <i key={seq} style={{ left: part(seq) }} />
            ))}
        </div>
        <input
          type="range"
          aria-label="Moment"
          aria-valuetext={
            isLive ? (hello?.isRecording ? 'the end' : 'now') : `${moment(session.past?.now.at ?? 0)} s, line ${at}`
          }
          min={from}
          max={to}
          value={at}
          disabled={!present}
          onInput={({ currentTarget: { valueAsNumber: seq } }) => session.go({ seq: seq >= to ? undefined : seq })}
        />
      </div>
      <p class="clock">
        <output>{moment((session.scene ?? present)?.now.at ?? 0)} s</output>
        <span>{isLive ? (hello?.isRecording ? 'the end' : 'now') : `−${(-held / 1_000).toFixed(1)} s`}</span>
      </p>
      <p class="kept">
        <span title="Lines of the history, numbered from the beginning">
          {count(from)} – {count(to)}
        </span>
        <span title="The node keeps no more than that">
          {hello && !hello.isRecording ? `≤ ${bytes(hello.historyBytes)} kept` : ''}
        </span>
        <a
          href="./history.ndjson"
          download="peerchart.ndjson"
          title="A recording, as inspect, explain and replay read it"
        >
          Save
        </a>
        <span data-some={dropped > 0} title="Lines that this page was too slow for">
          {count(dropped)} dropped
        </span>
      </p>
    </footer>
  )
}
