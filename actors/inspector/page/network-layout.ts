import type { Scene } from './picture.ts'
import { remoteOf } from './words.ts'

/** Somebody in the network: a node of this process, or the remote of a peer. */
export type Spot = {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly isOurs: boolean
  /** What is chosen when it is clicked. */
  readonly actor: string
  /** From −1 to 1. */
  readonly x: number
  readonly y: number
}

export type Tie = {
  readonly id: string
  readonly from: string
  readonly to: string
  /** The peers at its ends, as the nodes of this process have them: one or two. */
  readonly peers: readonly string[]
  readonly state: string
  /** Bytes in both directions, of one end. */
  readonly traffic: number
}

export type Network = { readonly spots: readonly Spot[]; readonly ties: readonly Tie[] }

/**
 * Who is connected with whom. Our nodes stand on a circle in their order, strangers outside, fanned about the node that
 * has them: the same actors give the same picture.
 */
export function networkOf(scene: Scene): Network {
  const homes = [...scene.actors.values()].filter(({ parent }) => parent === undefined || !scene.actors.has(parent))
  const nodes = [...new Map(homes.filter(({ chart }) => chart === 'node').map((facts) => [facts.node ?? '', facts]))]
  const spots = new Map<string, Spot>()
  const ties = tiesOf(scene)
  const isAlone = [...ties.values()].every(({ to }) => !to.startsWith(strange))
  const radius = nodes.length === 1 ? 0 : isAlone ? 0.78 : 0.5
  for (const [index, [name, facts]] of nodes.entries()) {
    const angle = angleOf(index, nodes.length)
    spots.set(name, {
      ...{ id: name, name: name || 'this node', note: facts.state, isOurs: true, actor: facts.actor },
      ...{ x: Math.cos(angle) * radius, y: Math.sin(angle) * radius },
    })
  }
  for (const [index, [name]] of nodes.entries()) {
    const strangers = [...ties.values()].filter(({ from, to }) => from === name && !spots.has(to))
    fan(scene, strangers, nodes.length === 1 ? undefined : angleOf(index, nodes.length), spots)
  }
  return {
    spots: [...spots.values()],
    ties: [...ties.values()].filter(({ from, to }) => spots.has(from) && spots.has(to)),
  }
}

/** One tie for both ends of a connection between two of our nodes. BOUNDED: by the peers of the scene. */
function tiesOf(scene: Scene): Map<string, Tie> {
  const ties = new Map<string, Tie>()
  for (const peer of scene.peers.values()) {
    const facts = scene.actors.get(peer.actor)
    if (!facts || facts.stoppedAt !== undefined) continue
    const from = facts.node ?? ''
    const to = peer.isNode ?? `${strange}${peer.actor}`
    const id = [from, to].sort().join(' ')
    const known = ties.get(id)
    const traffic = Math.max(peer.received[0] + peer.sent[0], known?.traffic ?? 0)
    ties.set(id, { id, from, to, peers: [...(known?.peers ?? []), peer.actor], state: facts.state, traffic })
  }
  return ties
}

const strange = 'remote of '

function fan(scene: Scene, ties: readonly Tie[], angle: number | undefined, spots: Map<string, Spot>): void {
  const perRing = angle === undefined ? 24 : 9
  for (const [index, { to, peers }] of ties.entries()) {
    const ring = Math.floor(index / perRing)
    const inRing = Math.min(perRing, ties.length - ring * perRing)
    const place = index % perRing
    const spread = angle === undefined ? angleOf(place, inRing) : angle + (place - (inRing - 1) / 2) * 0.16
    const distance = Math.min(0.98, (angle === undefined ? 0.62 : 0.86) + ring * 0.12)
    const actor = peers[0]!
    const facts = scene.actors.get(actor)
    spots.set(to, {
      ...{ id: to, name: remoteOf(scene.peers.get(actor)), note: facts?.state ?? '', isOurs: false, actor },
      ...{ x: Math.cos(spread) * distance, y: Math.sin(spread) * distance },
    })
  }
}

/** The first is at the top, the others follow clockwise. */
const angleOf = (index: number, all: number) => (index / all) * 2 * Math.PI - Math.PI / 2
