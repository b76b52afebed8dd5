import type { AnyStateMachine } from 'xstate'
import * as machines from '../../machines/index.ts'
import { firstInvalid, isFlag, isNumber, isString, listOf, maybe, type Shape } from '../../protocols/lib/shapes.ts'
import { drawingOf } from '../drawing/layout.ts'
import { explain } from '../explain/explanation.ts'
import type { History } from '../explain/history.ts'
import type { Test } from '../explain/history-reader.ts'
import { guard } from '../runtime/supervision.ts'
import { connectionOf } from '../trace/actor-names.ts'
import type { Kept } from '../trace/feed-lines.ts'
import type { Heading } from '../trace/lines.ts'
import type { AnswerTime } from './answer-time.ts'
import { showLine, showLines } from './shown-lines.ts'
import type { NamedFeed } from './stately.ts'
import type { Changes, Hello, PageMessage, PageRequest } from './wire.ts'

/** What is shown: a process that runs, or a recording. */
export type InspectedSource = {
  readonly heading: Heading
  readonly history: History
  readonly isRecording: boolean
  /** Of the nodes that are shown: they know the charts of their users. */
  readonly feeds?: readonly NamedFeed[]
}

/** The page's end of a WebSocket. */
export type PageSocket = {
  send(text: string): void
  /** Bytes that wait to be sent. */
  readonly bufferedAmount: number
}

type Question = Exclude<PageRequest, { ask: 'watch' | 'messages' }>
type Common = Omit<Changes, 'lines' | 'dropped'>

/** One open page: its requests, and what is pushed to it. */
export class PageSession {
  readonly #source: InspectedSource
  readonly #socket: PageSocket
  /** BOUNDED: mostWatched. */
  #watched = new Set<string>()
  #wantsMessages = false
  #lastSeq: number
  #dropped = 0
  #isBehind = false
  /** BOUNDED: mostWaiting. */
  readonly #questions: Question[] = []
  readonly #time: AnswerTime
  readonly #crashed: (error: unknown) => void

  /** @param crashed gets bugs of ours that come up when no call of this can throw them */
  constructor(source: InspectedSource, socket: PageSocket, time: AnswerTime, crashed: (error: unknown) => void) {
    this.#source = source
    this.#socket = socket
    this.#time = time
    this.#crashed = crashed
    this.#lastSeq = source.history.newest.seq
    this.#greet()
  }

  /** What happened since the last call, unless the page has not read that yet: then it begins anew once it has. */
  push(common: Common): void {
    if (this.#socket.bufferedAmount > mostUnread) {
      this.#dropped += this.#source.history.count(this.#lastSeq, this.#isWanted)
      this.#isBehind = true
    } else if (this.#isBehind) {
      this.#isBehind = false
      this.#greet()
    } else this.#send({ ...common, lines: this.#newLines(), dropped: this.#dropped })
    this.#lastSeq = this.#source.history.newest.seq
    this.#proceed()
  }

  /** @throws {BadQuestion} what came is no question: no page of ours asks so */
  take(text: string): void {
    const ask = parse(text)
    if (ask.ask === 'watch') this.#watched = new Set(ask.actors.slice(0, mostWatched))
    else if (ask.ask === 'messages') this.#wantsMessages = ask.isOn
    else if (this.#questions.push(ask) > mostWaiting) throw new BadQuestion('too many questions')
    else this.#proceed()
  }

  /** Answers for some time between two pushes, not while answers wait to be read: the node has other things to do. */
  #proceed(): void {
    while (this.#questions.length > 0 && this.#time.isLeft && this.#socket.bufferedAmount <= mostUnread) {
      const ask = this.#questions.shift()!
      this.#time.spend(() => {
        if (ask.ask === 'chart') guard(() => this.#draw(ask), this.#crashed)
        else this.#send(this.#answer(ask))
      })
    }
  }

  #answer(ask: Exclude<Question, { ask: 'chart' }>): PageMessage {
    const { history } = this.#source
    const { id } = ask
    switch (ask.ask) {
      case 'picture': {
        const picture = history.picture(ask.seq)
        return picture ? { push: 'picture', id, picture } : refusal(id, gone)
      }
      case 'actor': {
        const liveState = history.liveStateAt(ask.seq)
        if (!liveState) return refusal(id, gone)
        const actor = liveState.actor(ask.actor)
        return actor ? { push: 'actor', id, actor } : refusal(id, `there is no actor ${ask.actor}`)
      }
      case 'lines':
        return { push: 'lines', id, lines: showLines(history, select(history, ask)) }
      case 'line': {
        const kept = history.at(ask.seq)
        return kept ? { push: 'line', id, ...showLine(history, kept) } : refusal(id, gone)
      }
      case 'departures':
        return { push: 'departures', id, departures: history.departures.all }
      case 'why': {
        const why = explain(history, ask.actor, ask.seq)
        return why ? { push: 'why', id, why } : refusal(id, `${ask.actor} is no connection that is remembered`)
      }
    }
  }

  async #draw({ id, chart }: Extract<PageRequest, { ask: 'chart' }>): Promise<void> {
    const machine = definitionOf(chart, this.#source.feeds)
    if (!machine) return this.#send(refusal(id, `there is no chart ${chart}`))
    try {
      this.#send({ push: 'chart', id, chart, drawing: await drawingOf(machine, { hasCounts: true }) })
    } catch (error) {
      this.#send(refusal(id, `the chart ${chart} cannot be drawn: ${error}`))
    }
  }

  #greet(): void {
    const { heading, history, isRecording } = this.#source
    const nodes = (heading.nodes ?? []).flatMap(({ name }) => name ?? [])
    const hello: Hello = {
      ...{ push: 'hello', heading, isRecording, nodes, historyBytes: history.bytes },
      picture: history.picture()!,
      endings: history.liveState.endings.filter((seq) => seq >= history.oldest.seq),
      departures: history.departures.all,
      ...(isRecording && history.opening !== undefined && { opening: history.opening }),
    }
    this.#send(hello)
  }

  /** The newest that fit; the others are counted. */
  #newLines(): Changes['lines'] {
    const { history } = this.#source
    const chosen = take(history.backwards(undefined, this.#lastSeq, this.#isWanted), mostLines)
    if (chosen.length === mostLines) this.#dropped += history.count(this.#lastSeq, this.#isWanted) - mostLines
    return showLines(history, chosen.reverse())
  }

  readonly #isWanted: Test = (segment, index) =>
    (this.#wantsMessages && segment.isMessage(index)) || (this.#watched.size > 0 && segment.isOf(index, this.#watched))

  #send(push: PageMessage): void {
    this.#socket.send(JSON.stringify(push))
  }
}

