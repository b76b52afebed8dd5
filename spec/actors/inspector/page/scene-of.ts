import { Scene } from '../../../../actors/inspector/page/picture.ts'
import type { ActorFacts, PeerFacts } from '../../../../actors/inspector/wire.ts'

/** @returns the picture of some actors, each named by its place: `node-1`, `node-1/server`, `node-1/server/peer/1` */
export function sceneOf(
  actors: readonly (Partial<ActorFacts> & { readonly actor: string })[],
  peers: readonly (Partial<PeerFacts> & { readonly actor: string })[] = [],
): Scene {
  const moment = { seq: 1, at: 0 }
  return new Scene({
    ...moment,
    oldest: moment,
    actors: actors.map((facts) => ({ chart: 'node', state: 'running', count: 0, startedAt: 0, ...facts })),
    peers: peers.map((facts) => ({ received: [0, 0], sent: [0, 0], ...facts })),
  })
}

/** A node with a server, a peer, the protocol manager and its session of the peer. */
export function nodeOf(node: string): (Partial<ActorFacts> & { readonly actor: string })[] {
  return [
    { actor: `${node}/node`, node },
    { actor: `${node}/server`, node, chart: 'server', parent: `${node}/node` },
    { actor: `${node}/eth`, node, chart: 'protocol-manager', parent: `${node}/node` },
    { actor: `${node}/peer/1`, node, chart: 'peer', parent: `${node}/server`, state: 'running.(a.b c.d)' },
    { actor: `${node}/peer/1/eth`, node, chart: 'eth-peer', parent: `${node}/eth`, state: 'active.flowing' },
  ]
}
