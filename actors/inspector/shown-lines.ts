import type { EthPeerEvent, EthPeerPorts } from '../../machines/eth-peer.ts'
import type { PeerEvent, PeerPorts } from '../../machines/peer.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { History } from '../explain/history.ts'
import type { Test } from '../explain/history-reader.ts'
import { connectionOf } from '../trace/actor-names.ts'
import type { Decoded } from '../trace/decoded.ts'
import type { FeedEntry, MessageEntry, TransitionEntry } from '../trace/entries.ts'
import { type Kept, toLine } from '../trace/feed-lines.ts'
import { answers, decodeMessage, nameOf, requestOf } from '../trace/messages.ts'
import type { DecodedMessage, ShownLine } from './wire.ts'

// Lines as the page shows them: messages by name, answers with their requests, causes with their effects.

/** @param kept in order */
export function showLines(history: History, kept: readonly Kept[]): ShownLine[] {
  const [first, last] = [kept[0], kept.at(-1)]
  if (!first || !last) return []
  const family = new Set(kept.flatMap(relativesOf))
  const links = new Links()
  const isRelative: Test = (segment, index) => segment.isOf(index, family)
  for (const one of history.forwards(first.seq - farBack, last.seq + farAhead, isRelative)) links.note(one)
  return kept.map((one) => {
    const answered = links.answered.get(one.seq)
    const related = links.related.get(one.seq)
    return {
      ...show(one),
      ...(answered && { answers: latency(answered, one) }),
      ...(related !== undefined && { related }),
      ...outcomeIn(links, one),
    }
  })
}

/** One line with all that is known of it. */
export function showLine(history: History, kept: Kept): { line: ShownLine; message?: DecodedMessage } {
  const { entry, payload } = kept
  const line = showLines(history, [kept])[0]!
  if (!isMessage(entry)) return { line }
  const { name, fields, error }: Decoded = decodeMessage(entry, payload)
  const protocol = entry.version === undefined ? entry.protocol : `${entry.protocol}/${entry.version}`
  const other = otherOf(history, kept)
  const raw = payload && bytesToHex(payload.subarray(0, mostRaw))
  const message = {
    name,
    protocol,
    fields,
    ...(raw !== undefined && { raw }),
    ...(other && { other }),
    ...(error !== undefined && { error }),
  }
  return { line, message }
}

function show(kept: Kept): ShownLine {
  const line = toLine(kept, { payloads: false })
  if (!isMessage(kept.entry)) return line
  const { name, text } = decodeMessage(kept.entry, kept.payload)
  return { ...line, name, ...(text !== '' && { text }) }
}

/** The request of an answer, or the answer of a request, and the time between them. */
function otherOf(history: History, kept: Kept): DecodedMessage['other'] {
  if (!isMessage(kept.entry)) return undefined
  const asked = requestOf(kept.entry, kept.payload)
  if (!asked) return undefined
  const isAnswer = answers(kept.entry)
  const actors = new Set([kept.actor])
  const isMine: Test = (segment, index) => segment.isMessage(index) && segment.isOf(index, actors)
  const lines = isAnswer
    ? history.backwards(kept.seq, kept.seq - farthest, isMine)
    : history.forwards(kept.seq, kept.seq + farthest, isMine)
  for (const one of lines) {
    if (!isMessage(one.entry) || one.entry.type === kept.entry.type) continue
    if (answers(one.entry) === isAnswer) continue
    const other = requestOf(one.entry, one.payload)
    if (other?.id === asked.id && other.request === asked.request)
      return isAnswer ? latency(one, kept) : { ...latency(kept, one), seq: one.seq }
  }
  return undefined
}

/** What belongs together among lines that go by in order. */
class Links {
  /** The requests of answers, by the lines of the answers. BOUNDED, as all of these: by the lines that are looked at. */
  readonly answered = new Map<number, Kept>()
  /** Received messages and the transitions that they caused, both ways. */
  readonly related = new Map<number, number>()
  /** Transitions that stay, and the next of the same chart. */
  readonly outcomes = new Map<number, TransitionEntry>()
  /** By actor. */
  readonly #staying = new Map<string, Kept>()
  readonly #open = new Map<string, Kept>()
  /** Received, with nothing after it but what was sent upon it. By the actor of the connection. */
  readonly #received = new Map<string, Kept>()

