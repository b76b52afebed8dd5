import { filter, firstValueFrom, type Observable, Subject } from 'rxjs'
import type { Actor } from 'xstate'
import type { PeerEvent, ServerLimits } from '../../machines/admission.ts'
import type { ServerPorts } from '../../machines/server.ts'
import { serverMachine } from '../../machines/server.ts'
import { type Enode, toEnode } from '../../protocols/enode/enode.ts'
import { joinHostPort } from '../../protocols/enode/netutil.ts'
import { DiscReason } from '../../protocols/p2p/disconnect-reasons.ts'
import { type Logger, silent } from '../log/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { settledWithin } from '../runtime/settled-within.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import { parseAddress } from './address.ts'
import type { Connection, ConnectionOwner, Listener, Origin, Stream } from './connection.ts'
import { Dialer } from './dialer.ts'
import { type NodeInfo, nodeInfo } from './node-info.ts'
import { type PeerInfo, peerInfo } from './peer-info.ts'
import type { PeerFacts } from './protocol.ts'
import { limitsOf, type ServerOptions } from './server-options.ts'

/** geth's p2p.Server: runs {@link serverMachine} and its dialer. Started and stopped once. */
export class Server {
  /** Peers as they come and go. */
  readonly events$: Observable<PeerEvent>
  readonly #runtime: Runtime
  readonly #options: ServerOptions
  readonly #id: string
  readonly #limits: ServerLimits
  readonly #log: Logger
  readonly #actor: Actor<typeof serverMachine>
  readonly #peerEvents = new Subject<PeerEvent>()
  readonly #ended: Promise<void>
  /** BOUNDED: by the chart: its backlog, setups and peers. */
  readonly #conns = new Map<number, Conn>()
  #lastConn = 0
  #whenEmpty: () => void = () => {}
  #settleStart: (outcome: { error?: Error }) => void = () => {}
  #listener: Listener | undefined
  #dialer: Dialer | undefined
  #self: Enode

