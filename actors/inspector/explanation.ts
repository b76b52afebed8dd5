import type { Status } from '../../protocols/eth/status.ts'
import { DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Hello } from '../../protocols/p2p/messages.ts'
import type { Kept } from '../recording/feed-lines.ts'
import type { Heading } from '../recording/lines.ts'
import { type Ending, endingOf, reasonWords } from './ending.ts'
import type { History, Test } from './history.ts'
import { keptStatusWords, nothingInCommon } from './kept-status.ts'
import { decodeMessage, openEth, openHello } from './messages.ts'
import { isConnection } from './peer-table.ts'
import { disagreement, statusRows } from './status-rows.ts'
import type { Explanation, PeerFacts } from './wire.ts'
import type { World } from './world.ts'

/**
 * Why a peer left, or how it stands: from what is remembered of its connection.
 * @param name of the connection's actor, or of a session on it; @param seq as it was after that line
 * @returns undefined where there is no such connection
 */
export function explain(
  history: History,
  { forks }: Pick<Heading, 'forks'>,
  name: string,
  seq?: number,
): Explanation | undefined {
  const world = history.worldAt(seq)
  const asked = world?.actor(name)
  const parent = asked?.parent === undefined ? undefined : world?.actor(asked.parent)
  const actor = [asked, parent].find((one) => one && isConnection(one.chart))
  if (!world || !actor) return undefined
  const lines = linesOf(history, actor.actor, seq)
  const peer = world.peers.get(actor.actor)
  const ending = endingOf(lines)
  const said = saidIn(lines)
  const { ours, theirs } = said.status
  const elsewhere = ours && !theirs && ending ? statusElsewhere(history, world, peer, seq) : undefined
  const status = ours && statusRows(ours, theirs ?? elsewhere?.status, forks)
  const apart = status && disagreement(status)
  return {
    actor: actor.actor,
    ...(peer && { peer }),
    summary: ending
      ? summaryOf(ending, peer, theirs && apart, causeOf(history, ending, said, elsewhere && { ...elsewhere, apart }))
      : standing(actor.state, peer),
    by: ending?.by ?? 'nobody',
    ...(ending?.reason !== undefined && { reason: discReasonText(ending.reason) }),
    path: pathOf(lines),
    messages: messagesOf(lines),
    ...(status && { status }),
    ...(elsewhere && { theirsFrom: elsewhere.actor }),
  }
}

/** Those of a connection and its sessions, in order. BOUNDED: mostLines, the newest. */
function linesOf(history: History, actor: string, seq?: number): Kept[] {
  const isFamily: Test = (segment, index) => segment.isUnder(index, actor)
  const lines: Kept[] = []
  for (const kept of history.backwards(seq === undefined ? undefined : seq + 1, 0, isFamily))
    if (lines.push(kept) >= mostLines) break
  return lines.reverse()
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

/** The Status that the same node told on another connection, the last before. */
function statusElsewhere(history: History, world: World, peer: PeerFacts | undefined, seq?: number) {
  if (peer?.id === undefined) return undefined
  const others = world.peers.facts.filter(({ id, actor }) => id === peer.id && actor !== peer.actor)
  for (const { actor } of others.toReversed()) {
    const status = saidIn(linesOf(history, actor, seq)).status.theirs
    if (status) return { status, actor }
  }
  return undefined
}

/**
 * A better word than that of the chart. A sync that found a peer lying has it dropped as useless: what it found is told
 * to the downloader.
 * @param elsewhere what is known of a Status that they did not tell here
 */
function causeOf(
  history: History,
  { kept, by, reason }: Ending,
  { hello, status: { ours, theirs } }: Said,
  elsewhere: { readonly actor: string; readonly apart: string | undefined } | undefined,
): string | undefined {
  if (by === 'remote' && (reason === undefined || reason === DiscReason.SubprotocolError) && ours && !theirs)
    return [keptStatusWords(ours), elsewhere?.apart && `on ${elsewhere.actor} it told its own: ${elsewhere.apart}`]
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
  { by, reason, words, error }: Ending,
  peer: PeerFacts | undefined,
  apart: string | undefined,
  cause: string | undefined,
): string {
  const isAboutStatus = error?.name === 'StatusError' || by === 'remote'
  const why = apart !== undefined && isAboutStatus ? apart : (cause ?? words)
  if (by === 'network') return sentence(why)
  if (by === 'local')
    return sentence(`we ended it${reason === undefined ? '' : ` with ${reasonWords(reason)}`}: ${why}`)
  const who = peer?.client ?? 'the other side'
  if (reason === undefined) return sentence([`${who} ${words}`, apart ?? cause].filter(Boolean).join(': '))
  return sentence(`${who} ended it with ${reasonWords(reason)}: ${why}`)
}

function standing(state: string, peer: PeerFacts | undefined): string {
  const who = peer?.client ?? 'The other side'
  return state.startsWith('running') ? `${who} is a peer.` : `The connection stands, in ${state}.`
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
