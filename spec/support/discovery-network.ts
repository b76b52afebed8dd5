import { DiscoveryEndpoint, type EndpointOptions } from '../../actors/crawler/discovery-endpoint.ts'
import type { DiscoveredNode } from '../../actors/discovery/discovered-node.ts'
import { silent } from '../../actors/log/log.ts'
import { processRuntime } from '../../actors/runtime/process-runtime.ts'
import type { Runtime } from '../../actors/runtime/runtime.ts'

export type DiscoveryNetwork = AsyncDisposable & {
  readonly endpoints: readonly DiscoveryEndpoint[]
  /** The node that all others begin with. */
  readonly bootnode: DiscoveredNode
}

/** `count` nodes that discover, over UDP on 127.0.0.0/8, each of which begins with the first. */
export async function discoveryNetwork(
  count: number,
  {
    runtime = processRuntime(),
    ...options
  }: Partial<Pick<EndpointOptions, 'v4' | 'v5' | 'datagrams'>> & {
    readonly runtime?: Runtime
  } = {},
): Promise<DiscoveryNetwork> {
  const endpoints: DiscoveryEndpoint[] = []
  for (let i = 0; i < count; i++) {
    endpoints.push(
      await DiscoveryEndpoint.open(runtime, {
        ...{ v4: true, v5: true, ...options, id: `node-${i}`, host: `127.0.${i >> 7}.${(i & 127) + 1}`, port: 0 },
        ...{ privateKey: runtime.entropy(32), bootnodes: endpoints.slice(0, 1).map(nodeOf), log: silent },
      }),
    )
  }
  return {
    endpoints,
    bootnode: nodeOf(endpoints[0]!),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(endpoints.map((endpoint) => endpoint.close()))
    },
  }
}

/**
 * Nodes that cannot be found yet from the first look themselves up, as all do every half hour: those near them hear of
 * them. Tables name only who has answered them.
 * @param most that look at a time
 * @returns how many can be found
 */
export function lookAround(endpoints: readonly DiscoveryEndpoint[], most = endpoints.length): number {
  const byId = new Map(endpoints.map((endpoint) => [endpoint.local.id, endpoint]))
  const named = new Set([endpoints[0]!.local.id])
  for (const id of named) for (const other of namedBy(byId.get(id)!)) if (byId.has(other)) named.add(other)
  const others = endpoints.filter(({ local }) => !named.has(local.id))
  for (const { local, v4, v5 } of others.slice(0, most)) {
    void v4?.lookup(local.publicKey)
    void v5?.lookUp(local.id)
  }
  return endpoints.length - others.length
}

function namedBy({ v4, v5 }: DiscoveryEndpoint): readonly string[] {
  const entries = [v4, v5].flatMap((protocol) => protocol?.table.buckets().flat() ?? [])
  return entries.filter(({ isLive }) => isLive).map(({ node }) => node.id)
}

/** An endpoint as others know it. */
export function nodeOf({ local, socket }: DiscoveryEndpoint): DiscoveredNode {
  return { ...local.enode, host: socket.ip, record: local.record }
}
