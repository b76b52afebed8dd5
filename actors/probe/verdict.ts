import type { Phase } from '../../machines/names/state-meta.ts'
import { scriptedPeerMachine } from '../../machines/scripted-peer.ts'
import { phaseOf } from '../../machines/state-facts.ts'
import { isLan } from '../../protocols/enode/netutil.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { DiscReason, discReasonText } from '../../protocols/p2p/disconnect-reasons.ts'
import { isRequestName } from '../../protocols/sub-protocols.ts'
import { parseAddress } from '../p2p/address.ts'
import { lineOfBug } from '../runtime/supervision.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'

/** What became of a connection; each is a class of its own for a script. */
export type Outcome =
  | 'ok'
  | 'unreachable'
  | 'not-devp2p'
  | 'silent'
  | 'incompatible'
  | 'full'
  | 'other-network'
  | 'stale-fork'
  | 'dropped'
  | 'absent'
  | 'bug'
  | 'interrupted'

/** The exit status of a command for each. 1 is a command line that is wrong. */
export const exitCodes: Readonly<Record<Outcome, number>> = {
  ok: 0,
  unreachable: 2,
  'not-devp2p': 3,
  silent: 4,
  incompatible: 5,
  full: 6,
  'other-network': 7,
  'stale-fork': 8,
  dropped: 9,
  absent: 10,
  bug: 70, // EX_SOFTWARE of sysexits.h
  interrupted: 130, // as of a process that SIGINT ends
}

/** What each says, for `--help` and the README. */
export const outcomeLabels: Readonly<Record<Outcome, string>> = {
  ok: 'it did what was asked',
  unreachable: 'no TCP connection: unknown host, refused, no answer',
  'not-devp2p': 'what is there does not speak RLPx, or has another key',
  silent: 'it stopped answering',
  incompatible: 'no capability in common, or what it says cannot be read',
  full: 'it has no place for another peer',
  'other-network': 'its network id or genesis is another',
  'stale-fork': 'its fork id is stale, or of no fork of the chain',
  dropped: 'it ended the connection for another reason',
  absent: 'it does not have what was asked for',
  bug: 'a bug of ours ended it, whatever the node is',
  interrupted: 'SIGINT or SIGTERM came before that',
}

export type Verdict = { readonly outcome: Outcome; readonly cause: string }

/**
 * @param known what their Hello or Status has shown already
 * @param timeout ms, of a wait that was in vain
 * @returns why the connection did not come as far as it was to
 */
export function judge(peer: ScriptedPeer, known: Verdict | undefined, timeout: number): Verdict {
  const stage = stagesOf(peer).findLast((phase) => phase !== 'closed') as Stage
  const { by, reason, error } = peer.end
  if (peer.bug !== undefined) return { outcome: 'bug', cause: `a bug of ours ended it: ${lineOfBug(peer.bug)}` }
  const ending = reason === undefined ? undefined : `it sent Disconnect ${reasonLabel(peer, reason)}`
  if (known) return { outcome: known.outcome, cause: [known.cause, ending].filter(Boolean).join('; ') }
  if (reason !== undefined)
    return { outcome: outcomes[reason] ?? 'dropped', cause: `${ending}${after[stage]}${meanings[reason] ?? ''}` }
  if (by === 'us') return { outcome: 'interrupted', cause: `interrupted${after[stage]}` }
  if (stage === 'dialing') return { outcome: 'unreachable', cause: unreachable(error, timeout) }
  if (stage === 'securing') return isDialed(peer) ? stranger(peer, timeout) : caller(peer, timeout)
  if (error?.name === 'RlpxError') return { outcome: 'incompatible', cause: `${unreadable(error)}${after[stage]}` }
  if (!peer.isClosed) return { outcome: 'silent', cause: `${silence(stage, peer)} within ${timeout} ms` }
  return { outcome: 'dropped', cause: `it closed the connection without a word${after[stage]}${because(error)}` }
}

/** What a scripted peer goes through. */
type Stage = Exclude<Phase, 'admitted' | 'closing' | 'closed'>

const stagesOf = ({ states }: ScriptedPeer) => states.map(({ label }) => phaseOf(scriptedPeerMachine.id, label))

const outcomes: Readonly<Record<number, Outcome>> = {
  [DiscReason.TooManyPeers]: 'full',
  [DiscReason.UselessPeer]: 'incompatible',
  [DiscReason.IncompatibleVersion]: 'incompatible',
}

