import { defaultMaxPeers, maxDialedOf, type ServerLimits } from '../../machines/admission.ts'
import { defaultMaxPendingPeers } from '../../machines/dial-rules.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import type { Netlist } from '../../protocols/enode/netlist.ts'
import type { Logger } from '../log/log.ts'
import type { Connect, Network } from './connection.ts'
import type { CandidateSource, LookUp, Resolve } from './dialer.ts'
import type { Protocol } from './protocol.ts'

export type ServerOptions = {
  /** Of its actor; its dialer's is `<id>/dialer`. */
  readonly id?: string
  readonly parent?: string
  /** 64 bytes. */
  readonly publicKey: Uint8Array
  readonly protocols: readonly Protocol[]
  /** @default 50 */
  readonly maxPeers?: number
  /** Inbound handshakes at a time, and dials. @default 50 */
  readonly maxPendingPeers?: number
  /** Of so many peers one is dialed. @default 3 */
  readonly dialRatio?: number
  readonly noDial?: boolean
  /** Where to accept connections; nowhere when left out. Port 0 is any. */
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  readonly staticNodes?: readonly Enode[]
  readonly trustedNodes?: readonly Enode[]
  /** Whom to speak with: everybody when left out. */
  readonly netRestrict?: Netlist
  readonly candidates?: CandidateSource
  /** Asks discovery where a static node is that says no address, or the wrong one. */
  readonly resolve?: Resolve
  readonly network: Network
  readonly connect: Connect
  /** Resolves the host names of static nodes; none resolve when left out. */
  readonly lookUp?: LookUp
  /** Numbers connections, each once in the process. Counts from 1 when left out. */
  readonly nextConn?: () => number
  readonly log?: Logger
}

/** @returns what the chart counts with: the options with geth's defaults */
export function limitsOf(options: ServerOptions, self: Enode): ServerLimits {
  const { protocols, maxPeers = defaultMaxPeers, maxPendingPeers, dialRatio, noDial } = options
  return {
    selfId: self.id,
    protocolCount: protocols.length,
    maxPeers,
    maxDialed: maxDialedOf({ maxPeers, dialRatio, noDial }),
    maxPendingPeers: maxPendingPeers || defaultMaxPendingPeers,
  }
}
