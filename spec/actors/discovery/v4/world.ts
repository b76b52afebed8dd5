import type { DatagramSocket, UdpEndpoint } from '../../../../actors/discovery/datagrams.ts'
import type { DiscoveredNode } from '../../../../actors/discovery/discovered-node.ts'
import { LocalNode } from '../../../../actors/discovery/local-node.ts'
import { NodeDatabase } from '../../../../actors/discovery/node-database.ts'
import type { ProtocolOptions } from '../../../../actors/discovery/protocol-options.ts'
import { Discv4 } from '../../../../actors/discovery/v4/discv4.ts'
import { silent } from '../../../../actors/log/log.ts'
import { processRuntime } from '../../../../actors/runtime/process-runtime.ts'
import { memoryDatagrams } from '../../../../actors/simulation/memory-datagrams.ts'
import { VirtualClock } from '../../../../actors/simulation/virtual-clock.ts'
import {
  decodePacket,
  type Endpoint,
  encodePacket,
  type Packet,
  type PacketName,
  type SignedPacket,
} from '../../../../protocols/discv4/packets.ts'
import { parseIp } from '../../../../protocols/enode/netutil.ts'
import { publicKeyOf } from '../../../../protocols/lib/secp256k1.ts'
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
    return processRuntime({ clock: this.clock, entropy: (length: number) => this.#random(length) })
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

  /** One that speaks by the script of its spec, with the `i`th key. */
  async tester(i: number, to: OwnNode, ip = '127.0.0.1'): Promise<Tester> {
    const tester = new Tester(this.clock, keyOf(i), { ip: to.node.host, port: to.node.udp })
    await tester.open((receive) => this.datagrams.bind(ip, 0, receive))
    return tester
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

/** What conformance tests are made of: sends any packet, and sees what comes back. */
export class Tester {
  readonly key: Uint8Array
  readonly #clock: VirtualClock
  readonly #to: UdpEndpoint
  #socket: DatagramSocket | undefined
  #received: SignedPacket[] = []

  constructor(clock: VirtualClock, key: Uint8Array, to: UdpEndpoint) {
    this.#clock = clock
    this.key = key
    this.#to = to
  }

  async open(bind: (receive: (bytes: Uint8Array) => void) => Promise<DatagramSocket>): Promise<void> {
    this.#socket = await bind((bytes) => this.#received.push(decodePacket(bytes)))
  }

  get publicKey(): Uint8Array {
    return publicKeyOf(this.key)
  }

  get endpoint(): Endpoint {
    return { ip: parseIp(this.#socket!.ip)!, udp: this.#socket!.port, tcp: 0 }
  }

  get expiration(): bigint {
    return BigInt(this.#clock.now()) / 1_000n + 20n
  }

  /** The trick of geth's suite: far ahead for who does not read it as signed. */
  get pastExpiration(): bigint {
    return BigInt.asUintN(64, -this.expiration)
  }

  ping(change: object = {}): Packet {
    const to = { ip: parseIp(this.#to.ip)!, udp: this.#to.port, tcp: 0 }
    return { name: 'PING', version: 4n, from: this.endpoint, to, expiration: this.expiration, ...change }
  }

  findnode(change: object = {}): Packet {
    return { name: 'FINDNODE', target: new Uint8Array(64).fill(1), expiration: this.expiration, ...change }
  }

  /** @returns the packet's hash */
  send(packet: Packet): Uint8Array {
    const { bytes, hash } = encodePacket(packet, this.key)
    this.sendBytes(bytes)
    return hash
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket!.send(bytes, this.#to)
  }

  pong(replyTo: Uint8Array, change: object = {}): void {
    const to = { ip: parseIp(this.#to.ip)!, udp: this.#to.port, tcp: 0 }
    this.send({ name: 'PONG', to, replyTo, expiration: this.expiration, ...change })
  }

  /** @returns what comes within 300 ms, as geth's suite waits */
  async read(wait = 300): Promise<SignedPacket[]> {
    await this.#clock.run(wait)
    const received = this.#received
    this.#received = []
    return received
  }

  async names(): Promise<PacketName[]> {
    return (await this.read()).map(({ packet }) => packet.name)
  }

  /** PING both ways: afterwards the node knows that it is here. */
  async bond(): Promise<void> {
    this.send(this.ping())
    for (const { packet, hash } of await this.read(0)) if (packet.name === 'PING') this.pong(hash)
    await this.read(0)
  }
}
