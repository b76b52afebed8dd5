import { setImmediate } from 'node:timers/promises'
import type { History } from '../explain/history.ts'
import { lineText } from '../recording/line-text.ts'
import { toLine } from '../trace/feed-lines.ts'
import type { Heading, Line, RecordingEnd } from '../trace/lines.ts'
import type { ActorFacts } from './wire.ts'

/**
 * A history as a recording, to be kept: what is there when it is asked for. Its lines are counted from 1, behind
 * the actors that were there before the first.
 * @returns its text, in parts that each take the thread a few milliseconds
 */
export async function* recordingOf(history: History, heading: Heading): AsyncGenerator<string> {
  const { oldest, newest } = history
  let seq = 0
  let text = lineText(heading)
  const write = (line: Line) => {
    seq += 1
    text += lineText({ ...line, seq })
  }
  for (const facts of history.actorsBefore) write(bornBefore(facts))
  // Who is at the other end of a connection was said at its beginning.
  for (const kept of history.departures.introductions(oldest.seq)) write(toLine(kept))
  let ended: RecordingEnd['ended'] = 'closed'
  for (let next = oldest.seq; next <= newest.seq; ) {
    if (history.oldest.seq > next) {
      ended = 'slow' // who reads it is: the lines are gone meanwhile
      break
    }
    const last = Math.min(next + linesAtOnce - 1, newest.seq)
    for (const kept of history.forwards(next - 1, last)) write(toLine(kept))
    next = last + 1
    yield text
    text = ''
    await setImmediate()
  }
  yield text + lineText({ ended })
}

function bornBefore({ actor, chart, parent, node, state, startedAt: at }: ActorFacts): Line {
  const of = { ...(parent !== undefined && { parent }), ...(node !== undefined && { node }) }
  return { seq: 0, at, type: 'actor.started', actor, chart, ...of, state }
}

const linesAtOnce = 128
