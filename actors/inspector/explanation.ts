import type { Status } from '../../protocols/eth/status.ts'
import { DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import type { Kept } from '../recording/feed-lines.ts'
import type { Heading } from '../recording/lines.ts'
import { type Ending, endingOf, reasonWords } from './ending.ts'
import type { History, Test } from './history.ts'
import { decodeMessage, openEth } from './messages.ts'
import { disagreement, statusRows } from './status-rows.ts'
import type { Explanation, PeerFacts } from './wire.ts'

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
  const actor = asked?.chart === 'peer' ? asked : asked?.parent === undefined ? undefined : world?.actor(asked.parent)
  if (!world || actor?.chart !== 'peer') return undefined
  const lines = linesOf(history, actor.actor, seq)
  const peer = world.peers.get(actor.actor)
  const ending = endingOf(lines)
  const [ours, theirs] = [statusIn(lines, 'message.sent'), statusIn(lines, 'message.received')]
  const status = ours && statusRows(ours, theirs, forks)
  return {
    actor: actor.actor,
    ...(peer && { peer }),
    summary: ending
      ? summaryOf(ending, peer, status, causeOf(history, ending, theirs !== undefined))
      : standing(actor.state, peer),
    by: ending?.by ?? 'nobody',
    ...(ending?.reason !== undefined && { reason: discReasonText(ending.reason) }),
    path: pathOf(lines),
    messages: messagesOf(lines),
    ...(status && { status }),
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

function statusIn(lines: readonly Kept[], direction: 'message.sent' | 'message.received'): Status | undefined {
  for (const { entry, payload } of lines) {
    const status = entry.type === direction ? openEth(entry, 'Status', payload) : undefined
    if (status) return status
  }
  return undefined
}

/**
 * A better word than that of the chart. A sync that found a peer lying has it dropped as useless: what it found is told
 * to the downloader. geth that does not like a Status is gone before its own is sent.
 */
function causeOf(history: History, { kept, by, reason }: Ending, hasStatus: boolean): string | undefined {
  if (by === 'remote' && reason === DiscReason.SubprotocolError && !hasStatus)
    return 'it rejected our Status and kept its own to itself: another network, genesis or fork'
  if (reason !== DiscReason.UselessPeer) return undefined
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
  status: Explanation['status'],
  cause: string | undefined,
): string {
  const apart = status && disagreement(status)
  const isAboutStatus = error?.name === 'StatusError' || by === 'remote'
  const why = apart !== undefined && isAboutStatus ? apart : (cause ?? words)
  if (by === 'network') return sentence(why)
  if (by === 'local')
    return sentence(`we ended it${reason === undefined ? '' : ` with ${reasonWords(reason)}`}: ${why}`)
  const who = peer?.client ?? 'the other side'
  if (reason === undefined) return sentence(apart === undefined ? `${who} ${words}` : `${who} ${words}: ${apart}`)
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
