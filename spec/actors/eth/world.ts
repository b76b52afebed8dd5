import { Chain } from '../../../actors/chain/chain.ts'
import type { NewBlock } from '../../../actors/chain/chain-reader.ts'
import { answerSteps } from '../../../actors/eth/answers.ts'
import type { ChainPort } from '../../../actors/eth/chain-port.ts'
import { EthService, type EthServiceOptions } from '../../../actors/eth/service.ts'
import { processRuntime } from '../../../actors/runtime/process-runtime.ts'
import type { Runtime } from '../../../actors/runtime/runtime.ts'
import { FairScheduler } from '../../../actors/runtime/scheduler.ts'
import { TimeSlicer } from '../../../actors/runtime/time-slicer.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import { Feed } from '../../../actors/trace/feed.ts'
import { atOnce } from '../../../protocols/chain/at-once.ts'
import { decode, type EthAnswer, type EthMessage, type EthRequest, encode } from '../../../protocols/eth/messages.ts'
import type { Status, Status68, Status69 } from '../../../protocols/eth/status.ts'
import { type EthVersion, isRequest, messageTable } from '../../../protocols/eth/versions.ts'
import type { DiscReason } from '../../../protocols/p2p/disconnect-reasons.ts'
import { allAtOnce, genesisOf, makeBlocks } from '../chain/make-chain.ts'
import { type PipeEnd, sessionPipe } from './session-pipe.ts'

// Chains, eth services and scripted remotes on one virtual clock: no sockets, no time of its own.

export const genesis = genesisOf(allAtOnce)

/** Blocks 1 to 700 of the chain that everyone agrees on, and those of a fork after block 500. */
export const mainBlocks: readonly NewBlock[] = makeBlocks(genesis, genesis.header, 700)
export const forkBlocks: readonly NewBlock[] = makeBlocks(genesis, mainBlocks[499]!.header, 250, { salt: 7n })

/** Does all work as soon as promises settle. */
const inNoTime = new TimeSlicer(new FairScheduler({ now: () => 0 }, queueMicrotask))

export async function chainOf(blocks: readonly NewBlock[]): Promise<Chain> {
  const chain = await Chain.open({ genesis, slicer: inNoTime })
  await chain.insertBlocks(blocks)
  return chain
}

export class World {
  readonly clock = new VirtualClock(1_000)
  readonly feed = new Feed()
  #seed = 1

  get runtime(): Runtime {
    return processRuntime({
      clock: this.clock,
      feed: this.feed,
      entropy: (length) => Uint8Array.from({ length }, () => this.#next()),
    })
  }

  /** Lets time pass, with what promises do in it. */
  run(ms: number): Promise<void> {
    return this.clock.run(ms)
  }

  /** Runs until `isDone`, at most `ms`. */
  async until(isDone: () => boolean, ms = 60_000): Promise<void> {
    for (const end = this.clock.now() + ms; !isDone() && this.clock.now() < end; ) await this.clock.run(10)
    if (!isDone()) throw new Error(`not within ${ms} ms`)
  }

  service(chain: ChainPort, options: Partial<EthServiceOptions> = {}): EthService {
    return new EthService(this.runtime, { chain, versions: [68, 69, 70, 71, 72], ...options })
  }

  /** Two services get a session with each other. @returns their ends */
  link(dialer: EthService, listener: EthService, version: EthVersion = 69): [PipeEnd, PipeEnd] {
    const n = ++this.#links
    const ids: [string, string] = [`dialer ${n}`, `listener ${n}`]
    const [near, far] = sessionPipe({ runtime: this.runtime, version, ids })
    near.handler = run(dialer, near)
    far.handler = run(listener, far)
    return [near, far]
  }
  #links = 0

  /** A remote that the spec speaks for. */
  remote(service: EthService, options: Partial<RemoteOptions> & Pick<RemoteOptions, 'chain'>): ScriptedRemote {
    const { version = 69, id = `remote ${++this.#links}`, trusted = false, latency = 1 } = options
    const [near, far] = sessionPipe({
      runtime: this.runtime,
      version,
      ids: [id, 'us'],
      trusted,
      latency,
    })
    const remote = new ScriptedRemote(near, far, { ...options, version, id, trusted, latency })
    far.handler = run(service, far)
    return remote
  }

  /** A xorshift: the same every time. */
  #next(): number {
    this.#seed ^= this.#seed << 13
    this.#seed ^= this.#seed >>> 17
    this.#seed ^= this.#seed << 5
    return this.#seed & 0xff
  }
}

const run = (service: EthService, end: PipeEnd) =>
  service.protocols.find(({ version }) => version === end.version)!.run(end)

export type RemoteOptions = {
  readonly version: EthVersion
  readonly id: string
  readonly trusted: boolean
  readonly latency: number
  readonly chain: Chain
  /** What it says of itself; `silent` says nothing. */
  readonly status?: 'silent' | ((ours: Status69) => Status)
  /** Its answer to a request; what its chain has when left out, nothing at all when it returns nothing. */
  readonly answer?: (request: EthRequest, honest: () => EthAnswer) => EthMessage | undefined
}

/** The other end of a session, under the spec's control. */
export class ScriptedRemote {
  readonly session: PipeEnd
  /** The node's own end. */
  readonly far: PipeEnd
  /** What the node sent, Status included. */
  readonly received: EthMessage[] = []
  readonly #options: RemoteOptions

  constructor(session: PipeEnd, far: PipeEnd, options: RemoteOptions) {
    this.session = session
    this.far = far
    this.#options = options
    session.handler = { message: (code, payload) => this.#receive(code, payload), closed: () => {} }
    const { status = (ours: Status69) => (options.version === 68 ? asStatus68(ours) : ours) } = options
    if (status !== 'silent') this.send(status(this.honestStatus))
  }

  get version(): EthVersion {
    return this.#options.version
  }

  get honestStatus(): Status69 {
    const { chain, version } = this.#options
    const { number: latest, hash: latestHash } = chain.head
    const range = { earliest: 0n, latest, latestHash }
    const { networkId, genesis } = chain
    return { kind: 'Status', version, networkId, genesis: genesis.hash, forkId: chain.forkId(), range }
  }

  /** What the node sent after its Status. */
  get heard(): EthMessage[] {
    return this.received.slice(1)
  }

  get disconnected(): DiscReason | undefined {
    return this.session.reason
  }

  send(message: EthMessage): void {
    this.sendRaw(messageTable(this.version).codeOf(message.kind)!, encode(this.version, message))
  }

  sendRaw(code: number, payload: Uint8Array): void {
    this.session.send(code, payload)
  }

  #receive(code: number, payload: Uint8Array): void {
    const name = messageTable(this.version).nameOf(code)!
    const message = decode(this.version, name, payload)
    this.received.push(message)
    if (!isRequest(name)) return
    const honest = () => atOnce(answerSteps(this.version, message as EthRequest, this.#options.chain))
    const { answer = (_: EthRequest, honest: () => EthAnswer) => honest() } = this.#options
    const reply = answer(message as EthRequest, honest)
    if (reply) this.send(reply)
  }
}

const asStatus68 = ({ range, ...common }: Status69): Status68 => ({ ...common, td: 0n, head: range.latestHash })
