import { setTimeout as delay } from 'node:timers/promises'
import { type OwnNodeOptions, startOwnNode } from '../support/own-node.ts'
import type { Endpoints } from '../support/own-node-process.ts'
import type { Vitals } from '../support/subject.ts'
import { Fault, longestStep, mostLeftOver } from './target.ts'

/** A node that runs, and what is to be known of it. */
export type FuzzedNode = Endpoints & {
  readonly enode: string
  /** The bugs that came up since this was last asked, with their stacks. */
  bugs(): Promise<readonly string[]>
  /** Since this was last asked, in milliseconds of processor time. */
  longestStep(): Promise<number>
  vitals(): Promise<Vitals>
  head(): Promise<number>
  stop(): Promise<void>
}

/** @returns one in a process of its own, that dials no one */
export async function startFuzzedNode(options: OwnNodeOptions = {}): Promise<FuzzedNode> {
  const node = await startOwnNode({ noDial: true, ...options })
  return {
    ...node,
    bugs: () => node.call('bugs'),
    longestStep: () => node.call('longestStep'),
    head: async () => (await node.call('head')).number,
  }
}

/** A good peer, or a good client of RPC. */
export type Bystander = {
  /** @throws (rejects) there was no answer, or another than before */
  ask(): Promise<unknown>
  close(): unknown
}

/** Looks whether a node and its bystanders are as they should be. */
export class Watch {
  readonly #node: FuzzedNode
  readonly #bystanders: Readonly<Record<string, Bystander>>
  readonly #before: Vitals

  /** @param bystanders by what they are */
  static async over(node: FuzzedNode, bystanders: Readonly<Record<string, Bystander>>): Promise<Watch> {
    for (const bystander of Object.values(bystanders)) await bystander.ask()
    await node.vitals()
    const before = await node.vitals()
    await node.longestStep()
    return new Watch(node, bystanders, before)
  }

  private constructor(node: FuzzedNode, bystanders: Readonly<Record<string, Bystander>>, before: Vitals) {
    this.#node = node
    this.#bystanders = bystanders
    this.#before = before
  }

  /** @throws (rejects) {Fault} */
  async look(): Promise<void> {
    const [bug] = await this.#asked(() => this.#node.bugs())
    if (bug !== undefined) throw new Fault('foreign error', bug)
    const step = await this.#asked(() => this.#node.longestStep())
    if (step > longestStep)
      throw new Fault('step', `the node did one thing for ${Math.round(step)} ms of the processor`)
    for (const [name, bystander] of Object.entries(this.#bystanders))
      await bystander.ask().catch((cause: Error) => {
        throw new Fault('bystander', `${name}: ${cause.message}`, { cause })
      })
  }

  /** Stops the node. @throws (rejects) {Fault} what was left, at the last of `looks`, two a second */
  async close(looks = 20): Promise<void> {
    try {
      for (let tries = 0; ; tries++) {
        const more = await this.#leftOver()
        if (more === undefined) break
        if (tries >= looks) throw new Fault('left over', more)
        await delay(500)
      }
    } finally {
      for (const bystander of Object.values(this.#bystanders)) await bystander.close()
      await this.#asked(() => this.#node.stop())
    }
  }

  async #leftOver(): Promise<string | undefined> {
    const now = await this.#asked(() => this.#node.vitals())
    const grown = now.memory - this.#before.memory
    if (grown > mostLeftOver) return `the node holds ${Math.round(grown / 1e6)} MB more than before`
    const what = (['peers', 'sockets', 'actors'] as const).find((one) => (now[one] ?? 0) > (this.#before[one] ?? 0))
    return what && `the node has ${now[what]} ${what}, of ${this.#before[what]} before`
  }

  /** @throws (rejects) {Fault} its process has ended */
  async #asked<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask()
    } catch (cause) {
      throw new Fault('process', (cause as Error).message, { cause })
    }
  }
}
