import type { Header } from '../../protocols/chain/header.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { decodeFirstMessage, type Hello, HelloError } from '../../protocols/p2p/messages.ts'
import { isRemoteFault } from '../../protocols/sub-protocols.ts'
import type { PeerState, ScriptedPeer, ScriptedPeerOptions } from '../scripted-peer/scripted-peer.ts'
import { ScriptError, type TranscriptLine, type Wait } from '../scripted-peer/transcript.ts'
import { describeFork, type ForkStanding } from './forks.ts'
import { findFault, headOf, knownChain, type ProbedChain, statusOn } from './probed-chain.ts'
import { timeLabel } from './time-label.ts'
import { judge, type Verdict } from './verdict.ts'

/** One step that a connection came to; `at`, ms since it was begun, is when it came there, not when it is reported. */
export type ProbeStep = {
  readonly at: number
  readonly step: 'tcp' | 'rlpx' | 'hello' | 'status' | 'head'
  readonly label: string
}

export type ProbeReport = Verdict & {
  readonly hello?: Hello
  readonly status?: Status
  /** What their fork id means on the chain, when that is known. */
  readonly fork?: { readonly standing: ForkStanding; readonly label: string }
  /** Their head block's, by the hash in their Status. */
  readonly head?: Header
}

export type ProbeOptions = {
  /** Whose node we are; without it we say what they say, and are on any chain. */
  readonly chain?: ProbedChain | undefined
  /** Seconds since 1970, asked for whenever it counts: which forks are in force. */
  now(): bigint
  /** ms for each step. */
  readonly timeout: number
  /** Gets every step at once. */
  step(step: ProbeStep): void
}

/** @returns the Status that a probe says */
export const probeStatus = ({
  chain,
  now,
}: Pick<ProbeOptions, 'chain' | 'now'>): NonNullable<ScriptedPeerOptions['status']> =>
  chain ? (theirs) => statusOn(chain, headOf(theirs), now()) : 'mirror'

/** Follows a peer until it runs and answers, or does not. It stays open if it did. */
export async function probe(peer: ScriptedPeer, options: ProbeOptions): Promise<ProbeReport> {
  const found: Found = {}
  try {
    using _hangingUp = hangUpOnDisconnect(peer)
    using _serving = serveGenesis(peer, options.chain)
    await follow(peer, options, found)
    if (!found.verdict) return { ...found, outcome: 'ok', cause: 'it runs, and answers' }
  } catch (error) {
    const fault = error instanceof ScriptError ? error.cause : error
    if (isRemoteFault(fault) || fault instanceof HelloError)
      found.verdict ??= { outcome: 'incompatible', cause: malformed(peer, found, fault) }
    else if (!(error instanceof ScriptError)) throw error
  }
  const { verdict = refusalOf(peer, options, found), ...facts } = found
  return { ...facts, ...judge(peer, verdict, options.timeout) }
}

/** Who has sent Disconnect says no more, also where it leaves the connection open. */
function hangUpOnDisconnect(peer: ScriptedPeer): Disposable {
  let isWanted = true
  const hangUp = () => {
    if (isWanted && !peer.isClosed) peer.close()
  }
  peer.next('Disconnect', { timeout: longest }).then(hangUp, (error) => {
    if (!(error instanceof ScriptError)) throw error
  })
  return {
    [Symbol.dispose]: () => {
      isWanted = false
    },
  }
}

/** Who gives a genesis as its range has that block: a probe on the other side asks for it. */
function serveGenesis(peer: ScriptedPeer, chain: ProbedChain | undefined): Disposable {
  let isWanted = chain !== undefined
  const serve = async ({ header }: ProbedChain['genesis']) => {
    while (isWanted) {
      const { id, origin } = await peer.expect('GetBlockHeaders', {}, { timeout: longest })
      const isGenesis = typeof origin === 'bigint' ? origin === 0n : equalBytes(origin, header.hash)
      if (isWanted && !peer.isClosed) peer.send('BlockHeaders', { id, headers: isGenesis ? [header.raw] : [] })
      await peer.drained()
    }
  }
  if (chain)
    serve(chain.genesis).catch((error) => {
      if (!(error instanceof ScriptError)) throw error
    })
  return {
    [Symbol.dispose]: () => {
      isWanted = false
    },
  }
}

/** ms: a timer has no more. */
const longest = 2 ** 31 - 1

type Found = { -readonly [K in Exclude<keyof ProbeReport, keyof Verdict>]?: ProbeReport[K] } & { verdict?: Verdict }

