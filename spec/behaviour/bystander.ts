import { setTimeout as delay } from 'node:timers/promises'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import { meet } from '../support/stages.ts'
import { getHeaders } from './provocations/requests.ts'

/** A good peer, which asks for one header every 50 ms while others misbehave. */
export class Bystander {
  readonly #peer: ScriptedPeer
  #asked = 0n

  private constructor(peer: ScriptedPeer) {
    this.#peer = peer
  }

  static async join(enode: string): Promise<Bystander> {
    const peer = await meet(enode, { answerPings: true })
    await peer.status()
    return new Bystander(peer)
  }

  /**
   * @returns the slowest answer, in milliseconds
   * @throws {ScriptError} an answer did not come in 5 s, or what `event` throws
   */
  async during(event: () => Promise<void>): Promise<number> {
    let isOver = false
    const over = event().finally(() => {
      isOver = true
    })
    let slowest = 0
    const watch = async () => {
      do {
        slowest = Math.max(slowest, await this.ask())
        await delay(50)
      } while (!isOver)
    }
    await Promise.all([over, watch()])
    return slowest
  }

  /** @returns how long the answer took, in milliseconds */
  async ask(): Promise<number> {
    const began = performance.now()
    await this.#peer.request(getHeaders({ id: ++this.#asked }))
    return performance.now() - began
  }

  leave(): void {
    this.#peer.close()
  }
}
