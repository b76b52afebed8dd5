import type { Actor } from 'xstate'
import { type PeerPorts, peerMachine } from '../../machines/peer.ts'
import { nodeIdOf } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { PeerError } from '../../protocols/lib/peer-error.ts'
import { DiscError, type DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { matchProtocols, sortCaps } from '../../protocols/p2p/matching.ts'
import {
  baseCodes,
  baseProtocolLength,
  baseProtocolVersion,
  decodeFirstMessage,
  emptyPayload,
  encodeDisconnect,
  encodeHello,
  type Hello,
  HelloError,
  maxHelloBytes,
  snappyProtocolVersion,
} from '../../protocols/p2p/messages.ts'
import type { Ciphers } from '../../protocols/rlpx/ciphers.ts'
import type { KeyLog } from '../keylog/key-log-file.ts'
import type { InputRoom } from '../runtime/input-room.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { Account, type FairScheduler } from '../runtime/scheduler.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { guard, InternalError, reportBug } from '../runtime/supervision.ts'
import { TimeSlicer } from '../runtime/time-slicer.ts'
import type { MessageTrace } from '../trace/message-trace.ts'
import type { Connect, Connection, ConnectionOwner, Origin } from './connection.ts'
import { PeerSession } from './peer-session.ts'
import type { PeerFacts, Protocol } from './protocol.ts'
import { RlpxSocket } from './rlpx-socket.ts'

export type PeerOptions = {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** Our client name, as Hello carries it. */
  readonly name: string
  readonly protocols: readonly Protocol[]
  readonly ciphers: Ciphers
  readonly scheduler: FairScheduler
  readonly input: InputRoom
  /** Gets the keys of every session. */
  readonly keyLog?: KeyLog | undefined
  /** Id of the server's actor. */
  readonly parent: string
}

/** @returns how this node's server turns streams into peers */
export function peerConnector(runtime: Runtime, options: PeerOptions): Connect {
  // Strangers share one account: however many there are, they get one peer's part of the thread.
  const strangers = new Account()
  return (stream, { conn, origin, target, owner }) =>
    new Peer(runtime, options, { conn, origin, owner, stream, strangers, ...(target && { target: target.publicKey }) })
}

type PeerParts = Pick<Connection, 'conn'> & {
  readonly origin: Origin
  readonly owner: ConnectionOwner
  readonly stream: Parameters<Connect>[0]
  readonly strangers: Account
  readonly target?: Uint8Array
}

/** One connection: runs {@link peerMachine} on a socket (geth's SetupConn, then p2p.Peer). */
class Peer implements Connection {
  readonly conn: number
  readonly #runtime: Runtime
  readonly #options: PeerOptions
  readonly #parts: PeerParts
  readonly #socket: RlpxSocket
  readonly #actor: Actor<typeof peerMachine>
  readonly #actorId: string
  readonly #messageTrace: MessageTrace
  /** BOUNDED: by our protocols. */
  readonly #slicer: TimeSlicer
  #sessions: readonly PeerSession[] = []
  #isAbandoned = false
  #isReported = false
  facts: PeerFacts | undefined

  constructor(runtime: Runtime, options: PeerOptions, parts: PeerParts) {
    this.conn = parts.conn
    this.#runtime = runtime
    this.#options = options
    this.#parts = parts
    this.#slicer = new TimeSlicer(options.scheduler, (error) => this.#crashed(error))
    this.#actorId = `peer/${parts.conn}`
    this.#messageTrace = runtime.feed.messageTrace({ actor: this.#actorId, protocol: 'p2p' })
    this.#socket = new RlpxSocket({
      stream: parts.stream,
      privateKey: options.privateKey,
      publicKey: options.publicKey,
      ...(parts.target && { remotePublicKey: parts.target }),
      clock: runtime.clock,
      entropy: runtime.entropy,
      ciphers: options.ciphers,
      scheduler: options.scheduler,
      input: options.input,
      account: parts.strangers,
      keyLog: options.keyLog,
      listener: {
        shook: (packet) => runtime.feed.publish({ ...packet, actor: this.#actorId }),
        secured: (publicKey) => this.#actor.send({ type: 'rlpx.secured', id: bytesToHex(nodeIdOf(publicKey)) }),
        failed: (error) => this.#actor.send({ type: 'read.failed', error }),
        blocked: () => this.#actor.send({ type: 'write.blocked' }),
        drained: () => this.#drained(),
        closed: (error) => this.#actor.send({ type: 'stream.closed', error }),
        crashed: (error) => this.#crashed(error),
      },
    })
    this.#actor = startActor(runtime, peerMachine, {
      id: this.#actorId,
      parent: options.parent,
      input: (send) => ({
        ...{ ports: this.#ports(send), protocols: options.protocols },
        ...{ isDialing: parts.origin !== 'inbound', remote: parts.stream.remoteAddress },
        ...(parts.target && { target: bytesToHex(nodeIdOf(parts.target)) }),
      }),
      crashed: (error) => this.#abandon(error),
    })
  }

  get id(): string | undefined {
    return this.#actor?.getSnapshot().context?.id || undefined
  }

  protocols(): Record<string, unknown> {
    return Object.fromEntries(this.#sessions.map((session) => [session.name, session.info()]))
  }

  admit(): void {
    this.#actor.send({ type: 'server.admitted' })
  }

  refuse(reason: DiscReason): void {
    this.#actor.send({ type: 'server.refused', reason })
  }

  disconnect(reason: DiscReason): void {
    this.#actor.send({ type: 'peer.disconnect', reason })
  }

  #ports(send: Send<typeof peerMachine>): PeerPorts {
    const { origin, owner, conn } = this.#parts
    return {
      secure: () => this.#socket.secure(),
      askServer: (question) => owner.checkpoint({ ...question, conn, inbound: origin === 'inbound' }),
      exchangeHello: () => this.#exchangeHello(send),
      openHello: ({ code, payload }) => send(openHello(code, payload)),
      adoptVersion: ({ version }) => {
        if (version >= snappyProtocolVersion) this.#socket.enableSnappy()
      },
      startProtocols: (hello) => this.#startProtocols(hello, send),
      startReading: () => {
        this.#socket.promote(new Account(newcomerDebt))
        this.#socket.limitFrames(undefined)
        this.#socket.read((code, payload) => this.#take(code, payload, send))
      },
      sendPing: () => this.#sendBase(baseCodes.Ping, emptyPayload),
      sendPong: () => this.#sendBase(baseCodes.Pong, emptyPayload),
      endProtocols: () => {
        for (const session of this.#sessions) session.close()
      },
      part: ({ reason }) => {
        if (reason !== undefined) this.#sendBase(baseCodes.Disconnect, encodeDisconnect(reason))
        this.#socket.end()
      },
      abandon: () => this.#socket.destroy(),
      reportSetupEnd: ({ error }) => {
        this.#isReported = true
        owner.setupEnded(conn, { added: false, error, ...(this.id && { id: this.id }) })
      },
      reportPeerEnd: (outcome) => {
        this.#isReported = true
        owner.peerEnded(conn, { ...outcome, id: this.facts!.id })
      },
    }
  }

  /** What was done for this peer beside its chart threw. */
  #crashed(error: unknown): void {
    reportBug(this.#runtime, { actor: this.#actorId, error, ends: 'connection' })
    this.#abandon(error)
  }

  /** Our own bug: nothing is said, and nothing of it stays. Where one step of that fails the others are taken all the same. */
  #abandon(cause: unknown): void {
    if (this.#isAbandoned) return
    this.#isAbandoned = true
    const { owner, conn } = this.#parts
    const again = (error: unknown) => reportBug(this.#runtime, { actor: this.#actorId, error, ends: 'connection' })
    guard(() => this.#socket.destroy(), again)
    for (const session of this.#sessions) guard(() => session.close(), again)
    if (this.#isReported) return
    this.#isReported = true
    const error = new InternalError(cause)
    if (this.facts) owner.peerEnded(conn, { error, remoteRequested: false, id: this.facts.id })
    else owner.setupEnded(conn, { added: false, error, ...(this.id && { id: this.id }) })
  }

  #exchangeHello(send: Send<typeof peerMachine>): void {
    const { name, protocols, publicKey } = this.#options
    const caps = sortCaps(protocols.map(({ name, version }) => ({ name, version })))
    // A Hello is code and payload in the clear: 2 KiB and one byte.
    this.#socket.limitFrames(maxHelloBytes + 1)
    this.#sendBase(
      baseCodes.Hello,
      encodeHello({ version: baseProtocolVersion, name, caps, listenPort: 0, id: publicKey }),
    )
    this.#socket.read((code, payload) => {
      this.#socket.read(undefined)
      this.#messageTrace.received(code, payload)
      send({ type: 'first.received', code, payload })
      return true
    })
  }

  #startProtocols(hello: Hello, send: Send<typeof peerMachine>): void {
    const { conn, owner } = this.#parts
    const facts = this.#factsOf(hello)
    this.facts = facts
    owner.setupEnded(conn, { added: true, id: facts.id })
    owner.peerAdded(conn, facts)
    this.#sessions = matchProtocols(this.#options.protocols, hello.caps).map((matched) => {
      const of = { actor: this.#actorId, protocol: matched.name, version: matched.version }
      return new PeerSession({
        matched,
        peer: facts,
        runtime: this.#runtime,
        actor: this.#actorId,
        socket: this.#socket,
        slicer: this.#slicer,
        messageTrace: this.#runtime.feed.messageTrace(of),
        ended: (error) => send({ type: 'protocol.ended', error }),
        crashed: (error) => this.#crashed(error),
      })
    })
    for (const session of this.#sessions) session.start()
    send({ type: 'protocols.started' })
  }

  /** geth's Peer.handle. */
  #take(code: number, payload: Uint8Array, send: Send<typeof peerMachine>): boolean {
    if (code >= baseProtocolLength) {
      const session = this.#sessions.find((session) => session.owns(code))
      if (session) return session.take(code, payload)
      this.#socket.read(undefined)
      send({ type: 'read.failed', error: new CodeOutOfRange(code) })
      return true
    }
    this.#messageTrace.received(code, payload)
    if (code === baseCodes.Ping) send({ type: 'ping.received' })
    else if (code === baseCodes.Disconnect) {
      this.#socket.read(undefined)
      send({ type: 'disconnect.received', payload })
    }
    return true
  }

  #drained(): void {
    this.#actor.send({ type: 'write.drained' })
    for (const session of this.#sessions) session.writable()
  }

  #sendBase(code: number, payload: Uint8Array): void {
    this.#socket.send(code, payload)
    this.#messageTrace.sent(code, payload)
  }

  #factsOf({ id: publicKey, name, caps }: Hello): PeerFacts {
    const { origin, owner, stream } = this.#parts
    const { localAddress, remoteAddress } = stream
    const { id } = this.#actor.getSnapshot().context
    return {
      id,
      publicKey,
      name,
      caps,
      localAddress,
      remoteAddress,
      inbound: origin === 'inbound',
      static: origin === 'staticdial',
      get trusted() {
        return owner.isTrusted(id)
      },
    }
  }
}

/** Milliseconds: a hostile node that comes anew for every blow is not served before the peers that were there. */
const newcomerDebt = 20

function openHello(code: number, payload: Uint8Array) {
  try {
    return { type: 'hello.accepted', hello: decodeFirstMessage(code, payload) } as const
  } catch (error) {
    if (error instanceof PeerError || error instanceof DiscError || error instanceof HelloError)
      return { type: 'hello.invalid', error } as const
    throw error
  }
}

/** A code past every protocol: geth hangs up without a word. */
class CodeOutOfRange extends Error {
  override readonly name = 'CodeOutOfRange'
  constructor(code: number) {
    super(`msg code out of range: ${code}`)
  }
}
