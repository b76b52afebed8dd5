import type { Logger } from '../log/log.ts'
import type { UdpEndpoint } from './datagrams.ts'
import type { DiscoveredNode } from './discovered-node.ts'
import type { LocalNode } from './local-node.ts'
import type { NodeDatabase } from './node-database.ts'

/** What either version of Node Discovery is given: they share a socket, a record and a database. */
export type ProtocolOptions = {
  /** Of its actor; those of nodes, sessions and lookups are below it. */
  readonly id: string
  readonly parent: string
  readonly privateKey: Uint8Array
  readonly localNode: LocalNode
  readonly database: NodeDatabase
  /** Where to begin when the database has nothing. */
  readonly bootnodes: readonly DiscoveredNode[]
  /** Whether datagrams may be exchanged with this address. */
  readonly isAllowed: (ip: string) => boolean
  send(datagram: Uint8Array, to: UdpEndpoint): void
  /** Unix time, ms. */
  readonly now: () => number
  readonly log: Logger
  /** Nodes that a walk has found, and its end. */
  readonly found?: (nodes: readonly DiscoveredNode[]) => void
  readonly rested?: () => void
}

/** geth seedCount, seedMaxAge (ms). */
export const seedCount = 30
export const seedMaxAge = 5 * 24 * 3_600_000
