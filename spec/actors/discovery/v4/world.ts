import type { DatagramSocket } from '../../../../actors/discovery/datagrams.ts'
import type { DiscoveredNode } from '../../../../actors/discovery/discovered-node.ts'
import { LocalNode } from '../../../../actors/discovery/local-node.ts'
import { NodeDatabase } from '../../../../actors/discovery/node-database.ts'
import type { ProtocolOptions } from '../../../../actors/discovery/protocol-options.ts'
import { Discv4 } from '../../../../actors/discovery/v4/discv4.ts'
import { silent } from '../../../../actors/log/log.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { discv4, type ScriptedDiscv4 } from '../../../../actors/scripted-peer/discv4.ts'
import { memoryDatagrams } from '../../../../actors/simulation/memory-datagrams.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import { keyOf, someNode } from '../some-nodes.ts'

/** Who is there, in memory and on one clock. */
export class World {
  readonly clock = new VirtualClock(1_800_000_000_000)
  /** Bytes that went from each address to each other, `from > to`. */
  readonly sent = new Map<string, number>()
  readonly datagrams = memoryDatagrams({
    passed: (bytes, from, to) => {
      const way = `${from.ip} > ${to.ip}`
      this.sent.set(way, (this.sent.get(way) ?? 0) + bytes.length)
      return true
    },
  })
  #entropy = 0

  get runtime() {
    const { clock } = this
    return processRuntime({ clock, wallClock: () => clock.now(), entropy: (length) => this.#random(length) })
  }

  /** A node of ours with the `i`th key, at 127.0.0.1 and its port of {@link someNode}. */
  async node(i: number, change: Partial<ProtocolOptions> = {}): Promise<OwnNode> {
    const { clock } = this
    const now = () => clock.now()
    const { host, udp } = someNode(i)
    const database = change.database ?? (await NodeDatabase.open({ clock, now, log: silent }))
    const localNode = await LocalNode.open({ privateKey: keyOf(i), store: database, clock, now: now() })
    const socket = await this.datagrams.bind(host, udp, (bytes, from) => void v4.receive(bytes, from))
    localNode.setFallback(host, udp)
    localNode.setTcp(udp)
    const v4 = new Discv4(this.runtime, {
      ...{ id: `discv4/${i}`, parent: 'node', privateKey: keyOf(i), localNode, database, bootnodes: [], now },
      ...{ isAllowed: () => true, log: silent, send: (bytes, to) => socket.send(bytes, to) },
      ...change,
    })
    return { v4, database, localNode, socket, node: someNode(i) }
  }

  /** One that speaks by the script of its spec, with the `i`th key, and answers nothing by itself. */
  tester(i: number, to: OwnNode, localAddress = '127.0.0.1'): Promise<ScriptedDiscv4> {
    const { runtime, datagrams: network } = this
    return discv4(to.node, {
      ...{ privateKey: keyOf(i), localAddress, runtime, network, answerPings: false, timeout: responseWait },
    })
  }

  /** Lets the time pass that a tester waits at most, and what comes of it. */
  async passes<T>(waits: Promise<T>): Promise<T> {
    const [result] = await Promise.all([waits, this.clock.run(responseWait)])
    return result
  }

  #random(length: number): Uint8Array {
    this.#entropy = (Math.imul(this.#entropy, 1_103_515_245) + 12_345) >>> 0
    let state = this.#entropy
    return Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return state >>> 24
    })
  }
}

export type OwnNode = {
  readonly v4: Discv4
  readonly database: NodeDatabase
  readonly localNode: LocalNode
  readonly socket: DatagramSocket
  readonly node: DiscoveredNode
}

/** ms that geth's suite waits for an answer. */
export const responseWait = 300
