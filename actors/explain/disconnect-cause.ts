import type { Phase } from '../../machines/names/state-meta.ts'
import type { PeerEvent } from '../../machines/peer.ts'
import type { ScriptedPeerEvent } from '../../machines/scripted-peer.ts'
import { causeOf, phaseOf } from '../../machines/state-facts.ts'
import { DiscReason, discReasonText, reasonOf } from '../../protocols/p2p/disconnect-reasons.ts'
import { baseCodes, readReason } from '../../protocols/p2p/messages.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import type { Kept } from '../trace/feed-lines.ts'
import { decodeMessage } from '../trace/messages.ts'
import { fromPlain, toPlain } from '../trace/values.ts'
import { isClosing } from './departures.ts'
import type { Explanation } from './facts.ts'
import { bugLabel } from './live-state.ts'

/** How a connection ended, as its chart decided it. */
export type DisconnectCause = {
  readonly kept: Kept
  readonly by: Exclude<Explanation['by'], 'none' | 'unknown'>
  /** Sent by them, or by us. */
  readonly reason?: number
  /** What happened, as the end of a sentence that begins with who did it. */
  readonly label: string
  /** What a protocol found. */
  readonly error?: Error
  /** A bug of ours did it; `label` is the bug's. */
  readonly isBug?: true
}

/** @param lines of the connection and its sessions, in order */
export function disconnectCauseOf(lines: readonly Kept[]): DisconnectCause | undefined {
  const kept = lines.find(({ entry }) => isClosing(entry))
  const bug = bugIn(lines, kept)
  if (bug) return bug
  if (!kept) return undefined
  const entry = kept.entry as TransitionEntry
  const data = eventOf(kept)
  const verdict = entry.chart === 'peer' ? verdictOf(entry, data, lines, kept.seq) : ofScript(entry, data, lines)
  if (phaseBefore(entry) !== 'securing') return { kept, ...verdict }
  return { kept, ...verdict, label: `${verdict.label}${strangePacket(lines) ?? unanswered(verdict.by, lines)}` }
}

/** One that came up before the connection closed, if it did: what its chart says of the end came of that. */
function bugIn(lines: readonly Kept[], closing: Kept | undefined): DisconnectCause | undefined {
  for (const kept of lines) {
    if (kept === closing) return undefined
    const { entry } = kept
    if (entry.type !== 'bug') continue
    const error = closing && closing.entry.type === 'transition' ? eventOf(closing).error : undefined
    const isSaid = error?.name === 'InternalError'
    return { kept, by: 'local', label: bugLabel(entry), isBug: true, ...(isSaid && { reason: reasonOf(error) }) }
  }
  return undefined
}

/** What came where auth or ack belongs, and is none. */
function strangePacket(lines: readonly Kept[]): string | undefined {
  for (const { entry, payload } of lines) {
    if (entry.type !== 'message.received' || entry.protocol !== 'rlpx' || entry.version !== undefined) continue
    const { name, text } = decodeMessage(entry, payload)
    return `; what came for its ${name} is ${text}`
  }
  return undefined
}

function unanswered(by: DisconnectCause['by'], lines: readonly Kept[]): string {
  const isAsked = lines.some(({ entry }) => entry.type === 'message.sent' && entry.protocol === 'rlpx')
  return by === 'remote' && isAsked ? ': its key may be another than we dialed, or it speaks no RLPx' : ''
}

type EventData = {
  readonly error?: Error & { readonly reason?: number }
  readonly reason?: number
  readonly payload?: Uint8Array
}

const eventOf = ({ data }: Kept): EventData => (fromPlain(toPlain(data ?? {})) ?? {}) as EventData

/** A script may say and hear anything at any stage: its chart ends with the stream, or when the script wants. */
function ofScript(entry: TransitionEntry, { error }: EventData, lines: readonly Kept[]): Omit<DisconnectCause, 'kept'> {
  const heard = lines.findLast(({ entry }) => entry.type === 'transition' && entry.event === 'disconnect.received')
  if (heard) return theySaid(given(eventOf(heard).reason))
  const event = entry.event as ScriptedPeerEvent['type']
  if (event === 'script.close') return { by: 'local', label: `our side hung up, ${progressOf(entry)}` }
  if (event === 'dial.failed') return { by: 'network', label: `there is no connection: ${error?.message}` }
  if (error?.name === 'RlpxError') return { by: 'local', label: readFaults(entry, error) }
  return streamEnding(entry, error)
}

const streamEnding = (entry: TransitionEntry, error: Error | undefined): Omit<DisconnectCause, 'kept'> =>
  error
    ? { by: 'network', label: `the connection broke ${progressOf(entry)}: ${error.message}` }
    : { by: 'remote', label: `closed the connection without a Disconnect, ${progressOf(entry)}` }

