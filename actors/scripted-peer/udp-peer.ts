import { type Enode, EnodeError } from '../../protocols/enode/enode.ts'
import { formatIp, parseIp } from '../../protocols/enode/netutil.ts'
import { parseNode } from '../../protocols/enr/parse-node.ts'
import { type NodeRecord, signRecord } from '../../protocols/enr/record.ts'
import type { RlpInput } from '../../protocols/lib/rlp.ts'
import type { DatagramSocket, Datagrams, Receive, UdpEndpoint } from '../discovery/datagrams.ts'
import { udp } from '../discovery/udp.ts'
import { processRuntime } from '../runtime/process-runtime.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { describeMatch, isMatch } from './match.ts'
import { type AttributedLine, Transcript, type TranscriptLine, type Wait } from './transcript.ts'

export type UdpPeerOptions = {
  /** 32 bytes; fresh when left out. */
  readonly privateKey?: Uint8Array
  /** The address to send from: any of 127.0.0.0/8 plays another host. @default '127.0.0.1', or '::1' to a node of IPv6 */
  readonly localAddress?: string
  /** @default 0, for any */
  readonly port?: number
  /** What our record says. @default our address and port */
  readonly record?: Readonly<Record<string, RlpInput>>
  /** Answers each PING of theirs with a PONG. @default true */
  readonly answerPings?: boolean
  /** ms that a wait takes at most where the call does not say. @default 5000 */
  readonly timeout?: number
  /** UDP when left out; memoryNetwork() needs no port. */
  readonly network?: Datagrams
  /** The process's own when left out; its clocks and entropy may be a simulation's. */
  readonly runtime?: Runtime
}

/** What a test knows of the other node, and where. */
export type UdpRemote = Enode & { readonly endpoint: UdpEndpoint }

type Match<M> = Partial<M> | ((packet: M) => boolean)
type Heard = TranscriptLine & {
  readonly name: string
  readonly payload: Uint8Array
  readonly packet: object | undefined
}

/** A socket, and what comes in: all that both versions of a scripted node have in common. */
export abstract class UdpPeer<Packets extends { readonly [Name in string]: object }> {
  readonly privateKey: Uint8Array
  readonly remote: UdpRemote
  /** Sent where a record is asked for. A script may set another. */
  record: NodeRecord
  protected readonly runtime: Runtime
  protected readonly transcript: Transcript<Heard>
  readonly #socket: DatagramSocket

  constructor({ runtime, privateKey, remote, socket, record, timeout }: UdpPeerParts) {
    this.runtime = runtime
    this.privateKey = privateKey
    this.remote = remote
    this.#socket = socket
    this.record = record
    this.transcript = new Transcript(runtime.clock, timeout)
  }

  /** @throws {TypeError} there is no packet of that name */
  protected abstract checkName(name: string): void
  /** What came from the node. */
  protected abstract read(datagram: Uint8Array): void

  /** Where it sends from. */
  get endpoint(): UdpEndpoint {
    const { ip, port } = this.#socket
    return { ip, port }
  }
  /** All that was heard, in order. */
  get log(): readonly TranscriptLine[] {
    return this.transcript.heard
  }
  /** All that was said, in order. */
  get said(): readonly TranscriptLine[] {
    return this.transcript.said
  }
  /** What passed last, in order. */
  get passed(): readonly AttributedLine[] {
    return this.transcript.latest
  }

  /**
   * Waits for the first unread packet of `name` that is as `match` says; others stay unread.
   * @throws {ScriptError} none came: the message has all that did
   */
  async expect<N extends keyof Packets & string>(
    name: N,
    match: Match<Packets[N]> = {},
    wait?: Wait,
  ): Promise<Packets[N]> {
    this.checkName(name)
    const isIt = (heard: Heard) => heard.name === name && isMatch(heard.packet as Packets[N], match)
    const { packet } = await this.transcript.next(`${name}${describeMatch(match)}`, isIt, wait)
    return packet as Packets[N]
  }

  /** Listens on for `ms`, in which nothing comes. @throws {ScriptError} something did */
  async expectSilence(ms: number): Promise<void> {
    const { count } = this.transcript
    const before = this.transcript.lastHeard
    const isBroken = () => this.transcript.lastHeard !== before
    await this.transcript.until(isBroken, { timeout: ms })
    if (isBroken())
      this.transcript.fail(
        `${this.transcript.lastHeard!.label} in what was to be ${ms} ms of silence, after ${count} lines`,
      )
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.transmit(bytes, `${bytes.length} bytes`)
  }

  /** Ends it: what comes from here on is lost. */
  close(): void {
    this.transcript.close()
    void this.#socket.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.transcript.close()
    await this.#socket.close()
  }

  /** Takes a datagram, from whomever. */
  receive(datagram: Uint8Array, { ip, port }: UdpEndpoint): void {
    const { endpoint } = this.remote
    if (ip === endpoint.ip && port === endpoint.port) this.read(datagram)
    else this.heard('datagram', datagram, undefined, `${datagram.length} bytes from ${ip}:${port}`)
  }

  protected transmit(bytes: Uint8Array, label: string): void {
    if (this.transcript.isClosed) return
    this.transcript.say(label)
    this.#socket.send(bytes, this.remote.endpoint)
  }

  protected heard(name: string, payload: Uint8Array, packet: object | undefined, label: string): void {
    this.transcript.receive({ name, payload, packet, label })
  }
}

export type UdpPeerParts = {
  readonly runtime: Runtime
  readonly privateKey: Uint8Array
  readonly remote: UdpRemote
  readonly socket: DatagramSocket
  readonly record: NodeRecord
  readonly timeout: number
}

/** @throws {EnodeError} `node` names no node, or no place to reach it
 */
export async function openUdp<Peer extends { receive: Receive }>(
  node: string | Enode,
  options: UdpPeerOptions,
  create: (parts: UdpPeerParts) => Peer,
): Promise<Peer> {
  const enode = typeof node === 'string' ? parseNode(node) : node
  const { udp: port } = enode
  const ip = enode.host === undefined ? undefined : parseIp(enode.host)
  if (!ip || port === 0) throw new EnodeError('does not say where UDP reaches it')
  const { runtime = processRuntime(), network = udp, timeout = 5_000 } = options
  const { privateKey = runtime.entropy(32), localAddress = ip.length === 16 ? '::1' : '127.0.0.1' } = options
  let peer: Peer | undefined
  const socket = await network.bind(localAddress, options.port ?? 0, (bytes, from) => peer?.receive(bytes, from))
  const values = options.record ?? { ip: parseIp(socket.ip)!, udp: socket.port }
  const record = signRecord(1n, values, privateKey)
  peer = create({
    ...{ runtime, privateKey, socket, record, timeout },
    remote: { ...enode, endpoint: { ip: formatIp(ip), port } },
  })
  return peer
}
