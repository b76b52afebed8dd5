import { filter, Subject } from 'rxjs'
import type { PeerInfo } from '../../../actors/p2p/peer-info.ts'
import type { NodeEvent, PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import type { FeedEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'

/** A node with nothing behind it: what happens to it is the spec's to say. */
export class StandInNode {
  readonly feed = new Feed()
  readonly events$ = new Subject<NodeEvent>()
  readonly peerEvents$ = this.events$.pipe(filter((event) => event.type === 'add' || event.type === 'drop'))
  readonly chain = { head: { number: 12n } }
  readonly enode = 'enode://00@127.0.0.1:30303'
  readonly name = 'Peerchart/stand-in'
  readonly calls: string[] = []
  readonly #peers: PeerInfo[] = []
  readonly #conns = new Map<string, number>()
  #reportStart: () => void = () => {}
  readonly started = new Promise<void>((resolve) => {
    this.#reportStart = resolve
  })
  #reportEnd: () => void = () => {}
  readonly #end = new Promise<void>((resolve) => {
    this.#reportEnd = resolve
  })

  /** For a spec that wants a real one. */
  get asNode(): PeerchartNode {
    return this as unknown as PeerchartNode
  }

  async start(): Promise<void> {
    this.calls.push('start')
    this.#reportStart()
  }
  async stop(): Promise<void> {
    this.calls.push('stop')
    this.#reportEnd()
  }
  wait(): Promise<void> {
    return this.#end
  }
  peers(): readonly PeerInfo[] {
    return this.#peers
  }

  transition(actor: string, chart: string, event: string, from: string, to: string): void {
    this.publish({ type: 'transition', actor, chart, event, from, to, effects: ['wave'] })
  }
  publish(entry: FeedEntry): void {
    this.feed.publish(entry)
    this.events$.next(entry as NodeEvent)
  }

  /** As a server adds a peer: the chart is admitted and runs, then everybody hears of it. */
  meet(actor: string, id: string, name = 'Geth/v1.17.5'): void {
    this.transition(actor, 'peer', 'rlpx.secured', 'securing.handshaking', 'greeting.exchanging')
    this.transition(actor, 'peer', 'server.admitted', 'greeting.checkpoint', 'admitted')
    this.transition(actor, 'peer', 'protocols.started', 'admitted', 'running.(keepalive.quiet writing.flowing)')
    const network = { localAddress: 'l:1', remoteAddress: 'r:2', inbound: false, trusted: false, static: true }
    this.#peers.push({ enode: '', id, name, caps: ['eth/69', 'eth/72'], network, protocols: {} })
    const conn = Number(/\d+$/.exec(actor))
    this.#conns.set(id, conn)
    this.events$.next({ type: 'add', conn, peer: id, local: 'l:1', remote: 'r:2' })
  }

  lose(id: string, error: string): void {
    this.#peers.splice(
      this.#peers.findIndex((peer) => peer.id === id),
      1,
    )
    this.events$.next({ type: 'drop', conn: this.#conns.get(id) ?? 7, peer: id, local: 'l:1', remote: 'r:2', error })
  }
}
