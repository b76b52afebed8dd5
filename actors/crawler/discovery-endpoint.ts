import { parseIp } from '../../protocols/enode/netutil.ts'
import { type DatagramSocket, type Datagrams, reachable, restricted } from '../discovery/datagrams.ts'
import type { DiscoveredNode } from '../discovery/discovered-node.ts'
import { LocalNode } from '../discovery/local-node.ts'
import { NodeDatabase } from '../discovery/node-database.ts'
import { udp } from '../discovery/udp.ts'
import { Discv4 } from '../discovery/v4/discv4.ts'
import { Discv5 } from '../discovery/v5/discv5.ts'
import type { Logger } from '../log/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { guard, reportBug } from '../runtime/supervision.ts'

export type EndpointOptions = {
  /** Of its actors. @default discovery */
  readonly id?: string
  /** Which protocols run, on one port. */
  readonly v4: boolean
  readonly v5: boolean
  /** A loopback address keeps datagrams on the machine. */
  readonly host: string
  /** UDP, 0 for any. */
  readonly port: number
  readonly privateKey: Uint8Array
  readonly bootnodes: readonly DiscoveredNode[]
  readonly log: Logger
  /** Where nodes are kept. @default in memory */
  readonly directory?: string | undefined
  readonly datagrams?: Datagrams
}

/** A node that discovers and nothing else, as geth's `devp2p discovery listen`. */
export class DiscoveryEndpoint {
  readonly local: LocalNode
  readonly socket: DatagramSocket
  readonly v4: Discv4 | undefined
  readonly v5: Discv5 | undefined
  readonly isAllowed: (ip: string) => boolean
  readonly #database: NodeDatabase

  /** @throws (rejects) the system's error, {DatabaseLocked} {CorruptDatabase} */
  static async open(runtime: Runtime, options: EndpointOptions): Promise<DiscoveryEndpoint> {
    const { id = 'discovery', v4, v5, host, port, privateKey, bootnodes, log, directory, datagrams = udp } = options
    const { clock, wallClock: now } = runtime
    const isAllowed = reachable(host, undefined)
    const database = await NodeDatabase.open({ clock, now, log, directory })
    try {
      const local = await LocalNode.open({ privateKey, store: database, clock, now: now() })
      const socket = await restricted(datagrams, isAllowed).bind(host, port, (bytes, from) =>
        guard(
          () => endpoint?.v4?.receive(bytes, from) || endpoint?.v5?.receive(bytes, from),
          (error) => reportBug(runtime, { actor: id, error, ends: 'connection' }),
        ),
      )
      const isWildcard = parseIp(host)?.every((byte) => byte === 0) ?? true
      local.setFallback(isWildcard ? '127.0.0.1' : socket.ip, socket.port)
      const common = {
        ...{ parent: id, privateKey, localNode: local, database, bootnodes, isAllowed, now, log },
        send: (bytes: Uint8Array, to: { ip: string; port: number }) => socket.send(bytes, to),
      }
      const endpoint: DiscoveryEndpoint = new DiscoveryEndpoint({
        ...{ local, socket, database, isAllowed },
        v4: v4 ? new Discv4(runtime, { id: `${id}/v4`, ...common }) : undefined,
        v5: v5 ? new Discv5(runtime, { id: `${id}/v5`, ...common }) : undefined,
      })
      return endpoint
    } catch (error) {
      await database.close()
      throw error
    }
  }

  private constructor(
    parts: Pick<DiscoveryEndpoint, 'local' | 'socket' | 'v4' | 'v5' | 'isAllowed'> & {
      readonly database: NodeDatabase
    },
  ) {
    this.local = parts.local
    this.socket = parts.socket
    this.v4 = parts.v4
    this.v5 = parts.v5
    this.isAllowed = parts.isAllowed
    this.#database = parts.database
  }

  async close(): Promise<void> {
    this.v4?.close()
    this.v5?.close()
    await this.socket.close()
    await this.local.close()
    await this.#database.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