  constructor(runtime: Runtime, options: ServerOptions) {
    this.#runtime = runtime
    this.#options = options
    this.#id = options.id ?? 'server'
    this.#log = options.log ?? silent
    this.#self = toEnode(options.publicKey, '0.0.0.0')
    this.#limits = limitsOf(options, this.#self)
    this.events$ = this.#peerEvents.asObservable()
    this.#actor = startActor(runtime, serverMachine, {
      id: this.#id,
      ...(options.parent !== undefined && { parent: options.parent }),
      input: (send) => ({
        ...this.#limits,
        ports: this.#ports(send),
        hasListener: options.listen !== undefined,
        trusted: new Set(options.trustedNodes?.map(({ id }) => id)),
        netRestrict: options.netRestrict,
      }),
    })
    this.#ended = new Promise<void>((resolve) =>
      this.#actor.subscribe({ complete: resolve, error: (error) => resolve(this.#disband(error as Error)) }),
    ).then(() => this.#peerEvents.complete())
  }

  /** @throws {ServerAlreadyRunning | ListenFailed | ServerStopped} (rejects) */
  async start(): Promise<void> {
    if (!this.#is('idle')) throw new ServerAlreadyRunning()
    const { noDial, listen } = this.#options
    if (noDial && !listen) this.#log.warn('P2P server will be useless, neither dialing nor listening')
    await new Promise<void>((resolve, reject) => {
      this.#settleStart = ({ error }) => (error ? reject(error) : resolve())
      this.#actor.send({ type: 'server.start' })
    })
  }

  /** Ends every peer with "client quitting" and resolves when the last is gone. Does nothing before the start. */
  async stop(): Promise<void> {
    if (this.#is('idle')) return
    this.#actor.send({ type: 'server.stop' })
    await this.#ended
  }

  /** This node as others may dial it. */
  self(): Enode {
    return this.#self
  }

  /** @param name as Hello carries it */
  nodeInfo(name: string): NodeInfo {
    return nodeInfo(name, this.#self, this.#listener, this.#options.protocols)
  }

  get peerCount(): number {
    return this.#is('running') ? this.#actor.getSnapshot().context.peers.size : 0
  }

  peers(): PeerInfo[] {
    if (!this.#is('running')) return []
    const conns = [...this.#actor.getSnapshot().context.peers.values()].map(({ conn }) => this.#conns.get(conn))
    return conns.flatMap((conn) =>
      conn?.facts ? [peerInfo(conn.facts, conn.connection?.protocols() ?? {}, conn.target)] : [],
    )
  }

  /** Dials `node` and keeps at it until {@link removePeer}. Ignored unless the server runs, like what follows. */
  addPeer(node: Enode): void {
    this.#actor.send({ type: 'peer.add', node })
  }

  /** Resolves when the peer, if it was one, is gone. Not to be awaited by its own protocols. */
  async removePeer({ id }: Pick<Enode, 'id'>): Promise<void> {
    const isDrop = (event: PeerEvent) => event.type === 'drop' && event.peer === id
    const isPeer = this.#is('running') && this.#actor.getSnapshot().context.peers.has(id)
    const dropped = isPeer ? firstValueFrom(this.#peerEvents.pipe(filter(isDrop))) : undefined
    this.#actor.send({ type: 'peer.remove', id })
    await dropped
  }

  /** A trusted peer is let in however many there are. */
  addTrustedPeer({ id }: Pick<Enode, 'id'>): void {
    this.#actor.send({ type: 'trust.change', id, trusted: true })
  }

  removeTrustedPeer({ id }: Pick<Enode, 'id'>): void {
    this.#actor.send({ type: 'trust.change', id, trusted: false })
  }

  #is(state: 'idle' | 'running'): boolean {
    return this.#actor.getSnapshot().matches(state)
  }

  #ports(send: Send<typeof serverMachine>): ServerPorts {
    const { network, connect, listen } = this.#options
    const owner = this.#owner(send)
    return {
      listen: () => {
        const { host, port } = listen!
        network
          .listen(host, port, (stream) => this.#accept(stream, send))
          .then(
            (listener) => {
              this.#listener = listener
              send({ type: 'listener.opened' })
            },
            (cause: Error) => send({ type: 'listener.failed', error: new ListenFailed(host, port, cause) }),
          )
      },
      closeListener: async () => {
        await this.#listener?.close()
        send({ type: 'listener.closed' })
      },
      reportStart: (outcome) => {
        // geth's fallback IP, until ours is known.
        if (!outcome.error) this.#self = { ...this.#self, host: '127.0.0.1', tcp: this.#listener?.port ?? 0 }
        this.#settleStart(outcome)
      },
      startDialer: () => {
        this.#dialer = this.#createDialer(send)
      },
      notifyDialer: (event) => this.#dialer?.send(event),
      stopDialer: () => this.#dialer?.send({ type: 'dialer.stop' }),
      setUp: ({ conn }) => {
        const { stream, origin, target } = this.#conns.get(conn)!
        const connection = connect(stream, { conn, origin, owner, ...(target && { target }) })
        const entry = this.#conns.get(conn)
        if (entry) entry.connection = connection
      },
      closeStream: ({ conn, why }) => {
        this.#log.debug('Rejected connection', { conn, err: why })
        this.#conns.get(conn)!.stream.destroy()
        this.#conns.delete(conn)
      },
      // A connection that is not there any more has its end on the way.
      admit: ({ conn }) => this.#conns.get(conn)?.connection?.admit(),
      refuse: ({ conn, reason }) => this.#conns.get(conn)?.connection?.refuse(reason),
      stopSetup: ({ conn }) => this.#conns.get(conn)?.connection?.disconnect(DiscReason.Quitting),
      disconnect: ({ conn, reason }) => this.#conns.get(conn)?.connection?.disconnect(reason),
      emitPeerEvent: (event) => this.#peerEvents.next(event),
    }
  }

  #owner(send: Send<typeof serverMachine>): ConnectionOwner {
    return {
      checkpoint: ({ checkpoint, conn, id, inbound, matching = 0 }) =>
        checkpoint === 'addpeer'
          ? send({ type: 'addpeer.reached', conn, id, inbound, matching })
          : send({ type: 'posthandshake.reached', conn, id, inbound }),
      isTrusted: (id) => this.#actor.getSnapshot().context.trusted.has(id),
      setupEnded: (conn, { added, id, error }) => {
        if (!added) {
          this.#log.trace('Setting up connection failed', { conn, id, err: error?.message })
          this.#forget(conn)
        }
        const now = this.#runtime.clock.now()
        send({ type: 'setup.ended', conn, added, now, ...(id !== undefined && { id }) })
      },
      peerAdded: (conn, facts) => {
        this.#conns.get(conn)!.facts = facts
        send({ type: 'peer.added', conn, ...placed(facts) })
      },
      peerEnded: (conn, { error }) => {
        const { facts } = this.#conns.get(conn)!
        this.#forget(conn)
        send({ type: 'peer.ended', conn, error, ...placed(facts!) })
      },
    }
  }

  #accept(stream: Stream, send: Send<typeof serverMachine>): void {
    const conn = this.#nextConn()
    this.#conns.set(conn, { stream, origin: 'inbound' })
    const { ip } = parseAddress(stream.remoteAddress) ?? {}
    send({ type: 'conn.accepted', conn, now: this.#runtime.clock.now(), ...(ip !== undefined && { ip }) })
  }

  #createDialer(send: Send<typeof serverMachine>): Dialer {
    const { network, candidates, resolve, netRestrict, staticNodes = [], lookUp = async () => [] } = this.#options
    const { selfId, maxDialed, maxPendingPeers } = this.#limits
    return new Dialer(this.#runtime, {
      ...{
        id: `${this.#id}/dialer`,
        parent: this.#id,
        selfId,
        maxDialed,
        maxActiveDials: maxPendingPeers,
        netRestrict,
      },
      ...{ staticNodes, network, candidates, resolve, lookUp, log: this.#log },
      setUp: (stream, target, origin) => {
        const conn = this.#nextConn()
        this.#conns.set(conn, { stream, origin, target })
        send({ type: 'conn.dialed', conn, id: target.id })
      },
      stopped: () => send({ type: 'dialer.stopped' }),
    })
  }

  /** Its chart threw: peers get a Disconnect, as far as that can be done without a chart. */
  async #disband(error: Error): Promise<void> {
    this.#settleStart({ error })
    this.#dialer?.send({ type: 'dialer.stop' })
    for (const { connection, stream } of this.#conns.values())
      if (connection) connection.disconnect(DiscReason.Quitting)
      else stream.destroy()
    const gone = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve
      if (this.#conns.size === 0) resolve()
    })
    await settledWithin(this.#runtime.clock, farewell, gone)
    await this.#listener?.close()
  }

  #forget(conn: number): void {
    this.#conns.delete(conn)
    if (this.#conns.size === 0) this.#whenEmpty()
  }

  #nextConn(): number {
    return this.#options.nextConn?.() ?? ++this.#lastConn
  }
}

/** Milliseconds that peers have to go when there is no chart to wait for them: as long as one has to take Disconnect. */
const farewell = 1_000

type Conn = {
  readonly stream: Stream
  readonly origin: Origin
  readonly target?: Enode
  connection?: Connection
  facts?: PeerFacts
}

const placed = ({ id, localAddress, remoteAddress }: PeerFacts) => ({
  id,
  local: localAddress,
  remote: remoteAddress,
})

/** geth: a server starts once. */
export class ServerAlreadyRunning extends Error {
  override readonly name = 'ServerAlreadyRunning'
  constructor() {
    super('server already running')
  }
}

/** The address is taken, not ours or not allowed. */
export class ListenFailed extends Error {
  override readonly name = 'ListenFailed'
  constructor(host: string, port: number, cause: Error & { code?: string }) {
    const why = listenFaults[cause.code ?? ''] ?? cause.message
    super(`listen tcp ${joinHostPort(host, port)}: ${why}`, { cause })
  }
}

const listenFaults: Readonly<Record<string, string>> = {
  EADDRINUSE: 'bind: address already in use',
  EADDRNOTAVAIL: 'bind: cannot assign requested address',
  EACCES: 'bind: permission denied',
}
