import { txEnvelope, txHash, txType } from '../../protocols/chain/transaction.ts'
import { decode, MalformedMessage } from '../../protocols/eth/messages.ts'
import type { EthVersion, MessageName } from '../../protocols/eth/versions.ts'
import { bytesToHex, hexToBytes } from '../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { RlpError, type RlpItem } from '../../protocols/lib/rlp.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { type Received, ScriptError } from '../scripted-peer/transcript.ts'

/** What peers send without being asked: transactions, and the newest block that they have. */
export type Gossip =
  | {
      /** 64 hex digits. */
      readonly hash: string
      /** EIP-2718. */
      readonly type: number
      /** Bytes: as announced, or as it came. */
      readonly size: number
      readonly how: 'announced' | 'sent'
      readonly raw?: Uint8Array
    }
  | { readonly head: { readonly number: bigint; readonly hash: Uint8Array } }

/** What came for hashes that were asked for, by hash; `got` is when. */
export type Fetched = ReadonlyMap<string, { readonly raw: Uint8Array; readonly got: bigint }>

/** @returns nothing for a message of another kind, and for one that breaks its definition: a watch judges no peer */
export function readGossip(version: EthVersion, { name, payload }: Pick<Received, 'name' | 'payload'>): Gossip[] {
  const read = readers[name as MessageName]
  return (read && lenient(() => read(version, payload))) ?? []
}

export type FetchOptions = {
  /** ms */
  readonly timeout: number
  /** Nanoseconds of the system's monotonic clock. */
  monotonic(): bigint
}

/**
 * Asks for the transactions among `news` that were only announced, in the portions that geth asks for.
 * @returns what came; `isOverdue`: an answer did not come in time, and what follows it was not asked for
 * @throws {ScriptError} the peer is gone
 */
export async function fetchAnnounced(
  peer: ScriptedPeer,
  news: readonly Gossip[],
  { timeout, monotonic }: FetchOptions,
): Promise<{ readonly fetched: Fetched; readonly isOverdue: boolean }> {
  /** BOUNDED: by one announcement. */
  const fetched = new Map<string, { raw: Uint8Array; got: bigint }>()
  for (const portion of portionsOf(announcedIn(news))) {
    const hashes = portion.map(({ hash }) => hexToBytes(hash))
    const answer = await peer.request('GetPooledTransactions', { hashes }, { timeout }).catch((error) => {
      if (error instanceof ScriptError && !peer.isClosed) return undefined // it may be slow, or have dropped them
      throw error
    })
    if (!answer) return { fetched, isOverdue: true }
    const got = monotonic()
    for (const [hash, raw] of lenient(() => Array.from(answer.transactions, hashAndBytes)) ?? [])
      fetched.set(hash, { raw, got })
  }
  return { fetched, isOverdue: false }
}

/** @returns the transactions that were only announced */
export const announcedIn = (news: readonly Gossip[]) =>
  news.flatMap((gossip) => ('hash' in gossip && gossip.how === 'announced' ? [gossip] : []))

const readers: Partial<Record<MessageName, (version: EthVersion, payload: Uint8Array) => Gossip[]>> = {
  NewPooledTransactionHashes(version, payload) {
    const { types, sizes, hashes } = decode(version, 'NewPooledTransactionHashes', payload)
    const size = [...sizes]
    return Array.from(hashes, (hash, i) => ({
      ...{ hash: bytesToHex(hash), type: types[i] ?? 0, size: size[i] ?? 0, how: 'announced' as const },
    }))
  },
  Transactions: (version, payload) =>
    Array.from(decode(version, 'Transactions', payload).transactions, (item) => {
      const [hash, raw] = hashAndBytes(item)
      return { hash, type: txType(item), size: raw.length, how: 'sent' as const, raw }
    }),
  BlockRangeUpdate(version, payload) {
    const { latest, latestHash } = decode(version, 'BlockRangeUpdate', payload)
    return [{ head: { number: latest, hash: latestHash } }]
  },
  NewBlockHashes: (version, payload) =>
    Array.from(decode(version, 'NewBlockHashes', payload).blocks, ({ hash, number }) => ({ head: { number, hash } })),
}

const hashAndBytes = (item: RlpItem): [hash: string, raw: Uint8Array] => [bytesToHex(txHash(item)), txEnvelope(item)]

/** geth's fetcher: at most 256 hashes in one request, and no more than 128 KiB as they were announced. */
function* portionsOf<Wanted extends { readonly size: number }>(wanted: readonly Wanted[]): Generator<Wanted[]> {
  let portion: Wanted[] = []
  let bytes = 0
  for (const one of wanted) {
    if (portion.length === 256 || (portion.length > 0 && bytes + one.size > 128 * 1024)) {
      yield portion
      portion = []
      bytes = 0
    }
    portion.push(one)
    bytes += one.size
  }
  if (portion.length > 0) yield portion
}

function lenient<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof MalformedItem || error instanceof RlpError)
      return undefined
    throw error
  }
}
