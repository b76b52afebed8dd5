import { type Observable, Subject, Subscription } from 'rxjs'
import type { Actor } from 'xstate'
import type { DialState } from '../../machines/dial-rules.ts'
import { type ConnectTarget, type DialerEvent, type DialerPorts, dialerMachine } from '../../machines/dialer.ts'
import type { Enode } from '../../protocols/enode/enode.ts'
import { parseIp } from '../../protocols/enode/netutil.ts'
import type { Logger } from '../log/log.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Send, startActor } from '../runtime/start-actor.ts'
import type { Network, Stream } from './connection.ts'

export type DialerOptions = Pick<DialState, 'selfId' | 'maxDialed' | 'maxActiveDials' | 'netRestrict'> & {
  readonly id: string
  /** Id of the server's actor. */
  readonly parent: string
  readonly staticNodes: readonly Enode[]
  readonly network: Pick<Network, 'dial'>
  readonly lookUp: LookUp
  /** Asks discovery where a static node is. */
  readonly resolve?: Resolve | undefined
  readonly candidates?: CandidateSource | undefined
  readonly log: Logger
  /** Takes over a connected stream, and sends `dial.ended` when its setup has. */
  setUp(stream: Stream, target: Enode, origin: 'dyndial' | 'staticdial'): void
  /** Called once, when every dial has ended. */
  stopped(): void
}

/** The addresses of a DNS name. A rejection counts as none. */
export type LookUp = (hostname: string) => Promise<readonly string[]>

/** @returns the node with its address, if it is found; it never fails */
export type Resolve = (node: Enode) => Promise<Enode | undefined>

/** Nodes to dial: one for each `wanted` at most, and none before that, as it would not be read. */
export type CandidateSource = (wanted: Observable<void>) => Observable<Enode>

/** Runs {@link dialerMachine}: lookups, connects and candidates. */
export class Dialer {
  readonly #clock: Runtime['clock']
  readonly #options: DialerOptions
  readonly #wanted = new Subject<void>()
  readonly #candidates = new Subscription()
  /** Each gives up one lookup, resolve or connect. BOUNDED: maxActiveDials. */
  readonly #cancels = new Set<() => void>()
  readonly #actor: Actor<typeof dialerMachine>
  /** Its chart threw, and nothing is dialed any more. */
  #hasFailed = false
  #isStopping = false

  constructor(runtime: Runtime, options: DialerOptions) {
    const { id, parent, selfId, maxDialed, maxActiveDials, netRestrict, staticNodes } = options
    this.#clock = runtime.clock
    this.#options = options
    const seed = new DataView(runtime.entropy(4).slice().buffer).getUint32(0)
    this.#actor = startActor(runtime, dialerMachine, {
      id,
      parent,
      input: (send) => {
        const found = options.candidates?.(this.#wanted).subscribe((node) => send({ type: 'candidate.found', node }))
        this.#candidates.add(found)
        const canResolve = options.resolve !== undefined
        return {
          ports: this.#ports(send),
          selfId,
          maxDialed,
          maxActiveDials,
          netRestrict,
          canResolve,
          staticNodes,
          seed,
        }
      },
    })
    const failed = () => {
      this.#hasFailed = true
      this.#candidates.unsubscribe()
      for (const cancel of this.#cancels) cancel()
      if (this.#isStopping) options.stopped()
    }
    this.#actor.subscribe({ complete: () => options.stopped(), error: failed })
  }

  send(event: DialerEvent): void {
    if (event.type === 'dialer.stop') {
      this.#isStopping = true
      if (this.#hasFailed) this.#options.stopped()
    }
    this.#actor.send(event)
  }

  #ports(send: Send<typeof dialerMachine>): DialerPorts {
    const { log } = this.#options
    return {
      lookUp: ({ id, hostname, timeout }) =>
        this.#lookUp(hostname, timeout, (ip) =>
          send(ip === undefined ? { type: 'dns.resolved', id } : { type: 'dns.resolved', id, ip }),
        ),
      resolve: ({ node }) =>
        this.#resolve(node, (found) =>
          send({ type: 'node.resolved', id: node.id, ...(found?.id === node.id && { node: found }) }),
        ),
      connect: (target) =>
        this.#connect(target, (error) => send({ type: 'connect.failed', id: target.node.id, error })),
      wantCandidate: () => this.#wanted.next(),
      discard: ({ id, why }) => log.trace('Discarding dial candidate', { id, err: why }),
      reportLooking: ({ peers, tried, statics }) =>
        log.info('Looking for peers', { peercount: peers, tried, static: statics }),
      cancelDials: () => {
        this.#candidates.unsubscribe()
        for (const cancel of this.#cancels) cancel()
      },
    }
  }

  #lookUp(hostname: string, timeout: number, answer: (ip?: string) => void): void {
    const conclude = (ip?: string) => {
      if (!this.#cancels.delete(giveUp)) return
      this.#clock.clearTimeout(timer)
      answer(ip)
    }
    const giveUp = () => conclude()
    this.#cancels.add(giveUp)
    const timer = this.#clock.setTimeout(giveUp, timeout)
    this.#options.lookUp(hostname).then((ips) => conclude(firstAddress(ips)), giveUp)
  }

  #resolve(node: Enode, answer: (found?: Enode) => void): void {
    const conclude = (found?: Enode) => {
      if (this.#cancels.delete(giveUp)) answer(found)
    }
    const giveUp = () => conclude()
    this.#cancels.add(giveUp)
    this.#options.resolve!(node).then(conclude, giveUp)
  }

  #connect({ node, ip, origin, timeout }: ConnectTarget, fail: (error: Error) => void): void {
    const { network, setUp } = this.#options
    const controller = new AbortController()
    const giveUp = () => {
      this.#cancels.delete(giveUp)
      controller.abort()
      fail(new DialCancelled())
    }
    this.#cancels.add(giveUp)
    network.dial(ip, node.tcp, timeout, controller.signal).then(
      (stream) => (this.#cancels.delete(giveUp) ? setUp(stream, node, origin) : stream.destroy()),
      (error: Error) => this.#cancels.delete(giveUp) && fail(error),
    )
  }
}

/** @returns what of the addresses of a name is dialed: IPv4 before IPv6, as geth */
export const firstAddress = (ips: readonly string[]): string | undefined =>
  ips.find((ip) => parseIp(ip)?.length === 4) ?? ips.find((ip) => parseIp(ip) !== undefined)

/** The server stopped before the connect ended. */
class DialCancelled extends Error {
  override readonly name = 'DialCancelled'
  constructor() {
    super('dial cancelled')
  }
}
