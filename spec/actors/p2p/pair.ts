import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Connection, ConnectionOwner, Stream } from '../../../actors/p2p/connection.ts'
import { peerConnector } from '../../../actors/p2p/peer.ts'
import type { PeerFacts, Protocol } from '../../../actors/p2p/protocol.ts'
import { nodeCiphers } from '../../../actors/runtime/ciphers.ts'
import { InputRoom } from '../../../actors/runtime/input-room.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { streamPair } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import type { FeedEntry } from '../../../actors/trace/entries.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { toEnode } from '../../../protocols/enode/enode.ts'
import { publicKeyOf } from '../../../protocols/lib/secp256k1.ts'

/** One end of a connection in memory: a real peer on a virtual clock, admitted unasked. */
export class End {
  readonly clock = new VirtualClock()
  readonly feed = new Feed()
  readonly entries: FeedEntry[] = []
  readonly privateKey = new Uint8Array(randomBytes(32))
  readonly publicKey = publicKeyOf(this.privateKey)
  readonly protocols: readonly Protocol[]
  connection: Connection | undefined
  facts: PeerFacts | undefined
  ended: { error: Error; remoteRequested: boolean } | undefined
  /** Turns that it has asked for. */
  turns = 0
  #held: (() => void)[] | undefined

  readonly input: InputRoom

  constructor(protocols: readonly Protocol[], input = new InputRoom()) {
    this.protocols = protocols
    this.input = input
    this.feed.subscribe((entry) => this.entries.push(entry))
  }

  /** From here on it does nothing with what it receives: a remote that hangs. */
  freeze(): void {
    this.#held = []
  }

  /** It comes to itself again. */
  thaw(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const run of held) queueMicrotask(run)
  }

  get owner(): ConnectionOwner {
    return {
      checkpoint: () => this.connection!.admit(),
      isTrusted: () => false,
      setupEnded: (_, { added, error }) => {
        if (!added) this.ended = { error: error!, remoteRequested: false }
      },
      peerAdded: (_, facts) => {
        this.facts = facts
      },
      peerEnded: (_, { error, remoteRequested }) => {
        this.ended = { error, remoteRequested }
      },
    }
  }

  /** Takes a stream that came. */
  accept(stream: Stream): void {
    this.connection = this.connector(stream, { conn: 1, origin: 'inbound', owner: this.owner })
  }

  get connector() {
    const runtime = processRuntime({ clock: this.clock, feed: this.feed })
    const defer = (run: () => void) => {
      this.turns++
      if (this.#held) this.#held.push(run)
      else queueMicrotask(run)
    }
    const scheduler = new FairScheduler(this.clock, defer)
    const { privateKey, publicKey, protocols } = this
    return peerConnector(runtime, {
      privateKey,
      publicKey,
      name: 'spec',
      protocols,
      ciphers: nodeCiphers,
      scheduler,
      input: this.input,
      parent: 'spec',
    })
  }

  /** What the feed has of auth and ack. */
  get packets(): readonly FeedEntry[] {
    return this.entries.filter((entry) => 'protocol' in entry && entry.protocol === 'rlpx')
  }

  /** Base messages sent or received, by code. */
  base(type: 'message.sent' | 'message.received'): number[] {
    return this.entries.flatMap((entry) => (entry.type === type && entry.protocol === 'p2p' ? [entry.code] : []))
  }
}

/** Two ends that have met, unless one refused. */
export async function meet(
  ours: readonly Protocol[],
  theirs: readonly Protocol[],
  input?: InputRoom,
): Promise<[End, End]> {
  const [near, far] = [new End(ours), new End(theirs, input)]
  const [out, back] = streamPair('127.0.0.1:1', '127.0.0.1:2')
  far.accept(back)
  const target = toEnode(far.publicKey, '127.0.0.1', 2)
  near.connection = near.connector(out, { conn: 1, origin: 'dyndial', target, owner: near.owner })
  await settle()
  return [near, far]
}

/** Both ends are in memory: what one says has come of it all that will, once no one has a microtask left. */
export const settle: () => Promise<void> = setImmediate