/** Charts of the users come before ours of the same name. */
const definitionOf = (chart: string, feeds: InspectedSource['feeds'] = []): AnyStateMachine | undefined =>
  feeds.flatMap(({ feed }) => feed.definitions.get(chart) ?? [])[0] ?? ours.get(chart)
const ours = new Map<string, AnyStateMachine>(Object.values(machines).map((machine) => [machine.id, machine]))

function select(history: History, ask: Extract<PageRequest, { ask: 'lines' }>): Kept[] {
  const { before, after, actor, messagesOnly = false, ownOnly = false, limit = 500 } = ask
  const family = actor === undefined ? undefined : ownOnly ? new Set([actor]) : familyOf(history, actor)
  const isWanted: Test = (segment, index) =>
    (!messagesOnly || segment.isMessage(index)) &&
    !(ownOnly && segment.isMessage(index)) &&
    (!family || segment.isOf(index, family))
  return take(history.backwards(before, after, isWanted), Math.min(limit, mostAsked)).reverse()
}

function take(lines: Iterable<Kept>, most: number): Kept[] {
  const taken: Kept[] = []
  for (const kept of lines) {
    if (taken.length >= most) break
    taken.push(kept)
  }
  return taken
}

/** An actor, all beneath it, and sessions on what is: parents and connections come before theirs. */
function familyOf({ liveState }: History, name: string): ReadonlySet<string> {
  const family = new Set([name])
  for (const { actor, parent } of liveState.checkpoint().actors) {
    const connection = connectionOf(actor) ?? ''
    if (family.has(parent ?? '') || (family.has(connection) && liveState.peers.get(connection))) family.add(actor)
  }
  return family
}

const refusal = (id: number, error: string): PageMessage => ({ push: 'error', id, error })

function parse(text: string): PageRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BadQuestion('not JSON', { cause })
  }
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>
  const name = typeof fields.ask === 'string' ? fields.ask : ''
  const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined
  if (!shape) throw new BadQuestion('no such question')
  const bad = firstInvalid(fields, shape)
  if (bad !== undefined) throw new BadQuestion(`bad ${bad}`)
  return fields as PageRequest
}

const shapes: Readonly<Record<string, Shape>> = {
  watch: { actors: listOf(isString) },
  messages: { isOn: isFlag },
  picture: { id: isNumber, seq: maybe(isNumber) },
  lines: {
    ...{ id: isNumber, before: maybe(isNumber), after: maybe(isNumber), actor: maybe(isString) },
    ...{ messagesOnly: maybe(isFlag), ownOnly: maybe(isFlag), limit: maybe(isNumber) },
  },
  actor: { id: isNumber, actor: isString, seq: maybe(isNumber) },
  line: { id: isNumber, seq: isNumber },
  chart: { id: isNumber, chart: isString },
  departures: { id: isNumber },
  why: { id: isNumber, actor: isString, seq: maybe(isNumber) },
}

const gone = 'that is not remembered any more'
const mostWatched = 64
/** Lines in one message, pushed (a thousand a second, more than a person reads) or asked for. */
const mostLines = 100
const mostAsked = 1_000
/** Questions that may wait. */
const mostWaiting = 1_000
/** Bytes that a page has not read. */
const mostUnread = 1 << 20

/** What came over the socket is no question of a page. */
export class BadQuestion extends Error {
  override readonly name = 'BadQuestion'
}
