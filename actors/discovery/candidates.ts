import { Observable } from 'rxjs'
import type { Enode } from '../../protocols/enode/enode.ts'
import type { CandidateSource } from '../p2p/dialer.ts'
import type { DiscoveredNode } from './discovered-node.ts'

/** What finds nodes. */
export type Finder = {
  /** Looks for nodes: `found` is called with them, and `rested` once it can be asked again. */
  want(): void
  /** @returns a node with its record; it never fails */
  resolve(node: DiscoveredNode): Promise<DiscoveredNode | undefined>
}

/** geth `maxParallelENRRequests`. */
const maxResolving = 16
/** BOUNDED: nodes of one walk that wait; those found beyond it are found again. */
const maxWaiting = 256

/** Found nodes on their way to the dialer: their record is asked for, and says whether they are of our chain. */
export class Candidates {
  readonly #accepts: (node: DiscoveredNode) => boolean
  #finder: Finder | undefined
  /** By id. BOUNDED: maxWaiting. */
  readonly #waiting = new Map<string, DiscoveredNode>()
  /** BOUNDED: maxResolving. */
  #ready: Enode[] = []
  #resolving = 0
  #wanted = 0
  #emit: (node: Enode) => void = () => {}

  /** @param accepts whether to dial a node: it has its record, if it gave one */
  constructor(accepts: (node: DiscoveredNode) => boolean) {
    this.#accepts = accepts
  }

  /** For one dialer. */
  readonly source: CandidateSource = (wanted) =>
    new Observable<Enode>((dialer) => {
      this.#emit = (node) => dialer.next(node)
      const demand = wanted.subscribe(() => {
        this.#wanted++
        this.#pump()
      })
      return () => {
        demand.unsubscribe()
        this.#wanted = 0
      }
    })

  /** From now on, `finder` is asked. */
  attach(finder: Finder): void {
    this.#finder = finder
    this.#pump()
  }

  detach(): void {
    this.#finder = undefined
    this.#waiting.clear()
    this.#ready = []
  }

  found(nodes: readonly DiscoveredNode[]): void {
    for (const node of nodes) if (this.#waiting.size < maxWaiting) this.#waiting.set(node.id, node)
    this.#pump()
  }

  rested(): void {
    this.#pump()
  }

  /** Nothing is asked for, and nothing looked for, that the dialer does not want. */
  #pump(): void {
    const finder = this.#finder
    if (!finder) return
    while (this.#wanted > 0 && this.#ready.length > 0) {
      this.#wanted--
      this.#emit(this.#ready.shift()!)
    }
    if (this.#wanted === 0) return
    for (const [id, node] of this.#waiting) {
      if (this.#resolving >= maxResolving) break
      this.#waiting.delete(id)
      this.#resolving++
      finder.resolve(node).then(
        (resolved) => this.#resolved(resolved),
        () => this.#resolved(undefined),
      )
    }
    if (this.#resolving === 0) finder.want()
  }

  #resolved(node: DiscoveredNode | undefined): void {
    this.#resolving--
    if (node && this.#finder && this.#accepts(node)) this.#ready.push(node)
    this.#pump()
  }
}
