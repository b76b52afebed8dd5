import { filter, firstValueFrom } from 'rxjs'
import { devGenesis, devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import type { NodeOptions } from '../../../actors/peerchart/node-options.ts'
import type { PeerchartNode } from '../../../actors/peerchart/peerchart-node.ts'
import { makeBlocks } from '../chain/make-chain.ts'

/** BOUNDED: by a spec. */
const nodes: PeerchartNode[] = []

/** A node on a free port of 127.0.0.1, with so many blocks on its genesis, until {@link stopNodes}. */
export async function startNode(options: NodeOptions = {}, blocks = 0): Promise<PeerchartNode> {
  const node = await createNode({ port: 0, genesis: devGenesisJson, ...options })
  nodes.push(node)
  if (blocks > 0) await node.chain.insertBlocks(makeBlocks(devGenesis(), node.chain.head, blocks))
  await node.start()
  return node
}

export async function stopNodes(): Promise<void> {
  for (const node of nodes.splice(0)) await node.stop()
}

/** Resolves once `node` has the head of `other`. */
export async function synced({ chain }: PeerchartNode, other: PeerchartNode): Promise<void> {
  const { number } = other.chain.head
  if (chain.head.number < number) await firstValueFrom(chain.heads$.pipe(filter((head) => head.number >= number)))
}

/** Resolves once an actor of that chart is, or comes, in that state. */
export function until({ feed }: PeerchartNode, chart: string, state: string): Promise<void> {
  if (feed.actors.some((actor) => actor.chart === chart && actor.state === state)) return Promise.resolve()
  return new Promise((resolve) => {
    const unsubscribe = feed.subscribe((entry) => {
      if (entry.type !== 'transition' || entry.chart !== chart || entry.to !== state) return
      unsubscribe()
      setImmediate(resolve) // what this step set off is over
    })
  })
}
