import { downloadLimits } from './download-limits.ts'
import { averageWith, itemsOfRequest } from './download-plan.ts'
import { isReady, type Source, type Sources } from './download-sources.ts'

// Which access lists (EIP-7928) a sync still asks for, and whom: pure functions beside the plan, which never waits for one.

export type WantedList = {
  readonly number: bigint
  /** Peers that do not have it (EIP-8159: 0x80). BOUNDED: by the peer set. */
  readonly lackedBy: readonly number[]
}
export type ListRequest = { readonly id: number; readonly peer: number; readonly lists: readonly WantedList[] }

export type Lists = {
  /** In order of blocks. BOUNDED: those of maxAhead blocks, and of headers under way. */
  readonly wanted: readonly WantedList[]
  /** Blocks up to here are imported as they are, or are about to be. */
  readonly due: bigint
  /** By id. BOUNDED: maxListRequests. */
  readonly running: ReadonlyMap<number, ListRequest>
  /** Lists that are fetched and whose blocks are not imported. BOUNDED: maxUndeliveredListBytes and what is under way. */
  readonly bytes: number
  /** Bytes of one list, by those that came; 0 before any. */
  readonly average: number
  readonly nextId: number
}

export const noLists: Lists = { wanted: [], due: 0n, running: new Map(), bytes: 0, average: 0, nextId: 0 }

/** Another sync begins: what was asked for the last one counts until it is answered, and none of it is asked again. */
export function forgetLists({ average, nextId, running }: Lists): Lists {
  const stale = new Map([...running].map(([id, request]) => [id, { ...request, lists: [] }]))
  return { ...noLists, average, nextId, running: stale }
}

/** @param listed blocks whose headers name a list; @param highest where the sync ends: geth asks for 90,000 blocks down from there */
export function wantLists(lists: Lists, listed: readonly bigint[], highest: bigint): Lists {
  const fresh = listed.filter((number) => number + downloadLimits.maxListDepth >= highest)
  return want(
    lists,
    fresh.map((number) => ({ number, lackedBy: [] })),
  )
}

export type ListAssignment = { readonly peer: number; readonly id: number; readonly numbers: readonly bigint[] }

/** Asks every peer that may have some for the first of those it may have, as long as there is room for answers. */
export function assignLists(lists: Lists, sources: Sources): [Lists, ListAssignment[]] {
  const assigned: ListAssignment[] = []
  let next = lists
  for (const [peer, source] of sources) {
    while (hasRoom(next, peer) && maySay(source)) {
      const size = Number(itemsOfRequest(next.average, downloadLimits.maxLists))
      const its = next.wanted.filter((list) => mayHave(peer, source, list)).slice(0, size)
      if (its.length === 0) break
      const taken = new Set(its)
      const id = next.nextId
      next = {
        ...next,
        wanted: next.wanted.filter((list) => !taken.has(list)),
        running: new Map(next.running).set(id, { id, peer, lists: its }),
        nextId: id + 1,
      }
      assigned.push({ peer, id, numbers: its.map(({ number }) => number) })
    }
  }
  return [next, assigned]
}

/** What a peer answered to a request for lists. */
export type ListsAnswer = {
  /** Entries, of the first that were asked for. */
  readonly count: number
  /** Of those, the blocks whose list it does not have. */
  readonly lacked: readonly bigint[]
  /** Of the lists that came, and of those among them whose blocks are not imported. */
  readonly bytes: number
  readonly kept: number
}

/** Of a peer that answered nothing geth takes that it has none of them. */
export function listsDone(lists: Lists, request: number, { count, lacked, bytes, kept }: ListsAnswer): Lists {
  const { peer, lists: asked } = lists.running.get(request)!
  const lacking = new Set(count === 0 ? asked.map(({ number }) => number) : lacked)
  const came = count - lacked.length
  const again = asked.flatMap((list, i) => {
    if (lacking.has(list.number)) return [{ ...list, lackedBy: [...list.lackedBy, peer] }]
    return i < count ? [] : [list]
  })
  const average = came > 0 ? averageWith(lists.average, bytes / came) : lists.average
  return want({ ...released(lists, [request]), bytes: lists.bytes + kept, average }, again)
}

/** The peer could not be asked: others may. */
export function listsUnasked(lists: Lists, request: number): Lists {
  const unasked = lists.running.get(request)
  return unasked ? want(released(lists, [request]), unasked.lists) : lists
}

/** The peer is slow, or gone: others may. */
export function listsFailed(lists: Lists, peer: number): Lists {
  const its = [...lists.running.values()].filter((request) => request.peer === peer)
  return want(
    released(
      lists,
      its.map(({ id }) => id),
    ),
    its.flatMap((request) => request.lists),
  )
}

/** The blocks up to `last` are imported: none of their lists is asked for any more. */
export const listsDue = (lists: Lists, last: bigint): Lists => want({ ...lists, due: last }, [])

function hasRoom({ wanted, running, bytes }: Lists, peer: number): boolean {
  const { maxListRequests, maxListRequestsOfPeer, maxUndeliveredListBytes } = downloadLimits
  if (wanted.length === 0 || bytes >= maxUndeliveredListBytes || running.size >= maxListRequests) return false
  return [...running.values()].filter((request) => request.peer === peer).length < maxListRequestsOfPeer
}

/** EIP-8159 came with eth/71. A peer that is late with anything is asked for none. */
function maySay(source: Source): boolean {
  return source.lists === 'ready' && isReady(source)
}

/** As geth: within the range that the peer announced, and some blocks above it. */
function mayHave(peer: number, { range }: Source, { number, lackedBy }: WantedList): boolean {
  if (!range || lackedBy.includes(peer)) return false
  return number >= range.earliest && number <= range.latest + downloadLimits.rangeSlack
}

function released(lists: Lists, requests: readonly number[]): Lists {
  const running = new Map(lists.running)
  for (const id of requests) running.delete(id)
  return { ...lists, running }
}

function want(lists: Lists, more: readonly WantedList[]): Lists {
  const wanted = [...lists.wanted, ...more].filter(({ number }) => number > lists.due)
  return { ...lists, wanted: wanted.sort((a, b) => Number(a.number - b.number)) }
}
