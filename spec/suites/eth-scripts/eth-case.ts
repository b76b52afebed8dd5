import { expect } from 'chai'
import { data } from '../../../actors/rpc/json/hex.ts'
import { type DialOptions, dial } from '../../../actors/scripted-peer/dial.ts'
import type { PeerMessageName } from '../../../actors/scripted-peer/negotiated-messages.ts'
import type { ScriptedPeer } from '../../../actors/scripted-peer/scripted-peer.ts'
import { type Received, ScriptError } from '../../../actors/scripted-peer/transcript.ts'
import type { EthVersion } from '../../../protocols/eth/versions.ts'
import type { RpcAnswer, RpcRequest } from '../../support/geth.ts'
import { maskOf } from './blob.ts'
import type { EthtestChain } from './ethtest-chain.ts'

/** What a node must have before a case can be tried on it. */
export type Need = 'a transaction pool' | 'cells'

/** One test of geth's `devp2p rlpx eth-test`, by its name there. */
export type EthCase = {
  readonly name: string
  readonly needs?: Need
  /** The first version that has what it is about. */
  readonly since?: EthVersion
  run(trial: Trial): Promise<void>
}

export type Target = {
  readonly enode: string
  /** Calls its engine API. @returns the answer, result or error */
  engine(request: RpcRequest): Promise<RpcAnswer>
}

/** One run of the cases, at one version of eth, against a node at the head of the chain. */
export class Trial {
  readonly chain: EthtestChain
  readonly version: EthVersion
  readonly #target: Target
  /** BOUNDED: by the dials of a case. */
  readonly #peers: ScriptedPeer[] = []
  /** The next nonce of each sender: what was sent stays in the pool. BOUNDED: by the accounts. */
  readonly #nonces = new Map<number, bigint>()

  constructor(target: Target, chain: EthtestChain, version: EthVersion) {
    this.#target = target
    this.chain = chain
    this.version = version
  }

  /**
   * The chain's head is the head, a consensus client says: the node is out of syncing.
   * @param custody the columns of cells that the consensus client keeps (EIP-8070)
   */
  async forkchoice(custody?: readonly number[]): Promise<void> {
    const head = data(this.chain.head.header.hash)
    const state = { headBlockHash: head, safeBlockHash: head, finalizedBlockHash: head }
    const { error } = await this.#target.engine(
      custody
        ? { method: 'engine_forkchoiceUpdatedV4', params: [state, null, data(maskOf(custody))] }
        : { method: 'engine_forkchoiceUpdatedV3', params: [state, null] },
    )
    expect(error).to.equal(undefined)
  }

  /** A connection with a key of its own. */
  dial(options: DialOptions = {}): ScriptedPeer {
    const peer = dial(this.#target.enode, { caps: [`eth/${this.version}`], timeout: 2_000, ...options })
    this.#peers.push(peer)
    return peer
  }

  /** A running session of which nothing is unread. */
  async join(): Promise<ScriptedPeer> {
    const peer = this.dial()
    await peer.until('running')
    await peer.expect('Hello')
    await peer.expect('Status')
    return peer
  }

  /** @returns the private key of a sender, and the nonce of its next transaction */
  sender(index: number): { key: Uint8Array; nonce: bigint } {
    return { key: this.chain.keys[index]!, nonce: this.#nonces.get(index) ?? 0n }
  }

  /** The pool has taken `count` transactions more of this sender. */
  spend(index: number, count = 1): void {
    this.#nonces.set(index, this.sender(index).nonce + BigInt(count))
  }

  /** Closes what a case has left open. */
  end(): void {
    for (const peer of this.#peers.splice(0)) peer.close()
  }
}

/** What they say next by themselves, Pings apart. */
const nextWord = (peer: ScriptedPeer): Promise<Received> => peer.next(({ name }) => name !== 'Ping')

/** Their next word is to be Disconnect, but for what may come before it. */
export async function expectDropped(peer: ScriptedPeer, ...mayPrecede: readonly PeerMessageName[]): Promise<void> {
  const allowed: readonly string[] = mayPrecede
  let { name } = await nextWord(peer)
  while (allowed.includes(name)) name = (await nextWord(peer)).name
  expect(name).to.equal('Disconnect')
}

/** For what may say nothing, or hang up, and is right too. */
export function silence(error: unknown): undefined {
  if (!(error instanceof ScriptError)) throw error
}
