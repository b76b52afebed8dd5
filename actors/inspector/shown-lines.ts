import type { FeedEntry, MessageEntry } from '../feed.ts'
import { type Kept, toLine } from '../recording/feed-lines.ts'
import type { History } from './history.ts'
import { answers, type Decoded, decodeMessage, nameOf, requestOf } from './messages.ts'
import type { DecodedMessage, ShownLine } from './wire.ts'

// Lines as the page shows them: messages by name, answers with their requests, causes with their effects.

/** @param kept in order */
export function showLines(history: History, kept: readonly Kept[]): ShownLine[] {
  const requests = new Requests()
  const first = kept.find((one) => isMessage(one.entry) && answers(one.entry))
  if (first) for (const one of [...history.backwards(first.seq, first.seq - farthest)].reverse()) requests.note(one)
  return kept.map((one) => {
    const answered = requests.note(one)
    return { ...show(history, one), ...(answered && { answers: latency(answered, one) }) }
  })
}

/** One line with all that is known of it. */
export function showLine(history: History, kept: Kept): { line: ShownLine; message?: DecodedMessage } {
  const { entry, payload } = kept
  const line = show(history, kept)
  if (!isMessage(entry)) return { line }
  const { name, fields, error }: Decoded = decodeMessage(entry, payload)
  const protocol = entry.version === undefined ? entry.protocol : `${entry.protocol}/${entry.version}`
  const other = otherOf(history, kept)
  const message = { name, protocol, fields, ...(other && { other }), ...(error !== undefined && { error }) }
  return { line, message }
}

function show(history: History, kept: Kept): ShownLine {
  const { entry, payload } = kept
  const related = relatedTo(history, kept)
  const line = { ...toLine(kept, { payloads: false }), ...(related !== undefined && { related }) }
  if (!isMessage(entry)) return line
  const { name, text } = decodeMessage(entry, payload)
  return { ...line, name, ...(text !== '' && { text }) }
}

/** The request of an answer, or the answer of a request, and the time between them. */
function otherOf(history: History, kept: Kept): DecodedMessage['other'] {
  if (!isMessage(kept.entry)) return undefined
  const asked = requestOf(kept.entry, kept.payload)
  if (!asked) return undefined
  const isAnswer = answers(kept.entry)
  const lines = isAnswer ? history.backwards(kept.seq, kept.seq - farthest) : history.forwards(kept.seq, farthest)
  for (const one of lines) {
    if (one.actor !== kept.actor || !isMessage(one.entry) || one.entry.type === kept.entry.type) continue
    if (answers(one.entry) === isAnswer) continue
    const other = requestOf(one.entry, one.payload)
    if (other?.id === asked.id && other.request === asked.request)
      return isAnswer ? latency(one, kept) : { ...latency(kept, one), seq: one.seq }
  }
  return undefined
}

/** Requests that have no answer yet, as lines go by. */
class Requests {
  /** BOUNDED: by the lines that are looked at. */
  readonly #open = new Map<string, Kept>()

  /** @returns the request that this answers */
  note(kept: Kept): Kept | undefined {
    const { entry, payload, actor } = kept
    if (!isMessage(entry)) return undefined
    const asked = requestOf(entry, payload)
    if (!asked) return undefined
    const isAnswer = answers(entry)
    const isOurs = (entry.type === 'message.sent') !== isAnswer
    const key = `${actor} ${isOurs} ${asked.request} ${asked.id}`
    const request = this.#open.get(key)
    if (isAnswer) this.#open.delete(key)
    else this.#open.set(key, kept)
    return isAnswer ? request : undefined
  }
}

/** What a chart was told of follows at once, and before anything else happens to that chart. */
function relatedTo(history: History, kept: Kept): number | undefined {
  const { entry, seq, actor } = kept
  if (entry.type === 'message.received') {
    for (const one of history.forwards(seq, nearest)) {
      if (one.entry.type === 'message.received' && one.actor === actor) return undefined
      if (isCausedBy(one, kept)) return one.seq
    }
  } else if (entry.type === 'transition') {
    for (const one of history.backwards(seq, seq - nearest - 1)) {
      if (one.entry.type === 'transition' && one.actor === actor) return undefined
      if (isCausedBy(kept, one)) return one.seq
    }
  }
  return undefined
}

function isCausedBy({ entry: effect, actor }: Kept, { entry: cause, actor: peer }: Kept): boolean {
  if (effect.type !== 'transition' || cause.type !== 'message.received') return false
  if (cause.protocol !== 'p2p') return actor === `${peer}/${cause.protocol}` && effect.event === nameOf(cause)
  return actor === peer && (baseEvents[nameOf(cause)] ?? []).includes(effect.event)
}

/** What the chart of a connection is told when a base message comes. */
const baseEvents: Readonly<Record<string, readonly string[]>> = {
  Hello: ['first.received'],
  Disconnect: ['disconnect.received', 'first.received'],
  Ping: ['ping.received'],
}

const latency = (request: Kept, answer: Kept) => ({
  seq: request.seq,
  latency: Math.round((answer.at - request.at) * 1_000) / 1_000,
})

const isMessage = (entry: FeedEntry): entry is MessageEntry =>
  entry.type === 'message.received' || entry.type === 'message.sent'

/** Lines that are looked through for a request, and for what a message brought about. */
const farthest = 5_000
const nearest = 32
