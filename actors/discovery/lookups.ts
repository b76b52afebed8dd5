import { lookupMachine } from '../../machines/lookup.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { startActor } from '../runtime/start-actor.ts'
import type { DiscoveredNode } from './discovered-node.ts'

export type LookupOptions = {
  /** Of its actor. */
  readonly id: string
  readonly parent: string
  /** The id that is looked for. */
  readonly target: string
  /** Our own. */
  readonly self: string
  readonly start: readonly DiscoveredNode[]
  /** Asks a node for those closest to the target that it knows; none when it does not answer. */
  query(node: DiscoveredNode): Promise<readonly DiscoveredNode[]>
  /** Nodes as they are found. */
  report?(nodes: readonly DiscoveredNode[]): void
}

/** A lookup that runs: {@link lookupMachine} and its questions. */
export type Lookup = {
  /** The closest nodes that it saw; it never fails. */
  readonly closest: Promise<readonly DiscoveredNode[]>
  stop(): void
}

export function startLookup(runtime: Runtime, options: LookupOptions): Lookup {
  const { id, parent, target, self, start, query, report } = options
  let conclude: (closest: readonly DiscoveredNode[]) => void = () => {}
  const closest = new Promise<readonly DiscoveredNode[]>((resolve) => {
    conclude = resolve
  })
  const actor = startActor(runtime, lookupMachine, {
    id,
    parent,
    crashed: () => conclude([]),
    input: (send) => ({
      ...{ target, self, start },
      ports: {
        ask: ({ node }) => {
          const answered = (nodes: readonly DiscoveredNode[]) => send({ type: 'node.answered', id: node.id, nodes })
          query(node as DiscoveredNode).then(answered, () => answered([]))
        },
        report: ({ nodes }) => report?.(nodes as readonly DiscoveredNode[]),
        conclude: ({ closest }) => conclude(closest as readonly DiscoveredNode[]),
      },
    }),
  })
  return { closest, stop: () => actor.send({ type: 'lookup.stop' }) }
}
