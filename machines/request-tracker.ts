import { without } from './immutable-collections.ts'

// The requests of one session that have no answer yet (geth p2p/tracker): the only table of them. Values, for the charts
// of sessions: a chart keeps one in its context, and asks it what to refuse, what an answer is to, and what has expired.

/** A request that is to be made. `want` is the message that answers it, with at most `count` items. */
export type RequestOrder<Name extends string = string, Want extends string = string> = {
  /** On the wire: chosen at random, so it may be taken. */
  readonly id: bigint
  readonly name: Name
  readonly want: Want
  readonly count: number
  /** Who asks, by the actor's own count. */
  readonly caller: number
  /** ms */
  readonly now: number
}

export type PendingRequest<Name extends string = string, Want extends string = string> = {
  readonly name: Name
  readonly want: Want
  readonly count: number
  readonly caller: number
  /** When it was sent: ms. */
  readonly since: number
  /** No caller waits for the answer, which is checked all the same. */
  readonly isCancelled: boolean
}

export type RequestTracker<Name extends string = string, Want extends string = string> = {
  /** By id, the oldest first. BOUNDED: maxTracked. */
  readonly pending: ReadonlyMap<bigint, PendingRequest<Name, Want>>
  /** What the last answer, or the last look at the time, took from the table. BOUNDED: maxTracked. */
  readonly settled: readonly PendingRequest<Name, Want>[]
}

/** An answer, as far as the tracker looks at it. */
export type AnswerFacts = { readonly id: bigint; readonly want: string; readonly count: number }

/** geth p2p/tracker maxTrackedPackets: requests without an answer. */
export const maxTracked = 10_000

export const emptyTracker: RequestTracker<never, never> = { pending: new Map(), settled: [] }

/** @returns why it cannot be made */
export function refusalOf({ pending }: RequestTracker, { id }: { id: bigint }): Error | undefined {
  if (pending.has(id)) return new RequestIdCollision()
  if (pending.size >= maxTracked) return new RequestLimitReached()
  return undefined
}

export function track<Name extends string, Want extends string>(
  { pending }: RequestTracker<Name, Want>,
  { id, name, want, count, caller, now }: RequestOrder<Name, Want>,
): RequestTracker<Name, Want> {
  const request = { name, want, count, caller, since: now, isCancelled: false }
  return { pending: new Map(pending).set(id, request), settled: [] }
}

/** Whether a caller waits for the answer to a request: another one's may have the id. */
export function isAwaited({ pending }: RequestTracker, { id, caller }: { id: bigint; caller: number }): boolean {
  const request = pending.get(id)
  return request !== undefined && request.caller === caller && !request.isCancelled
}

/** It stays in the table: its answer may be under way. */
export function cancel<Name extends string, Want extends string>(
  { pending, settled }: RequestTracker<Name, Want>,
  { id }: { id: bigint },
): RequestTracker<Name, Want> {
  return { pending: new Map(pending).set(id, { ...pending.get(id)!, isCancelled: true }), settled }
}

/** @returns the fault of an answer that fits no request, with geth's text; checked in geth's order */
export function faultOf({ pending }: RequestTracker, { id, want, count }: AnswerFacts): TrackerError | undefined {
  const request = pending.get(id)
  if (request === undefined) return new TrackerError('no matching request')
  if (request.want !== want) return new TrackerError('wrong response code for request')
  if (count > request.count) return new TrackerError('response is larger than request allows')
  return undefined
}

/** The answer has come. */
export function settle<Name extends string, Want extends string>(
  { pending }: RequestTracker<Name, Want>,
  { id }: { id: bigint },
): RequestTracker<Name, Want> {
  return { pending: without(pending, id), settled: [pending.get(id)!] }
}

/** Takes those from the table that are as old as `timeout`, or older. @param now, timeout ms */
export function expire<Name extends string, Want extends string>(
  { pending }: RequestTracker<Name, Want>,
  { now, timeout }: { now: number; timeout: number },
): RequestTracker<Name, Want> {
  const [young, old] = [new Map<bigint, PendingRequest<Name, Want>>(), [] as PendingRequest<Name, Want>[]]
  for (const [id, request] of pending) {
    if (request.since + timeout <= now) old.push(request)
    else young.set(id, request)
  }
  return { pending: young, settled: old }
}

/** @returns when the oldest was sent: the next to expire */
export function oldest({ pending }: RequestTracker): number | undefined {
  for (const { since } of pending.values()) return since
  return undefined
}

/** An answer that fits no request: disconnected with SubprotocolError (0x10). */
export class TrackerError extends Error {
  override readonly name = 'TrackerError'
}

// What a caller gets instead of an answer.

export class RequestIdCollision extends Error {
  override readonly name = 'RequestIdCollision'
  constructor() {
    super('request ID collision')
  }
}

export class RequestLimitReached extends Error {
  override readonly name = 'RequestLimitReached'
  constructor() {
    super('request limit reached')
  }
}

/** No answer within the tracker's time. The session goes on; an answer from here on ends it. */
export class RequestExpired extends Error {
  override readonly name = 'RequestExpired'
  constructor() {
    super('request expired')
  }
}