async function follow(peer: ScriptedPeer, { chain, now, timeout, step }: ProbeOptions, found: Found): Promise<void> {
  const wait = { timeout }
  const report = (name: ProbeStep['step'], label: string, [first]: readonly TranscriptLine[]) =>
    step({ at: first!.at, step: name, label })
  const heard = (name: string) => peer.log.filter((noted) => noted.label.startsWith(name))
  const reach = async (state: PeerState, name: ProbeStep['step'], label: string) => {
    await peer.until(state, wait)
    report(
      name,
      label,
      peer.states.filter((noted) => noted.label.startsWith(state)),
    )
  }
  await reach('securing', 'tcp', 'connected')
  await reach('greeting', 'rlpx', 'keys agreed')
  found.hello = await firstHello(peer, wait)
  report('hello', helloLabel(found.hello), heard('Hello'))
  if (!equalBytes(found.hello.id, peer.provenKey!)) {
    peer.send('Disconnect', { reason: 'UnexpectedIdentity' }) // geth p2p/server.go, setupConn
    const [named, proven] = [found.hello.id, peer.provenKey!].map((id) => short(nodeIdOf(id)))
    const cause = `its Hello has the id of node ${named}, and its key is that of ${proven}: geth has no such peer`
    found.verdict = { outcome: 'incompatible', cause }
    return undefined
  }
  if (peer.version === undefined) {
    found.verdict = { outcome: 'incompatible', cause: `it offers ${capLabel(found.hello)}, we ${capLabel(peer)}` }
    return peer.closed(wait)
  }
  found.status = await peer.expect('Status', {}, wait)
  if (found.status.version !== peer.version) {
    const cause = `its Status is of eth/${found.status.version}, and both speak eth/${peer.version}`
    found.verdict = { outcome: 'incompatible', cause }
    return undefined
  }
  const known = chainOf(found.status, chain)
  const fork = known && describeFork(found.status.forkId, known.genesis, now())
  if (fork) found.fork = fork
  report('status', statusLabel(found.status, peer.version, known, fork?.label), heard('Status'))
  const fault = chain && faultOf(chain, peer, found.status, now())
  if (fault) found.verdict = fault
  await peer.until('running', wait)
  const hash = 'range' in found.status ? found.status.range.latestHash : found.status.head
  const { headers } = await peer.request('GetBlockHeaders', { origin: hash, amount: 1 }, wait)
  const [head] = headers
  if (!head) return report('head', 'it answers, and does not have its own head', heard('BlockHeaders'))
  found.head = head
  report('head', `block ${head.number} of ${timeLabel(head.time)}`, heard('BlockHeaders'))
}

/** @throws {ScriptError} the connection closed before it, or the time is up; @throws {HelloError} and as decodeHello: no Hello came first */
async function firstHello(peer: ScriptedPeer, wait: Wait): Promise<Hello> {
  const { code, payload } = await peer.next(({ name }) => name !== 'Disconnect', wait)
  return decodeFirstMessage(code, payload)
}

/** The one that they are on, if it is known. */
function chainOf({ genesis }: Status, ours: ProbedChain | undefined): ProbedChain | undefined {
  return ours && equalBytes(ours.genesis.header.hash, genesis) ? ours : knownChain(genesis)
}

function faultOf(chain: ProbedChain, { version }: ScriptedPeer, status: Status, now: bigint): Verdict | undefined {
  const error = findFault(chain, version!, status, now)
  if (!error) return undefined
  const { header } = chain.genesis
  switch (error.fault) {
    case 'network':
      return {
        outcome: 'other-network',
        cause: `it is on network ${status.networkId}, and ${chain.name} is ${chain.networkId}`,
      }
    case 'genesis':
      return {
        outcome: 'other-network',
        cause: `its genesis is ${short(status.genesis)}, and that of ${chain.name} is ${short(header.hash)}`,
      }
    case 'forkid':
      return { outcome: 'stale-fork', cause: describeFork(status.forkId, chain.genesis, now).label }
    default:
      return { outcome: 'dropped', cause: error.message }
  }
}

/** They end it upon our Status, in which they can mind nothing but the fork id: theirs has no fault. */
function refusalOf(peer: ScriptedPeer, { chain, now }: ProbeOptions, { fork }: Found): Verdict | undefined {
  const isRefused = peer.end.reason === DiscReason.SubprotocolError && !peer.log.some(isHeaders)
  const { ourStatus } = peer
  if (!chain || !ourStatus || !fork || !isRefused) return undefined
  const { forkId } = ourStatus
  const ours = `0x${bytesToHex(forkId.hash)} (${describeFork(forkId, chain.genesis, now()).label})`
  const cause = `it is ${fork.label}, and does not know our fork id ${ours}: it lacks a fork of the chain`
  return { outcome: 'stale-fork', cause }
}

/** What came, and is not what its name says: a chain of another kind has headers of its own. */
function malformed({ theirStatus, version }: ScriptedPeer, found: Found, fault: Error): string {
  if (theirStatus) return `it answers with a head header that cannot be read here: ${fault.message}`
  if (found.hello) return `its Status cannot be read as one of eth/${version}: ${fault.message}`
  return `its first message is no Hello that can be: ${fault.message}`
}

const isHeaders = ({ label }: TranscriptLine) => label.startsWith('BlockHeaders')

function helloLabel(hello: Hello): string {
  return `${hello.name || 'without a name'}: ${capLabel(hello)}, p2p/${hello.version}`
}

/** @returns `eth/68 eth/69 snap/1` */
export const capLabel = ({ caps }: Pick<Hello, 'caps'>): string =>
  caps.map(({ name, version }) => `${name}/${version}`).join(' ') || 'nothing'

function statusLabel(
  status: Status,
  version: number,
  chain: ProbedChain | undefined,
  fork: string | undefined,
): string {
  const { networkId, genesis, forkId } = status
  const range =
    'range' in status
      ? `blocks ${status.range.earliest} to ${status.range.latest}, head ${short(status.range.latestHash)}`
      : `total difficulty ${status.td}, head ${short(status.head)}`
  return [
    `eth/${version}`,
    `network ${networkId}`,
    `genesis ${short(genesis)}${chain ? ` (${chain.name})` : ''}`,
    `fork 0x${bytesToHex(forkId.hash)}${fork === undefined ? ` next ${forkId.next}` : ` (${fork})`}`,
    range,
  ].join(', ')
}

const short = (hash: Uint8Array) => `0x${bytesToHex(hash.subarray(0, 4))}…${bytesToHex(hash.subarray(-4))}`
