import { randomBytes } from 'node:crypto'
import { type DatagramSocket, type Datagrams, reachable, restricted } from '../../../../actors/discovery/datagrams.ts'
import { type DiscoveredNode, nodeOfRecord } from '../../../../actors/discovery/discovered-node.ts'
import { LocalNode } from '../../../../actors/discovery/local-node.ts'
import { NodeDatabase } from '../../../../actors/discovery/node-database.ts'
import type { ProtocolOptions } from '../../../../actors/discovery/protocol-options.ts'
import { udp } from '../../../../actors/discovery/udp.ts'
import { Discv5 } from '../../../../actors/discovery/v5/discv5.ts'
import { createLogger } from '../../../../actors/log/log.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import type { Runtime } from '../../../../actors/runtime/runtime.ts'

/** A node that discovers over discv5 alone, on a loopback address. */
export type V5Node = {
  readonly discv5: Discv5
  readonly local: LocalNode
  readonly database: NodeDatabase
  readonly socket: DatagramSocket
  readonly privateKey: Uint8Array
  /** As others know it. */
  readonly self: DiscoveredNode
  stop(): Promise<void>
}

export type V5NodeOptions = {
  readonly runtime?: Runtime
  readonly datagrams?: Datagrams
  readonly host?: string
  readonly port?: number
  readonly privateKey?: Uint8Array
  readonly bootnodes?: readonly DiscoveredNode[]
  readonly isAllowed?: ProtocolOptions['isAllowed']
  /** One that is kept by somebody else. */
  readonly database?: NodeDatabase
} & Pick<ProtocolOptions, 'found' | 'rested'>

export async function startV5Node(options: V5NodeOptions = {}): Promise<V5Node> {
  const { runtime = processRuntime(), host = '127.0.0.1', port = 0 } = options
  const { privateKey = randomBytes(32), bootnodes = [] } = options
  const log = createLogger({ verbosity: 0 })
  const now = () => runtime.clock.now()
  const database = options.database ?? (await NodeDatabase.open({ clock: runtime.clock, now, log }))
  const local = await LocalNode.open({ privateKey, store: database, clock: runtime.clock, now: 1_000 })
  const isAllowed = options.isAllowed ?? reachable(host, undefined)
  const socket = await restricted(options.datagrams ?? udp, isAllowed).bind(host, port, (datagram, from) => {
    discv5?.receive(datagram, from)
  })
  local.setFallback(host, socket.port)
  const { found, rested } = options
  const discv5 = new Discv5(runtime, {
    ...{ id: 'discv5', parent: 'node', privateKey, localNode: local, database, bootnodes, isAllowed, now, log },
    send: (datagram, to) => socket.send(datagram, to),
    ...(found && { found }),
    ...(rested && { rested }),
  })
  return {
    ...{ discv5, local, database, socket, privateKey },
    get self() {
      return nodeOfRecord(local.record)!
    },
    async stop() {
      discv5.close()
      await socket.close()
      if (!options.database) await database.close()
    },
  }
}