const meanings: Readonly<Record<number, string>> = {
  [DiscReason.AlreadyConnected]: ': it has a peer with our key already',
  [DiscReason.Self]: ': our key is its own',
}

const after: Readonly<Record<Stage, string>> = {
  listening: '',
  dialing: '',
  securing: '',
  greeting: ', once keys were agreed and before its Hello',
  handshaking: ', after both Hellos',
  running: ', after both Statuses',
}

const silences: Readonly<Record<Stage, string>> = {
  listening: 'no node dialed us',
  dialing: '',
  securing: '',
  greeting: 'keys are agreed, and no Hello came',
  handshaking: 'both have said Hello, and no Status came',
  running: 'both have said Status, and no answer came',
}

function silence(stage: Stage, { said }: ScriptedPeer): string {
  const asked = said.findLast(({ label }) => label === 'Ping' || isRequestName(label))
  return stage === 'running' && asked ? `both have said Status, and no answer to ${asked.label} came` : silences[stage]
}

function unreachable(error: Error | undefined, timeout: number): string {
  const code = error && 'code' in error ? `${error.code}` : ''
  return systemErrors[code] ?? `no TCP connection: ${error?.message ?? `no answer within ${timeout} ms`}`
}

const systemErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the port is closed: connection refused',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the host is unknown: no answer from the name server',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
}

const isDialed = (peer: ScriptedPeer) => stagesOf(peer)[0] !== 'listening'

/** It dialed us, and did no handshake. */
function caller({ opening, isClosed, end }: ScriptedPeer, timeout: number): Verdict {
  const other = protocolOf(opening)
  const outcome = 'not-devp2p'
  if (other !== undefined) return { outcome, cause: `what dialed us speaks ${other}, not RLPx` }
  if (opening.length > 0) {
    const cause = `what dialed us sent no auth to our key: it has another enode of us, or does not speak RLPx`
    return { outcome, cause: `${cause}${because(end.error)}` }
  }
  if (!isClosed) return { outcome: 'silent', cause: `it dialed us, and sent no auth within ${timeout} ms` }
  return { outcome, cause: 'it dialed us, and hung up before its auth' }
}

/** It took the connection, and did no handshake. geth closes what comes again within 30 s, but from a local network. */
function stranger({ opening, isClosed, end, remoteAddress = '' }: ScriptedPeer, timeout: number): Verdict {
  const other = protocolOf(opening)
  const outcome = 'not-devp2p'
  if (other !== undefined) return { outcome, cause: `what is there speaks ${other}, not RLPx` }
  if (opening.length > 0)
    return { outcome, cause: `what is there answers our auth with no ack of RLPx${because(end.error)}` }
  if (!isClosed)
    return { outcome: 'silent', cause: `it takes connections, and does not answer our auth within ${timeout} ms` }
  const causes = isLan(parseAddress(remoteAddress)?.ip ?? '')
    ? 'its key is not that of the enode, or it does not speak RLPx'
    : 'its key is not that of the enode, it does not speak RLPx, or our address has dialed it within the last 30 s'
  return { outcome, cause: `it closed the connection at our auth: ${causes}` }
}

const protocolOf = (opening: Uint8Array) => speaks.find(([, pattern]) => pattern.test(bytesToHex(opening)))?.[0]

/** By the first bytes, in hex; of HTTP an answer, GET, POST and HEAD. */
const speaks: readonly (readonly [string, RegExp])[] = [
  ['TLS', /^1[4-7]030[0-4]/],
  ['HTTP', /^(?:485454502f|474554|504f5354|48454144)/],
  ['SSH', /^5353482d/],
]

/** What broke the frames: we hung up. */
const unreadable = ({ message }: Error) => `what it sent cannot be read: ${message}`

/** A Disconnect without one bears none: 0xff is what geth makes of it. */
const reasonLabel = ({ log }: ScriptedPeer, reason: DiscReason) =>
  log.some(({ label }) => label === 'disc without a reason')
    ? 'without a reason'
    : `${hex(reason)}, ${discReasonText(reason)}`

const because = (error: Error | undefined) => (error ? ` (${error.message})` : '')
const hex = (reason: number) => `0x${reason.toString(16).padStart(2, '0')}`
