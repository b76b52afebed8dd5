import type { Enode } from '../protocols/enode/enode.ts'
import { isInNetlist, type Netlist } from '../protocols/enode/netlist.ts'
import { parseIp } from '../protocols/enode/netutil.ts'

// Whom to dial and how many at a time, as pure functions of the dialer's state (geth p2p/dial.go).

/** geth `dialHistoryExpiration`: the inbound throttle of 30 s and 5 s more. */
export const dialHistoryExpiry = 35_000
/** BOUNDED: nodes dialed within the last 35 s. When it is full no more are dialed; geth has no such limit. */
export const maxDialHistory = 4_096
/** geth `defaultMaxPendingPeers`, of dials and of inbound handshakes alike. */
export const defaultMaxPendingPeers = 50

export type DialState = {
  readonly selfId: string
  readonly maxDialed: number
  readonly maxActiveDials: number
  readonly netRestrict?: Netlist | undefined
  /** Whether discovery can be asked where a node is. */
  readonly canResolve: boolean
  /** Nodes being dialed or set up. BOUNDED: maxActiveDials. */
  readonly dialing: ReadonlyMap<string, DialTask>
  /** BOUNDED: by the server's peers. */
  readonly peers: ReadonlySet<string>
  /** How many of the peers we dialed. */
  readonly dialPeers: number
  /** BOUNDED: by the server's pending slots. */
  readonly pendingInbound: ReadonlySet<string>
  /** Nodes dialed within {@link dialHistoryExpiry}. BOUNDED: maxDialHistory. */
  readonly history: ReadonlyMap<string, DialRecord>
  /** BOUNDED: by who calls addPeer: the node's own configuration and API. */
  readonly statics: ReadonlyMap<string, StaticNode>
  /** Statics that may be dialed now. BOUNDED: by statics. */
  readonly staticPool: readonly string[]
}

/**
 * How a node's last dial stands. Two nodes that dial each other at once may each keep another of the two connections and
 * refuse the other one, so that none is left: `crossed`. Each then dials once more before its 35 s are over (`again`), the
 * one with the greater id at once; geth waits.
 */
export type DialRecord = 'dialed' | 'crossed' | 'again'
export type DialTask = { readonly node: Enode; readonly origin: 'dyndial' | 'staticdial' }
export type StaticNode = {
  readonly node: Enode
  /** What DNS said last of a host that is a name. */
  readonly ip?: string
  /** Milliseconds for which discovery is not asked again, since it was last: twice as many each time that it did not know. */
  readonly resolveDelay?: number
  /** They are not over. */
  readonly isResolveResting?: boolean
}

/** geth `freeDialSlots`: may be negative. */
export function freeDialSlots({ maxDialed, dialPeers, maxActiveDials, dialing, history }: DialState): number {
  return Math.min((maxDialed - dialPeers) * 2, maxActiveDials, maxDialHistory - history.size) - dialing.size
}

/** @returns why `node` is not to be dialed now, as geth says it; undefined when it may be */
export function checkDial(state: DialState, node: Enode, ip = ipOf(node)): string | undefined {
  if (node.id === state.selfId) return 'is self'
  if (ip !== undefined && node.tcp === 0) return 'node does not provide TCP port'
  if (state.dialing.has(node.id)) return 'already dialing'
  if (state.peers.has(node.id)) return 'already connected'
  if (state.pendingInbound.has(node.id)) return 'peer has pending inbound connection'
  if (state.netRestrict && !(ip !== undefined && isInNetlist(state.netRestrict, ip)))
    return 'not contained in netrestrict list'
  if ((state.history.get(node.id) ?? 'crossed') !== 'crossed') return 'recently dialed'
  return undefined
}

/** geth `updateStaticPool`: @returns the pool with `id` in it when it is static and may be dialed */
export function poolWith(state: DialState, id: string): readonly string[] {
  const known = state.statics.get(id)
  if (
    !known ||
    state.staticPool.includes(id) ||
    checkDial(state, known.node, ipOf(known.node) ?? known.ip) !== undefined
  )
    return state.staticPool
  return [...state.staticPool, id]
}

/** Whether discovery may be asked now where `id` is, which is a static node (geth dialTask.resolve). */
export function mayResolve({ canResolve, statics }: DialState, id: string): boolean {
  const known = statics.get(id)
  return canResolve && known !== undefined && !known.isResolveResting
}

/** geth `initialResolveDelay`, `maxResolveDelay`. */
const initialResolveDelay = 60_000
const maxResolveDelay = 3_600_000

/** @returns how long discovery is not asked again where a static node is, in ms */
export const nextResolveDelay = ({ resolveDelay = initialResolveDelay }: StaticNode, isFound: boolean): number =>
  isFound ? initialResolveDelay : Math.min(resolveDelay * 2, maxResolveDelay)

/** geth `startDial`, of several at once: all are in the history, and those with an address, or to be given one, being dialed. */
export function withDials(
  state: DialState,
  tasks: readonly DialTask[],
): Pick<DialState, 'dialing' | 'history' | 'staticPool'> {
  const ids = new Set(tasks.map(({ node }) => node.id))
  const dialed = tasks.filter(({ node }) => takesSlot(state, node)).map((task) => [task.node.id, task] as const)
  return {
    dialing: new Map([...state.dialing, ...dialed]),
    history: new Map([...state.history, ...[...ids].map((id) => [id, nextRecord(state, id)] as const)]),
    staticPool: state.staticPool.filter((id) => !ids.has(id)),
  }
}

const nextRecord = ({ history }: DialState, id: string): DialRecord => (history.has(id) ? 'again' : 'dialed')

/** For so many ms a node waits after crossed dials for the other one, whose id is the greater, to dial again. */
export const crossedDialDelay = 3_000

/** geth `startStaticDials`: @returns random nodes of the pool, as many as there are free slots for, and the next seed */
export function drawStatics(state: DialState, seed: number): { drawn: readonly StaticNode[]; seed: number } {
  const pool = [...state.staticPool]
  const drawn: StaticNode[] = []
  // Without an address, and with nothing to ask for it, there is nothing to dial, and no slot taken.
  for (let slots = freeDialSlots(state); slots > 0 && pool.length > 0; ) {
    const next = draw(seed, pool.length)
    seed = next.seed
    const [id] = pool.splice(next.value, 1)
    const known = state.statics.get(id!)!
    drawn.push(known)
    if (takesSlot(state, known.node)) slots--
  }
  return { drawn, seed }
}

const takesSlot = (state: DialState, { id, host }: Enode) => host !== undefined || mayResolve(state, id)

/** @returns the address that a node URL names, when it is not a DNS name */
export const ipOf = ({ host }: Enode): string | undefined =>
  host !== undefined && parseIp(host) !== undefined ? host : undefined

/**
 * One number of a reproducible sequence (mulberry32).
 * @param seed a uint32
 * @returns an integer from 0 up to `end`, and the seed of the next
 */
export function draw(seed: number, end: number): { value: number; seed: number } {
  const next = (seed + 0x6d2b79f5) >>> 0
  let mixed = Math.imul(next ^ (next >>> 15), next | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return { value: Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end), seed: next }
}