function verdictOf(
  entry: TransitionEntry,
  { error, reason, payload }: EventData,
  lines: readonly Kept[],
  seq: number,
): Omit<DisconnectCause, 'kept'> {
  switch (entry.event as PeerEvent['type']) {
    case 'disconnect.received':
      return theySaid(payload ? readReason(payload) : undefined)
    case 'hello.invalid':
      if (isDisconnected(lines, seq)) return theySaid(given(error?.reason))
      return weSaid(
        error ? reasonOf(error) : undefined,
        `its first message is no Hello that can be: ${error?.message}`,
        false,
      )
    case 'hello.accepted':
      return weSaid(DiscReason.UnexpectedIdentity, 'its Hello bears another key than its handshake')
    case 'server.refused':
      return weSaid(reason, refusals[reason ?? -1] ?? 'the server refused it')
    case 'peer.disconnect':
      return weSaid(
        reason,
        isAdmitted.has(phaseBefore(entry)) ? (orders[reason ?? -1] ?? 'it was asked for') : 'the server stops',
      )
    case 'protocol.ended':
      return {
        ...weSaid(error && reasonOf(error), error ? textOf(error) : 'a protocol ended it'),
        ...(error && { error }),
      }
    case 'read.failed':
      return { by: 'local', label: readFaults(entry, error) }
    case 'stream.closed':
      return streamEnding(entry, error)
    default:
      return { by: 'local', label: causeOf(entry.chart, entry.event) ?? `on ${entry.event}` }
  }
}

/** 0xff is what a chart gets of a Disconnect that gives none. */
const given = (reason: number | undefined) => (reason === DiscReason.Invalid ? undefined : reason)

const theySaid = (reason: number | undefined) =>
  reason === undefined
    ? { by: 'remote' as const, label: 'ended it without a reason' }
    : { by: 'remote' as const, reason, label: theirMeanings[reason] ?? 'it did not say more' }

const weSaid = (reason: number | undefined, label: string, isSent = true) => ({
  by: 'local' as const,
  ...(reason !== undefined && isSent && { reason }),
  label,
})

/** Before Hello, a Disconnect is read as the first message. */
function isDisconnected(lines: readonly Kept[], seq: number): boolean {
  const last = lines.findLast((one) => one.seq < seq && one.entry.type === 'message.received')?.entry
  return last?.type === 'message.received' && last.protocol === 'p2p' && last.code === baseCodes.Disconnect
}

function readFaults(entry: TransitionEntry, error: Error | undefined): string {
  if (error?.name === 'ReadTimeout') return `nothing came from it for 30 s, ${progressOf(entry)}`
  const message = error?.message ?? ''
  if (phaseBefore(entry) === 'securing') return `its handshake cannot be read: ${message}`
  return `what it sent cannot be read: ${message}`
}

const phaseBefore = ({ chart, from }: TransitionEntry): Phase | undefined => phaseOf(chart, from)
const isAdmitted: ReadonlySet<Phase | undefined> = new Set<Phase>(['admitted', 'running'])

/** @returns how far a connection had come */
const progressOf = (entry: TransitionEntry): string => progress[phaseBefore(entry) ?? 'running']

const progress: Readonly<Record<Phase, string>> = {
  listening: 'while it was waited for',
  dialing: 'while it was dialed',
  securing: 'while keys were agreed (auth, ack)',
  greeting: 'while Hellos were exchanged',
  handshaking: 'while Statuses were exchanged',
  admitted: 'as a running peer',
  running: 'as a running peer',
  closing: 'while it was being closed',
  closed: 'while it was being closed',
}

/** An error that says no more than its reason is shown as what the reason means. */
function textOf(error: Error): string {
  const reason = reasonOf(error)
  const meaning = reason === undefined ? undefined : orders[reason]
  return meaning !== undefined && error.message === discReasonText(reason!) ? meaning : messageOf(error)
}

function messageOf(error: Error): string {
  return error.cause instanceof Error && !error.message.includes(error.cause.message)
    ? `${error.message}: ${error.cause.message}`
    : error.message
}

/** @returns `0x10 subprotocol error` */
export const reasonLabel = (reason: number): string =>
  `0x${reason.toString(16).padStart(2, '0')} ${discReasonText(reason)}`

const theirMeanings: Readonly<Record<number, string>> = {
  [DiscReason.Requested]: 'somebody or something there asked for it',
  [DiscReason.ProtocolError]: 'it could not read what we sent, or we broke its rules',
  [DiscReason.UselessPeer]: 'it has no use for us',
  [DiscReason.TooManyPeers]: 'it is full',
  [DiscReason.AlreadyConnected]: 'it is connected to us already',
  [DiscReason.IncompatibleVersion]: 'it speaks another version of the base protocol',
  [DiscReason.InvalidIdentity]: 'it cannot use our key',
  [DiscReason.Quitting]: 'it shuts down',
  [DiscReason.UnexpectedIdentity]: 'it takes us for another node than we are',
  [DiscReason.Self]: 'it takes us for itself',
  [DiscReason.ReadTimeout]: 'it waited for us for too long',
  [DiscReason.SubprotocolError]: 'one of its protocols rejected us',
}

const refusals: Readonly<Record<number, string>> = {
  [DiscReason.TooManyPeers]: 'we have no place for another peer',
  [DiscReason.AlreadyConnected]: 'we are connected to it already',
  [DiscReason.UselessPeer]: 'it speaks no protocol that we speak',
  [DiscReason.Self]: 'it is ourselves',
  [DiscReason.Quitting]: 'we shut down',
}

const orders: Readonly<Record<number, string>> = {
  [DiscReason.Requested]: 'it was to be removed',
  [DiscReason.Quitting]: 'we shut down',
}
