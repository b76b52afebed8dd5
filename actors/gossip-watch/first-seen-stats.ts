import { Latencies } from './latencies.ts'

/** Who announced a transaction first, and how far behind the others were. */
export class FirstSeenStats {
  /** By hash. BOUNDED: capacity; full, it forgets the oldest. */
  readonly #sightings = new Map<string, Sighting>()
  readonly #nodes: { first: number; readonly behind: Latencies }[]
  readonly #capacity: number

  /** @param nodes how many: each is known by its place */
  constructor(nodes: number, capacity = 100_000) {
    this.#nodes = Array.from({ length: nodes }, () => ({ first: 0, behind: new Latencies(capacity) }))
    this.#capacity = capacity
  }

  /** @param at ms, when the message that announced it came; not all are read in that order */
  note(hash: string, node: number, at: number): void {
    const sighting = this.#sightings.get(hash)
    if (!sighting) this.#begin(hash, node, at)
    else if (!sighting.by.includes(node)) this.#add(sighting, node, at)
    // else the node announces it once more, as it does all that it has upon a new connection
  }

  /** @returns what a node announced before all others, what after another, and how many ms after it */
  of(node: number) {
    const { first, behind } = this.#nodes[node]!
    return { first, later: behind.count, ...(behind.percentiles && { behind: behind.percentiles }) }
  }

  #begin(hash: string, node: number, at: number): void {
    this.#sightings.set(hash, { first: { node, at }, by: [node] })
    this.#nodes[node]!.first += 1
    if (this.#sightings.size <= this.#capacity) return
    const [oldest] = this.#sightings.keys()
    this.#sightings.delete(oldest!)
  }

  #add(sighting: Sighting, node: number, at: number): void {
    const { first, by } = sighting
    by.push(node)
    const isFirst = at < first.at
    if (isFirst) {
      sighting.first = { node, at }
      this.#nodes[node]!.first += 1
      this.#nodes[first.node]!.first -= 1
    }
    this.#nodes[isFirst ? first.node : node]!.behind.note(Math.abs(at - first.at))
  }
}

type Sighting = {
  first: { readonly node: number; readonly at: number }
  /** BOUNDED: the nodes. */
  readonly by: number[]
}
