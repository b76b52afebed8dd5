import type { ActorFacts } from '../wire.ts'
import type { Filter } from './filter.ts'
import type { Scene } from './picture.ts'

export type TreeRow = {
  readonly facts: ActorFacts
  readonly depth: number
  readonly isOpen: boolean
  readonly hasChildren: boolean
  /** Pixels from the top of the tree. */
  readonly top: number
  readonly height: number
}

/** Pixels. A peer has a second line: who it is. */
export const rowHeight = 30
export const peerRowHeight = 48

/**
 * Actors as rows, children beneath their parents: the server first, the ended after the others. With a filter: what passes, and the way to it.
 *
 * @param closed actors whose children are hidden; a filter opens all
 */
export function treeRows(scene: Scene, closed: ReadonlySet<string>, filter?: Filter): TreeRow[] {
  const children = childrenOf(scene, filter && passing(scene, filter))
  const rows: TreeRow[] = []
  let top = 0
  const list = (parent: string, depth: number) => {
    for (const facts of children.get(parent) ?? []) {
      const hasChildren = children.has(facts.actor)
      const isOpen = filter !== undefined || !closed.has(facts.actor)
      const height = scene.peers.has(facts.actor) ? peerRowHeight : rowHeight
      rows.push({ facts, depth, isOpen, hasChildren, top, height })
      top += height
      if (hasChildren && isOpen) list(facts.actor, depth + 1)
    }
  }
  list(root, 0)
  return rows
}

/** @returns the first and the last row, exclusive, that are seen between two heights */
export function rowsBetween(rows: readonly TreeRow[], top: number, bottom: number): [number, number] {
  return [firstEndingAfter(rows, top), firstEndingAfter(rows, bottom) + 1]
}

const root = ''

function childrenOf(scene: Scene, shown: ReadonlySet<string> | undefined): Map<string, ActorFacts[]> {
  const children = new Map<string, ActorFacts[]>()
  for (const facts of scene.actors.values()) {
    if (shown && !shown.has(facts.actor)) continue
    const parent = facts.parent !== undefined && scene.actors.has(facts.parent) ? facts.parent : root
    const siblings = children.get(parent)
    if (siblings) siblings.push(facts)
    else children.set(parent, [facts])
  }
  for (const [parent, siblings] of children) children.set(parent, inOrder(siblings))
  return children
}

/** However many have come and gone: peers are found at the top, then who is there, then who left last. */
function inOrder(siblings: ActorFacts[]): ActorFacts[] {
  const [server, alive, ended]: [ActorFacts[], ActorFacts[], ActorFacts[]] = [[], [], []]
  for (const facts of siblings)
    (facts.stoppedAt !== undefined ? ended : facts.chart === 'server' ? server : alive).push(facts)
  return [...server, ...alive, ...ended.reverse()]
}

function passing(scene: Scene, filter: Filter): Set<string> {
  const shown = new Set<string>()
  for (const facts of scene.actors.values()) {
    if (!filter(facts, scene.peerOf(facts.actor))) continue
    for (const { actor } of scene.lineageOf(facts.actor)) shown.add(actor)
  }
  return shown
}

function firstEndingAfter(rows: readonly TreeRow[], height: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.top + rows[middle]!.height <= height) low = middle + 1
    else high = middle
  }
  return low
}
