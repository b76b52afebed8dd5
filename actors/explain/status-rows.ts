import type { NamedFork } from '../../protocols/chain/fork-table.ts'
import { checkRange } from '../../protocols/eth/block-range.ts'
import type { Status } from '../../protocols/eth/status.ts'
import { bytesToHex, equalBytes } from '../../protocols/lib/bytes.ts'
import type { Explanation } from './facts.ts'

type Row = NonNullable<Explanation['status']>[number]

/**
 * Two Statuses side by side, in the order in which geth compares them (eth/protocols/eth/handshake.go).
 * @param theirs undefined where they sent none
 * @param forks those of our chain, where they are known
 */
export function statusRows(ours: Status, theirs: Status | undefined, forks: readonly NamedFork[] = []): Row[] {
  if (!theirs) return statusRows(ours, ours, forks).map((row) => ({ ...row, theirs: 'not sent' }))
  const rows: Row[] = [
    row('networkId', `${ours.networkId}`, `${theirs.networkId}`),
    row('version', `${ours.version}`, `${theirs.version}`),
    row('genesis', hex(ours.genesis), hex(theirs.genesis)),
    forkRow(ours, theirs, forks),
  ]
  if ('range' in ours && 'range' in theirs) {
    const fault = checkRange(theirs.range)
    const [a, b] = [ours.range, theirs.range]
    rows.push(
      {
        ...plainRow('earliestBlock', `${a.earliest}`, `${b.earliest}`),
        ...(fault && { differs: true, note: fault.message }),
      },
      plainRow('latestBlock', `${a.latest}`, `${b.latest}`),
      plainRow('latestBlockHash', hex(a.latestHash), hex(b.latestHash)),
    )
  } else if ('td' in ours && 'td' in theirs)
    rows.push(plainRow('td', `${ours.td}`, `${theirs.td}`), plainRow('head', hex(ours.head), hex(theirs.head)))
  return rows
}

/** @returns what of two Statuses keeps the nodes apart, in one clause; undefined when nothing does */
export function disagreement(rows: readonly Row[]): string | undefined {
  const differing = rows.find(({ differs }) => differs)
  if (!differing) return undefined
  const { field, ours, theirs, note } = differing
  if (field === 'forkId') return `the fork ids do not fit: ${note}`
  if (field === 'earliestBlock') return `the block range cannot be: ${note}`
  return `the ${fieldLabels[field] ?? field} differs, theirs is ${theirs} and ours ${ours}`
}

const fieldLabels: Readonly<Record<string, string>> = { networkId: 'network id', version: 'protocol version' }

function forkRow(
  { forkId: ours, genesis }: Status,
  { forkId: theirs, genesis: other }: Status,
  forks: readonly NamedFork[],
): Row {
  const text = ({ hash, next }: Status['forkId']) => `${hex(hash)}${next > 0n ? `, next ${next}` : ''}`
  const row = plainRow('forkId', text(ours), text(theirs))
  if (!equalBytes(genesis, other)) return { ...row, note: 'of another chain' }
  if (equalBytes(ours.hash, theirs.hash))
    return ours.next === theirs.next ? row : { ...row, note: nextNote(theirs.next, ours.next, forks) }
  return { ...row, ...forkVerdict(ours.hash, theirs, forks) }
}

/** EIP-2124: who is behind may be syncing, if it knows what comes next. */
function forkVerdict(
  oursHash: Uint8Array,
  theirs: Status['forkId'],
  forks: readonly NamedFork[],
): { differs: boolean; note: string } {
  const indexOf = (hash: Uint8Array) => forks.findIndex((fork) => fork.hash === bytesToHex(hash))
  const [here, there] = [indexOf(oursHash), indexOf(theirs.hash)]
  if (there < 0) return { differs: true, note: 'theirs is none of our chain: other forks, or newer ones than we know' }
  if (here < 0) return { differs: true, note: 'ours is none that is known here' }
  if (there > here) return { differs: false, note: `they have passed ${forks[there]!.name}, we ${forks[here]!.name}` }
  const missed = forks[there + 1]!
  if (`${theirs.next}` === missed.at) return { differs: false, note: `they have yet to pass ${missed.name}: syncing` }
  return { differs: true, note: `theirs is stale by ${missed.name}` }
}

function nextNote(theirs: bigint, ours: bigint, forks: readonly NamedFork[]): string {
  const nameOf = (at: bigint) => forks.find((fork) => fork.at === `${at}`)?.name ?? `a fork at ${at}`
  if (theirs === 0n) return `they do not know of ${nameOf(ours)}, which is to come`
  return ours === 0n
    ? `they expect a fork at ${theirs} that we do not know`
    : `they expect ${nameOf(theirs)}, we ${nameOf(ours)}`
}

const plainRow = (field: string, ours: string, theirs: string): Row => ({ field, ours, theirs, differs: false })
const row = (field: string, ours: string, theirs: string): Row => ({ field, ours, theirs, differs: ours !== theirs })
const hex = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`
