import type {
  Connect,
  Connection,
  ConnectionOwner,
  Network,
  Origin,
  Stream,
  StreamListener,
} from '../../../actors/p2p/connection.ts'
import type { PeerFacts } from '../../../actors/p2p/protocol.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import type { Runtime } from '../../../actors/runtime/runtime.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { type Enode, toEnode } from '../../../protocols/enode/enode.ts'
import { DiscError, type DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'

/** A world in which nothing happens by itself. */
export function virtualRuntime(): Runtime & { readonly clock: VirtualClock } {
  const clock = new VirtualClock()
  return { ...processRuntime({ entropy: (length) => new Uint8Array(length).fill(1) }), clock }
}

export const enode = (i: number, host = `10.0.0.${i}`): Enode => toEnode(new Uint8Array(64).fill(i), host, 30303)

/** A stream that carries nothing, and remembers its end. */
export class FakeStream implements Stream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly buffered = 0
  isDestroyed = false
  isRead = false

  constructor(remoteAddress: string, localAddress = '127.0.0.1:30303') {
    this.remoteAddress = remoteAddress
    this.localAddress = localAddress
  }
  write(): boolean {
    return true
  }
  pause(): void {}
  resume(): void {
    this.isRead = true
  }
  end(): void {
    this.destroy()
  }
  destroy(): void {
    this.isDestroyed = true
  }
  listen(_: StreamListener): void {}
}

/** A network whose dials are answered by the spec, and whose listener accepts what the spec gives it. */
export class FakeNetwork implements Network {
  readonly dials: FakeDial[] = []
  accept: (stream: Stream) => void = () => {}
  isListening = false
  fault: Error | undefined

  dial(host: string, port: number, timeout: number, signal?: AbortSignal): Promise<Stream> {
    return new Promise((resolve, reject) =>
      this.dials.push({
        ...{ address: `${host}:${port}`, timeout, signal, fail: (why) => reject(new Error(why)) },
        connect: (stream = new FakeStream(`${host}:${port}`)) => {
          resolve(stream)
          return stream
        },
      }),
    )
  }
  async listen(host: string, port: number, accept: (stream: Stream) => void) {
    if (this.fault) throw this.fault
    this.isListening = true
    this.accept = accept
    const close = async () => {
      this.isListening = false
    }
    return { host, port: port || 30303, close }
  }
}

export type FakeDial = {
  readonly address: string
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  fail(why: string): void
  connect(stream?: FakeStream): FakeStream
}

/** Connections that go where the spec takes them. `log` is what the server asked of each. */
export class FakeConnections {
  readonly made: FakeConnection[] = []
  readonly connect: Connect = (stream, { conn, origin, target, owner }) => {
    const connection = new FakeConnection({ stream, conn, origin, owner, ...(target && { target }) })
    this.made.push(connection)
    return connection
  }
}

type Parts = { stream: Stream; conn: number; origin: Origin; owner: ConnectionOwner; target?: Enode }

export class FakeConnection implements Connection {
  readonly conn: number
  readonly parts: Parts
  readonly log: string[] = []
  id: string | undefined
  facts: PeerFacts | undefined

  constructor(parts: Parts) {
    this.parts = parts
    this.conn = parts.conn
  }
  protocols(): Record<string, unknown> {
    return { eth: { version: 69 } }
  }

  /** The handshakes go well. @returns whether the peer was added */
  handshake(remote: Enode, matching = 1): boolean {
    this.id = remote.id
    const { stream, owner, conn, origin } = this.parts
    const inbound = origin === 'inbound'
    owner.checkpoint({ conn, checkpoint: 'posthandshake', id: remote.id, inbound })
    if (!this.log.at(-1)?.startsWith('admit')) return false
    owner.checkpoint({ conn, checkpoint: 'addpeer', id: remote.id, inbound, matching })
    if (!this.log.at(-1)?.startsWith('admit')) return false
    const { localAddress, remoteAddress } = stream
    const caps = [{ name: 'eth', version: 69 }]
    const { id, publicKey } = remote
    this.facts = {
      ...{ id, publicKey, name: 'Geth', caps, localAddress, remoteAddress, inbound, trusted: false },
      static: origin === 'staticdial',
    }
    owner.setupEnded(conn, { added: true, id })
    owner.peerAdded(conn, this.facts)
    return true
  }
  fail(why: string): void {
    const outcome = { added: false, error: new Error(why), ...(this.id !== undefined && { id: this.id }) }
    this.parts.owner.setupEnded(this.conn, outcome)
  }
  leave(error: Error): void {
    this.parts.owner.peerEnded(this.conn, { id: this.id!, error, remoteRequested: false })
  }

  admit(): void {
    this.log.push('admit')
  }
  refuse(reason: DiscReason): void {
    this.log.push(`refuse ${reason}`)
    this.fail('refused')
  }
  disconnect(reason: DiscReason): void {
    this.log.push(`disconnect ${reason}`)
    if (this.facts) this.leave(new DiscError(reason))
    else this.fail('server stopped')
  }
}