  note(kept: Kept): void {
    const { entry, actor } = kept
    if (isMessage(entry)) {
      if (entry.type === 'message.received') this.#received.set(actor, kept)
      this.#pair(kept, entry)
    } else if (entry.type === 'transition') {
      this.#follow(kept, entry)
      for (const peer of [actor, connectionOf(actor) ?? '']) {
        const cause = this.#received.get(peer)
        if (cause && isCausedBy(kept, cause)) this.related.set(kept.seq, cause.seq).set(cause.seq, kept.seq)
        this.#received.delete(peer)
      }
    }
  }

  #follow(kept: Kept, entry: TransitionEntry): void {
    const before = this.#staying.get(kept.actor)
    this.#staying.delete(kept.actor)
    if (before && isOutcome(before.entry, entry.event)) this.outcomes.set(before.seq, entry)
    if (entry.from === entry.to) this.#staying.set(kept.actor, kept)
  }

  #pair(kept: Kept, entry: MessageEntry): void {
    const asked = requestOf(entry, kept.payload)
    if (!asked) return
    const isAnswer = answers(entry)
    const isOurs = (entry.type === 'message.sent') !== isAnswer
    const key = `${kept.actor} ${isOurs} ${asked.request} ${asked.id}`
    const request = this.#open.get(key)
    if (!isAnswer) this.#open.set(key, kept)
    else if (request) {
      this.answered.set(kept.seq, request)
      this.#open.delete(key)
    }
  }
}

/** Whose lines may belong to it. */
function relativesOf({ entry, actor }: Kept): string[] {
  return isMessage(entry) ? [actor, `${actor}/${entry.protocol}`] : [actor, connectionOf(actor) ?? '']
}

/**
 * A message is in the feed before the step that it leads to, and nothing of the connection or its sessions comes between
 * but the answer to an auth: the law of the step. A message that a chart ignores leads to none.
 */
function isCausedBy({ entry: effect, actor }: Kept, { entry: cause, actor: peer }: Kept): boolean {
  if (effect.type !== 'transition' || cause.type !== 'message.received') return false
  if (actor === peer) return (cause.protocol === 'rlpx' ? ofPackets : ofMessages).test(effect.event)
  return actor === `${peer}/${cause.protocol}` && effect.event === nameOf(cause)
}

/** Events of the charts of connections that are sent for nothing else. */
const ofPackets = /^(rlpx\.secured|read\.failed)$/
const ofMessages = /\.received$/

function outcomeIn({ outcomes }: Links, { seq }: Kept): Pick<ShownLine, 'outcome'> {
  const { event, from, to } = outcomes.get(seq) ?? {}
  return event !== undefined && from !== to ? { outcome: { event, to: to! } } : {}
}

const isOutcome = (entry: FeedEntry, event: string): boolean =>
  entry.type === 'transition' && entry.effects.some((effect) => outcomesOf.get(effect)?.includes(event))

/** Events that an effect of a connection or session comes to: what it opened, or that it could not. */
const outcomesOf: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    openHello: ['hello.accepted', 'hello.invalid'],
    openStatus: ['status.accepted', 'fault.found'],
    openRange: ['range.opened', 'fault.found'],
    openAnswer: ['answer.opened', 'fault.found'],
    checkAnswer: ['answer.checked', 'fault.found'],
    serve: ['fault.found'],
    checkTransactions: ['fault.found'],
  } satisfies { readonly [Port in keyof (PeerPorts & EthPeerPorts)]?: readonly (PeerEvent | EthPeerEvent)['type'][] }),
)

const latency = (request: Kept, answer: Kept) => ({
  seq: request.seq,
  latency: Math.round((answer.at - request.at) * 1_000) / 1_000,
})

const isMessage = (entry: FeedEntry): entry is MessageEntry =>
  entry.type === 'message.received' || entry.type === 'message.sent'

/** Lines that are looked through for the other half of one message, for the requests of many, and for what they led to. */
const farthest = 20_000
const farBack = 300
const farAhead = 32
const mostRaw = 64 * 1024
