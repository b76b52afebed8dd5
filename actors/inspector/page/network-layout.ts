import { remoteOf } from './labels.ts'
import type { Scene } from './picture.ts'

/** Somebody in the network: a node of this process, or the remote of a peer. */
export type Spot = {
  readonly id: string
  readonly name: string
  readonly note: string
  readonly isOurs: boolean
  /** What is chosen when it is clicked. */
  readonly actor: string
  /** How many it is connected with. */
  readonly degree: number
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

/** Two of our nodes that discovery has made known, the one to the other or both. */
export type Acquaintance = {
  readonly id: string
  readonly from: string
  readonly to: string
  /** What each has for the other: nodes of discv4, sessions of discv5. */
  readonly actors: readonly string[]
  /** By which: `discv4`, `discv5`. */
  readonly by: readonly string[]
  /** Steps that their charts have taken: most of them for a packet. */
  readonly steps: number
}

export type Network = {
  readonly acquaintances: readonly Acquaintance[]
  readonly spots: readonly Spot[]
  readonly ties: readonly Tie[]
  /** Connections with strangers for whom there is no room. */
  readonly left: number
}

/**
 * Who is connected with whom. Our nodes stand on a circle in their order, strangers outside, fanned about the node that
 * has them: the same actors give the same picture.
 */
export function networkOf(scene: Scene): Network {
  const homes = [...scene.actors.values()].filter(({ parent }) => parent === undefined || !scene.actors.has(parent))
  const own = [...new Map(homes.filter(({ chart }) => chart === 'node').map((facts) => [facts.node ?? '', facts]))]
  // Where there is no node, scripts play one.
  const isNode = own.length > 0
  const nodes = isNode ? own : homes.slice(0, 1).map((facts) => ['', facts] as const)
  const spots = new Map<string, Spot>()
  const ties = tiesOf(scene)
  const degrees = degreesOf(ties.values())
  const isAlone = [...ties.values()].every(({ to }) => !to.startsWith(strange))
  const radius = nodes.length === 1 ? 0 : isAlone ? 0.78 : 0.5
  for (const [index, [name, facts]] of nodes.entries()) {
    const angle = angleOf(index, nodes.length)
    spots.set(name, {
      ...{ id: name, name: name || (isNode ? 'this node' : 'we'), note: isNode ? facts.state : 'scripts' },
      ...{ isOurs: true, actor: facts.actor },
      degree: degrees.get(name) ?? 0,
      ...{ x: Math.cos(angle) * radius, y: Math.sin(angle) * radius },
    })
  }
  for (const [index, [name]] of nodes.entries()) {
    const strangers = [...ties.values()].filter(({ from, to }) => from === name && to.startsWith(strange))
    fan(scene, strangers, nodes.length === 1 ? undefined : angleOf(index, nodes.length), spots)
  }
  const drawn = [...ties.values()].filter(({ from, to }) => spots.has(from) && spots.has(to))
  const acquaintances = acquaintancesOf(scene).filter(({ from, to }) => spots.has(from) && spots.has(to))
  return { spots: [...spots.values()], ties: drawn, acquaintances, left: ties.size - drawn.length }
}

/** BOUNDED: by the actors of the scene. */
function acquaintancesOf(scene: Scene): Acquaintance[] {
  const pairs = new Map<string, Acquaintance>()
  for (const { actor, chart, node = '', knows, stoppedAt, count } of scene.actors.values()) {
    if (knows === undefined || knows === node || stoppedAt !== undefined) continue
    const [from, to] = [node, knows].toSorted() as [string, string]
    const id = `${from} ${to}`
    const pair = pairs.get(id) ?? { id, from, to, actors: [], by: [], steps: 0 }
    const by = [...new Set([...pair.by, chart.replace(/-.*/, '')])].toSorted()
    pairs.set(id, { ...pair, actors: [...pair.actors, actor], by, steps: pair.steps + count })
  }
  return [...pairs.values()]
}

/** One tie for both ends of a connection between two of our nodes. BOUNDED: by the peers of the scene. */
function tiesOf(scene: Scene): Map<string, Tie> {
  const ties = new Map<string, Tie>()
  for (const peer of scene.peers.values()) {
    const facts = scene.actors.get(peer.actor)
    if (!facts || facts.stoppedAt !== undefined) continue
    const own = facts.node ?? ''
    // Of two of our nodes either may have dialed: their line is called the same.
    const [from, to] = peer.isNode
      ? ([own, peer.isNode].toSorted() as [string, string])
      : [own, `${strange}${peer.actor}`]
    const id = `${from} ${to}`
    const known = ties.get(id)
    const traffic = Math.max(peer.received[0] + peer.sent[0], known?.traffic ?? 0)
    const peers = [...(known?.peers ?? []), peer.actor]
    ties.set(id, { ...(known ?? { id, from, to }), peers, state: facts.state, traffic })
  }
  return ties
}

const strange = 'remote of '

/** Places in the rings about a node that is alone, and in those outside of one of several, from the inner ring on. */
const rings = { alone: [16, 24, 32], amongOthers: [7, 9, 11] }

function fan(scene: Scene, ties: readonly Tie[], angle: number | undefined, spots: Map<string, Spot>): void {
  const sizes = angle === undefined ? rings.alone : rings.amongOthers
  let first = 0
  for (const [ring, size] of sizes.entries()) {
    const here = ties.slice(first, first + size)
    first += size
    for (const [place, { to, peers }] of here.entries()) {
      const spread = angle === undefined ? angleOf(place, here.length) : angle + (place - (here.length - 1) / 2) * 0.17
      const distance = angle === undefined ? 0.5 + ring * 0.24 : 0.8 + ring * 0.1
      const actor = peers[0]!
      const facts = scene.actors.get(actor)
      spots.set(to, {
        ...{
          id: to,
          name: remoteOf(scene.peers.get(actor)),
          note: facts?.state ?? '',
          isOurs: false,
          actor,
          degree: 1,
        },
        ...{ x: Math.cos(spread) * distance, y: Math.sin(spread) * distance },
      })
    }
  }
}

function degreesOf(ties: Iterable<Tie>): Map<string, number> {
  const degrees = new Map<string, number>()
  for (const { from, to } of ties) for (const end of [from, to]) degrees.set(end, (degrees.get(end) ?? 0) + 1)
  return degrees
}

/** The first is at the top, the others follow clockwise. */
const angleOf = (index: number, all: number) => (index / all) * 2 * Math.PI - Math.PI / 2
