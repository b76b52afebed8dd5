import { phaseOf } from '../../machines/state-facts.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Hello } from '../../protocols/p2p/messages.ts'
import { connectionOf } from '../trace/actor-names.ts'
import type { Kept } from '../trace/feed-lines.ts'
import { decodeMessage, openEth, openHello } from '../trace/messages.ts'
import { type DisconnectCause, disconnectCauseOf, reasonLabel } from './disconnect-cause.ts'
import type { Explanation, PeerFacts, SeenActor } from './facts.ts'
import type { HistoryReader, Test } from './history-reader.ts'
import { keptStatusText, nothingInCommon } from './kept-status.ts'
import type { LiveState } from './live-state.ts'
import { isConnection } from './peer-table.ts'
import { disagreement, statusRows } from './status-rows.ts'

/**
 * Why a peer left, or how it stands: from what is remembered of its connection. What was found when it left is said for
 * as long as that is remembered, when its lines are there no more.
 * @param name of the connection's actor, or of a session on it; @param seq as it was after that line
 * @returns undefined where there is no such connection
 */
export function explain(history: HistoryReader, name: string, seq?: number): Explanation | undefined {
  const left = history.departures.of(name)
  const hasLeft = left && (seq === undefined || left.seq <= seq)
  const liveState = history.liveStateAt(seq)
  const names = [name, connectionOf(name), liveState?.actor(name)?.parent]
  const actor = names.map((one) => liveState?.actor(one ?? '')).find((one) => one && isConnection(one.chart))
  if (hasLeft && (!actor || history.at(left.first) === undefined)) return left.explanation
  if (!liveState || !actor) return undefined
  return explanationOf(history, { liveState, actor, lines: linesOf(history, actor.actor, seq), seq })
}

/** Remembers why a connection left that is over since the newest line: by a look at the lines about its end. */
export function noteDeparture(history: HistoryReader, kept: Kept): void {
  const { liveState, departures } = history
  const name = kept.actor
  const actor = liveState.actor(name)
  if (!actor) return
  const { lines: began = [], closing = history.newest.seq } = departures.beginning(name) ?? {}
  const isFamily: Test = (segment, index) => segment.isUnder(index, name)
  const about = [...history.backwards(closing + aboutEnd, closing - aboutEnd, isFamily)].reverse()
  const lines = withBeginning(about, began)
  departures.end(kept, explanationOf(history, { liveState, actor, lines, seq: undefined }), saidIn(lines).status.theirs)
}

type Scope = {
  readonly liveState: LiveState
  readonly actor: SeenActor
  readonly lines: readonly Kept[]
  readonly seq: number | undefined
}

function explanationOf(history: HistoryReader, { liveState, actor, lines, seq }: Scope): Explanation {
  const peer = liveState.peers.get(actor.actor)
  const ending = disconnectCauseOf(lines)
  const said = saidIn(lines)
  const { ours, theirs } = said.status
  const elsewhere = ours && !theirs && ending ? statusElsewhere(history, liveState, peer, seq) : undefined
  const status = ours && statusRows(ours, theirs ?? elsewhere?.status, history.forks)
  const apart = status && disagreement(status)
  const isOver = actor.stoppedAt !== undefined
  return {
    actor: actor.actor,
    ...(peer && { peer }),
    summary: ending
      ? summaryOf(ending, peer, theirs && apart, causeOf(history, ending, said, elsewhere && { ...elsewhere, apart }))
      : standing(actor, peer),
    by: ending?.by ?? (isOver ? 'unknown' : 'none'),
    ...(ending?.reason !== undefined && { reason: discReasonText(ending.reason) }),
    path: pathOf(lines),
    messages: messagesOf(lines),
    ...(status && { status }),
    ...(elsewhere && { theirsFrom: elsewhere.actor }),
  }
}

/**
 * Those of a connection and its sessions, in order: looked for from its first line to its last.
 * BOUNDED: mostLines, the newest, and what it began with.
 */
function linesOf(history: HistoryReader, actor: string, seq = Number.POSITIVE_INFINITY): Kept[] {
  const isFamily: Test = (segment, index) => segment.isUnder(index, actor)
  const began = history.departures.beginning(actor)?.lines ?? []
  const { first = began[0]?.seq ?? 0, seq: last = Number.POSITIVE_INFINITY } = history.departures.of(actor) ?? {}
  const end = Math.min(seq, last)
  const lines: Kept[] = []
  // Of an earlier life of the name no more is known than its lines.
  for (const kept of history.backwards(
    Number.isFinite(end) ? end + 1 : undefined,
    first <= end ? first - 1 : 0,
    isFamily,
  ))
    if (lines.push(kept) >= mostLines) break
  return withBeginning(
    lines.reverse(),
    began.filter((kept) => kept.seq <= seq),
  )
}

/** @param lines the latest of a connection, in order */
function withBeginning(lines: readonly Kept[], began: readonly Kept[]): Kept[] {
  const first = lines[0]?.seq ?? Number.POSITIVE_INFINITY
  return [...began.filter(({ seq }) => seq < first), ...lines]
}

