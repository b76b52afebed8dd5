import { isInNetlist, type Netlist } from '../protocols/enode/netlist.ts'
import { isLan } from '../protocols/enode/netutil.ts'

// Which of the accepted connections is set up next (geth p2p/server.go, listenLoop and checkInboundConn).

/** geth `inboundThrottleTime`. */
export const inboundThrottle = 30_000
/** BOUNDED: connections accepted and left unread while every slot is taken, as a kernel's backlog holds them for geth. */
export const maxBacklog = 128
/** BOUNDED: addresses remembered. Of more than these within 30 s the oldest are forgotten; geth forgets none. */
export const maxInboundHistory = 1_024

/** A connection that nothing was read from. `ip` is left out where there is none: a pipe. */
export type Waiting = { readonly conn: number; readonly ip?: string | undefined }

export type InboundState = {
  readonly backlog: readonly Waiting[]
  /** When each address may come again, in ms, oldest first. */
  readonly inboundHistory: ReadonlyMap<string, number>
  readonly netRestrict?: Netlist | undefined
}

export type InboundTurn = Omit<InboundState, 'netRestrict'> & {
  readonly accepted: readonly number[]
  readonly rejected: readonly { conn: number; why: string }[]
}

/** Takes connections from the backlog, first come first served, until `slots` are accepted. */
export function acceptWaiting(
  { backlog, inboundHistory, netRestrict }: InboundState,
  slots: number,
  now: number,
): InboundTurn {
  const accepted: number[] = []
  const rejected: { conn: number; why: string }[] = []
  let history = inboundHistory
  let taken = 0
  for (const { conn, ip } of backlog) {
    if (accepted.length >= slots) break
    taken++
    history = ip === undefined ? history : withoutExpired(history, now)
    const why = ip === undefined ? undefined : checkInbound(ip, history, netRestrict)
    if (why !== undefined) rejected.push({ conn, why })
    else {
      accepted.push(conn)
      if (ip !== undefined) history = remember(history, ip, now)
    }
  }
  return { backlog: backlog.slice(taken), inboundHistory: history, accepted, rejected }
}

/** geth's order and text. A rejected attempt does not extend the throttle. */
function checkInbound(ip: string, history: ReadonlyMap<string, number>, netRestrict?: Netlist): string | undefined {
  if (netRestrict && !isInNetlist(netRestrict, ip)) return 'not in netrestrict list'
  if (!isLan(ip) && history.has(ip)) return 'too many attempts'
  return undefined
}

function withoutExpired(history: ReadonlyMap<string, number>, now: number): ReadonlyMap<string, number> {
  const [oldest] = history.values()
  return oldest === undefined || oldest >= now ? history : new Map([...history].filter(([, expiry]) => expiry >= now))
}

/** Last in the map is last to expire: a LAN address that comes again moves there. */
function remember(history: ReadonlyMap<string, number>, ip: string, now: number): ReadonlyMap<string, number> {
  const next = new Map(history)
  next.delete(ip)
  next.set(ip, now + inboundThrottle)
  if (next.size > maxInboundHistory) next.delete(next.keys().next().value!)
  return next
}
