import { asBytes, asItem, LazyList, MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { encodeList, RlpError, type RlpItem, readItem } from '../../protocols/lib/rlp.ts'
import type { GetAccessLists, GetByteCodes, GetTrieNodes } from '../../protocols/snap/lookup-messages.ts'
import type { SnapAnswer, SnapRequest } from '../../protocols/snap/messages.ts'
import {
  type GetAccountRange,
  type GetStorageRanges,
  readRangedAccount,
  readStorageSlots,
} from '../../protocols/snap/range-messages.ts'
import type { Chain } from '../chain/chain.ts'
import type { QueryAnswer, StatePort } from '../execution/queries.ts'
import { toHash } from '../execution/snap-queries.ts'
import type { Steps } from '../runtime/time-slicer.ts'

/** What sessions serve from (geth's snap.Backend). */
export type Backend = {
  readonly chain: Pick<Chain, 'accessListByHash'>
  readonly states: Pick<StatePort, 'query'>
}

/**
 * What there is of what is asked for, by geth's rules and bounds (eth/protocols/snap/handlers.go): nothing of a state that is not
 * there. A state is read piece by piece, and may be gone in between.
 * @throws {BadRequest} geth does not answer, and ends the session
 */
export function answerSnap(backend: Backend, request: SnapRequest): Steps<SnapAnswer> {
  switch (request.kind) {
    case 'GetAccountRange':
      return accountRange(backend, request)
    case 'GetStorageRanges':
      return storageRanges(backend, request)
    case 'GetByteCodes':
      return byteCodes(backend, request)
    case 'GetTrieNodes':
      return trieNodes(backend, request)
    case 'GetAccessLists':
      return accessLists(backend, request)
  }
}

function* accountRange({ states }: Backend, request: GetAccountRange): Steps<SnapAnswer> {
  const { id, root, origin, limit } = request
  const bytes = clamp(request.bytes)
  const items: Uint8Array[] = []
  let last: Uint8Array | undefined
  let size = 0
  for (let next: Uint8Array | undefined = origin; next; ) {
    const piece: QueryAnswer<'accountRange'> = yield states.query('accountRange', {
      ...{ root: copy(root), origin: copy(next), limit: copy(limit), room: bytes - size },
    })
    if (!piece) return accounts(id)
    items.push(piece.items)
    size += piece.size
    last = piece.last ?? last
    next = piece.next
  }
  const keys = [copy(origin), ...(last ? [last] : [])]
  const proof: QueryAnswer<'rangeProof'> = yield states.query('rangeProof', { root: copy(root), keys })
  return proof ? accounts(id, items, proof) : accounts(id)
}

const accounts = (id: bigint, items: readonly Uint8Array[] = [], proof = emptyList): SnapAnswer => ({
  ...{ kind: 'AccountRange', id, accounts: LazyList.of(items, readRangedAccount) },
  proof: new LazyList(readItem(proof), asBytes),
})

function* storageRanges({ states }: Backend, request: GetStorageRanges): Steps<SnapAnswer> {
  const { id } = request
  const root = copy(request.root)
  const bytes = clamp(request.bytes)
  const whole: Whole = { origin: lowest, limit: highest, isPartial: false }
  const asked: Whole = { ...whole, ...(request.origin.length > 0 && { origin: toHash(request.origin) }) }
  const limit = request.limit.length > 0 ? toHash(request.limit) : highest
  const first: Whole = { ...asked, limit, isPartial: asked.origin.some((byte) => byte !== 0) }
  const found: Uint8Array[][] = []
  let size = 0
  let [at, part] = [0, first]
  // geth looks at all accounts that are named, however many have no storage: a few of them are more than its own sync asks for.
  const count = Math.min(request.accountHashes.count, maxAccounts)
  for (let isOpen = false; at < count && (isOpen || size < bytes); ) {
    const accounts = hashesOf(request.accountHashes, at, Math.min(count, at + accountsAtATime))
    const piece: QueryAnswer<'storageRanges'> = yield states.query('storageRanges', {
      ...{ root, accounts, size, bytes, ...part },
    })
    if (!piece) return storage(id)
    size += piece.size
    for (const [index, slots] of piece.slots.entries()) {
      if (index === 0 && isOpen) found.at(-1)!.push(slots)
      else found.push([slots])
    }
    const account = accounts[piece.slots.length - 1]!
    if (piece.isCut) {
      const last = piece.last ?? (isOpen && piece.slots.length === 1 ? part.last : undefined)
      const origin = at === 0 && piece.slots.length === 1 ? first.origin : lowest
      if (!last && !part.isPartial) return storage(id, found)
      const keys = [origin, ...(last ? [last] : [])]
      const proof: QueryAnswer<'rangeProof'> = yield states.query('rangeProof', { root, account, keys })
      return proof ? storage(id, found, proof) : storage(id)
    }
    isOpen = piece.next !== undefined
    const isFirst = at === 0 && piece.slots.length === 1
    at += piece.slots.length - (isOpen ? 1 : 0)
    if (!piece.next) part = whole
    else
      part = {
        ...(isFirst ? first : whole),
        origin: piece.next,
        last: piece.last ?? (piece.slots.length === 1 ? part.last : undefined),
      }
  }
  return storage(id, found)
}

/** What is wanted of the first account of a piece. */
type Whole = {
  readonly origin: Uint8Array
  readonly limit: Uint8Array
  readonly isPartial: boolean
  /** The last slot of it that was found before. */
  readonly last?: Uint8Array | undefined
}

/** An account without slots has no list. */
const storage = (id: bigint, found: readonly Uint8Array[][] = [], proof = emptyList): SnapAnswer => ({
  kind: 'StorageRanges',
  id,
  slots: LazyList.of(
    found.filter((pieces) => pieces.some(({ length }) => length > 0)).map((pieces) => encodeList(pieces)),
    readStorageSlots,
  ),
  proof: new LazyList(readItem(proof), asBytes),
})

function* byteCodes({ states }: Backend, { id, hashes, bytes }: GetByteCodes): Steps<SnapAnswer> {
  const asked = hashesOf(hashes, 0, Math.min(hashes.count, maxCodeLookups))
  const codes: Uint8Array = yield states.query('codes', { hashes: asked, bytes: clamp(bytes) })
  return { kind: 'ByteCodes', id, codes: new LazyList(readItem(codes), asBytes) }
}

function* trieNodes({ states }: Backend, { id, root, paths, bytes }: GetTrieNodes): Steps<SnapAnswer> {
  const { sets, fault } = readSets(paths.items())
  const found: QueryAnswer<'trieNodes'> = yield states.query('trieNodes', {
    ...{ root: copy(root), sets, bytes: clamp(bytes) },
  })
  if (found && fault && !found.isFull) throw fault
  return { kind: 'TrieNodes', id, nodes: new LazyList(readItem(found?.nodes ?? emptyList), asBytes) }
}

/** @returns the path sets that can be looked at, or those before the first that is none */
function readSets(items: Iterable<RlpItem>): { sets: Uint8Array[][]; fault?: BadRequest } {
  const sets: Uint8Array[][] = []
  let count = 0
  for (const item of items) {
    if (count > maxTrieNodeLookups) break
    try {
      const set: Uint8Array[] = []
      for (const path of new LazyList(item, asBytes)) {
        if (set.length > maxTrieNodeLookups) break
        // Longer than any path: nothing is there.
        set.push(copy(path.subarray(0, longestPath)))
      }
      if (set.length === 0) return { sets, fault: new BadRequest('zero-item pathset requested') }
      sets.push(set)
      count += set.length
    } catch (cause) {
      if (!(cause instanceof RlpError || cause instanceof MalformedItem)) throw cause
      return { sets, fault: new BadRequest('invalid account node request', { cause }) }
    }
  }
  return { sets }
}

function* accessLists({ chain }: Backend, { id, hashes, ...request }: GetAccessLists): Steps<SnapAnswer> {
  const bytes = clamp(request.bytes)
  const lists: Uint8Array[] = []
  let size = 0
  for (const hash of hashes.first(maxAccessListLookups)) {
    const list = chain.accessListByHash(hash) ?? notAvailable
    lists.push(list)
    size += list.length
    if (size > bytes) break
    yield
  }
  return { kind: 'AccessLists', id, accessLists: LazyList.of(lists, asItem) }
}

const clamp = (bytes: bigint): number => (bytes > softResponseBytes ? softResponseBytes : Number(bytes))

function hashesOf(hashes: { at(index: number): Uint8Array | undefined }, from: number, to: number): Uint8Array[] {
  return Array.from({ length: to - from }, (_, i) => copy(hashes.at(from + i)!))
}

/** A view would cross to the other thread with all that it is a view of. */
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const lowest = new Uint8Array(32)
const highest = new Uint8Array(32).fill(0xff)
const emptyList: Uint8Array = Uint8Array.of(0xc0)
const notAvailable = Uint8Array.of(0x80)
/** geth softResponseLimit, maxCodeLookups, maxTrieNodeLookups, maxAccessListLookups. */
const softResponseBytes = 2 * 1024 * 1024
const maxCodeLookups = 1_024
const maxTrieNodeLookups = 1_024
const maxAccessListLookups = 1_024
const maxAccounts = 8_192
const accountsAtATime = 256
/** 64 nibbles, their flags, and one more. */
const longestPath = 34

/** geth errBadRequest: disconnected with SubprotocolError (0x10). */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
  constructor(detail: string, options?: ErrorOptions) {
    super(`bad request: ${detail}`, options)
  }
}
