import type { Status } from '../../protocols/eth/status.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { countMatching } from '../../protocols/p2p/matching.ts'
import type { Cap, Hello } from '../../protocols/p2p/messages.ts'

// What can be said of a node that left before its Status: what was seen, and what geth means by it.

/**
 * geth reads a Status before it sends its own, and compares network id, genesis and fork id (eth/protocols/eth/handshake.go):
 * where one does not fit, its own never comes, and which it was it does not say.
 */
export function keptStatusText({ networkId, genesis, forkId: { hash, next } }: Status): string {
  const forkId = `0x${bytesToHex(hash)}${next > 0n ? ` (next ${next})` : ''}`
  const ours = `we said network ${networkId}, genesis 0x${bytesToHex(genesis)}, fork id ${forkId}`
  return `it did so after our Status and before its own, as geth does when network id, genesis or fork id do not match; ${ours}`
}

/** @returns what both speak, where that is nothing in common */
export function nothingInCommon(ours: Hello | undefined, theirs: Hello | undefined): string | undefined {
  if (!ours || !theirs || countMatching(ours.caps, theirs.caps) > 0) return undefined
  return `there is no capability in common: it speaks ${labelOf(theirs.caps)}, we ${labelOf(ours.caps)}`
}

const labelOf = (caps: readonly Cap[]) => caps.map(({ name, version }) => `${name}/${version}`).join(' ') || 'none'
