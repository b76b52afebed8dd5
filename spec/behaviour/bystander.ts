import { setTimeout as delay } from 'node:timers/promises'
import type { ScriptedPeer } from '../../actors/scripted-peer/scripted-peer.ts'
import { meet } from '../support/stages.ts'
import { getHeaders } from './provocations/requests.ts'

/** A good peer, which asks for one header every 50 ms while others misbehave, and has none of those that the node asks for. */
export class Bystander {
  readonly #peer: ScriptedPeer
  #asked = 0n

  private constructor(peer: ScriptedPeer) {
    this.#peer = peer
  }

  static async join(enode: string): Promise<Bystander> {
    const peer = await meet(enode, { answerPings: true })
    await peer.status()
    answer(peer).catch((error) => {
      if (!peer.isClosed) throw error
    })
    return new Bystander(peer)
  }

  /** @throws {ScriptError} an answer did not come in 5 s, or what `event` throws */
  async during(event: () => Promise<void>): Promise<void> {
    let isOver = false
    const over = event().finally(() => {
      isOver = true
    })
    const watch = async () => {
      do {
        await this.ask()
        await delay(50)
      } while (!isOver)
    }
    await Promise.all([over, watch()])
  }

  async ask(): Promise<void> {
    await this.#peer.request(getHeaders({ id: ++this.#asked }))
  }

  leave(): void {
    this.#peer.close()
  }
}

/** A node drops a peer that leaves its questions unanswered for two minutes. */
async function answer(peer: ScriptedPeer): Promise<never> {
  for (;;) {
    const { id } = await peer.expect('GetBlockHeaders', {}, { timeout: hour })
    peer.send('BlockHeaders', { id, headers: [] })
  }
}

const hour = 3_600_000