/** What both sides said of themselves. */
type Said = Readonly<Record<'hello', Both<Hello>> & Record<'status', Both<Status>>>
type Both<Message> = { ours?: Message | undefined; theirs?: Message | undefined }

function saidIn(lines: readonly Kept[]): Said {
  const said: Said = { hello: {}, status: {} }
  for (const { entry, payload } of lines) {
    if (entry.type !== 'message.sent' && entry.type !== 'message.received') continue
    const who = entry.type === 'message.sent' ? 'ours' : 'theirs'
    said.hello[who] ??= openHello(entry, payload)
    said.status[who] ??= openEth(entry, 'Status', payload)
  }
  return said
}

/** The Status that the same node sent on another connection, the last before. */
function statusElsewhere(
  { departures }: HistoryReader,
  liveState: LiveState,
  peer: PeerFacts | undefined,
  seq?: number,
) {
  if (peer?.id === undefined) return undefined
  for (const { actor, id } of liveState.peers.facts.toReversed()) {
    if (id !== peer.id || actor === peer.actor) continue
    const status = saidIn(departures.beginning(actor)?.lines ?? []).status.theirs
    if (status) return { status, actor }
  }
  for (const { departed, theirs } of departures.ofNode(peer.id, seq))
    if (theirs && departed.actor !== peer.actor) return { status: theirs, actor: departed.actor }
  return undefined
}

/**
 * A better cause than the chart's. A sync that found a peer lying has it dropped as useless: what it found is in an
 * event of the downloader.
 * @param elsewhere what is known of a Status that they did not send here
 */
function causeOf(
  history: HistoryReader,
  { kept, by, reason }: DisconnectCause,
  { hello, status: { ours, theirs } }: Said,
  elsewhere: { readonly actor: string; readonly apart: string | undefined } | undefined,
): string | undefined {
  if (by === 'remote' && (reason === undefined || reason === DiscReason.SubprotocolError) && ours && !theirs)
    return [keptStatusText(ours), elsewhere?.apart && `on ${elsewhere.actor} it sent its own: ${elsewhere.apart}`]
      .filter(Boolean)
      .join('; ')
  if (reason !== DiscReason.UselessPeer) return undefined
  const useless = nothingInCommon(hello.ours, hello.theirs)
  if (useless !== undefined) return useless
  for (const { entry, data, node } of history.backwards(kept.seq + nearest, kept.seq - nearest)) {
    const error = (data?.error as { $error?: { message?: string } } | undefined)?.$error
    const isDrop = entry.type === 'transition' && entry.chart === 'downloader' && entry.effects.includes('drop')
    if (isDrop && node === kept.node) return error?.message
  }
  return undefined
}

function summaryOf(
  { by, reason, label, error, isBug }: DisconnectCause,
  peer: PeerFacts | undefined,
  apart: string | undefined,
  cause: string | undefined,
): string {
  const isAboutStatus = error?.name === 'StatusError' || by === 'remote'
  const why = apart !== undefined && isAboutStatus ? apart : (cause ?? label)
  if (isBug)
    return sentence(`a bug of ours ended it${reason === undefined ? '' : ` with ${reasonLabel(reason)}`}: ${label}`)
  if (by === 'network') return sentence(why)
  if (by === 'local')
    return sentence(`we ended it${reason === undefined ? '' : ` with ${reasonLabel(reason)}`}: ${why}`)
  const who = peer?.client ?? 'The other side' // a client's name stays as it is
  if (reason === undefined) return `${[`${who} ${label}`, apart ?? cause].filter(Boolean).join(': ')}.`
  return `${who} ended it with ${reasonLabel(reason)}: ${why}.`
}

function standing({ chart, state, stoppedAt }: SeenActor, peer: PeerFacts | undefined): string {
  const who = peer?.client ?? 'The other side'
  if (stoppedAt !== undefined) return `The connection is over, and what ended it is not known: it was in ${state}.`
  return phaseOf(chart, state) === 'running' ? `${who} is a peer.` : `The connection stands, in ${state}.`
}

const sentence = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}.`

function pathOf(lines: readonly Kept[]): Explanation['path'] {
  const steps = lines.flatMap(({ entry, state, at, seq, actor }) => {
    if (entry.type === 'actor.started') return [{ state: state ?? '', at, event: 'begins', seq, actor }]
    if (entry.type !== 'transition' || entry.from === entry.to) return []
    return [{ state: entry.to, at, event: entry.event, seq, actor }]
  })
  return steps.slice(-longestPath)
}

function messagesOf(lines: readonly Kept[]): Explanation['messages'] {
  const messages = lines.filter(({ entry }) => entry.type === 'message.sent' || entry.type === 'message.received')
  return messages.slice(-shownMessages).flatMap(({ entry, seq, at, payload }) => {
    if (entry.type !== 'message.sent' && entry.type !== 'message.received') return []
    const { name, text } = decodeMessage(entry, payload)
    return [{ seq, at, isSent: entry.type === 'message.sent', name, text }]
  })
}

const mostLines = 20_000
const longestPath = 60
const shownMessages = 20
/** Lines around an end where its cause is looked for. */
const nearest = 64
/** And where its own are looked for when it comes: with many peers that is a fraction of a second. */
const aboutEnd = 1_000
