import type { Actor } from 'xstate'
import { dnsTreeMachine } from '../../../machines/dns-tree.ts'
import { formatLink, parseLink, TreeError, type TreeLink } from '../../../protocols/dnsdisc/tree.ts'
import type { Logger } from '../../log/log.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { startActor } from '../../runtime/start-actor.ts'
import { reportBug } from '../../runtime/supervision.ts'
import { type DiscoveredNode, nodeOfRecord } from '../discovered-node.ts'
import type { DnsClient } from './dns-client.ts'
import { DnsLookupFailed } from './txt-lookup.ts'

export type DnsListsOptions = {
  /** Of the actors of lists: each is below it. */
  readonly id: string
  readonly parent: string
  /** `enrtree://<key>@<domain>`. */
  readonly urls: readonly string[]
  readonly client: Pick<DnsClient, 'root' | 'entry'>
  readonly log: Logger
  /** A node of a list, and that another may be wanted. */
  readonly found: (nodes: readonly DiscoveredNode[]) => void
  readonly rested: () => void
}

/** BOUNDED: lists that are read, those that others link to among them. geth has no bound. */
export const maxLists = 32

/** Nodes for the dialer from lists in DNS, and from those that they link to (geth dnsdisc randomIterator). */
export class DnsLists {
  readonly #runtime: Runtime
  readonly #options: DnsListsOptions
  /** By URL. BOUNDED: maxLists. */
  readonly #lists = new Map<string, Actor<typeof dnsTreeMachine>>()
  /** Links of each. BOUNDED: by maxLists, and the links of a chart. */
  readonly #links = new Map<string, readonly string[]>()
  #started = 0

  /** @throws {TreeError} a URL is none */
  constructor(runtime: Runtime, options: DnsListsOptions) {
    this.#runtime = runtime
    this.#options = options
    for (const url of options.urls) parseLink(url)
    this.#follow()
  }

  /** Lists that are read, by URL. */
  get urls(): readonly string[] {
    return [...this.#lists.keys()]
  }

  /** Looks for a node: `found` gets it, and `rested` comes when another can be asked for. */
  want(): void {
    const idle = [...this.#lists.values()].filter((list) => list.getSnapshot().can({ type: 'node.wanted' }))
    const [drawn] = idle.length > 0 ? [idle[this.#draw() % idle.length]] : []
    drawn?.send({ type: 'node.wanted' })
  }

  close(): void {
    for (const list of this.#lists.values()) list.send({ type: 'tree.stop' })
    this.#lists.clear()
  }

  /** Those of the configuration, and all that can be reached by links from there. */
  #follow(): void {
    const wanted = new Set(this.#options.urls)
    for (const url of wanted)
      for (const link of this.#links.get(url) ?? []) if (wanted.size < maxLists) wanted.add(link)
    for (const [url, list] of this.#lists)
      if (!wanted.has(url)) {
        this.#lists.delete(url)
        this.#links.delete(url)
        list.send({ type: 'tree.stop' })
      }
    for (const url of wanted) if (!this.#lists.has(url)) this.#lists.set(url, this.#start(url, parseLink(url)))
  }

  #start(url: string, link: TreeLink): Actor<typeof dnsTreeMachine> {
    const { id, client, found, rested } = this.#options
    return startActor(this.#runtime, dnsTreeMachine, {
      ...{ id: `${id}/list/${++this.#started}`, parent: this.#options.parent },
      input: (send) => ({
        seed: this.#draw(),
        ports: {
          resolveRoot: () =>
            this.#ask(link, client.root(link), (root) =>
              send(root ? { type: 'root.resolved', root } : { type: 'root.failed' }),
            ),
          resolveEntry: ({ hash }) =>
            this.#ask(link, client.entry(link, hash), (entry) =>
              send(entry ? { type: 'entry.resolved', entry } : { type: 'entry.failed' }),
            ),
          reportNode: ({ record }) => {
            const node = nodeOfRecord(record)
            if (node) found([node])
            rested()
          },
          reportLinks: ({ links }) => {
            if (!this.#lists.has(url)) return
            this.#links.set(url, links.map(formatLink))
            this.#follow()
          },
        },
      }),
    })
  }

  /** @param take gets undefined for what DNS does not have, or that is not sound */
  #ask<T>({ domain }: TreeLink, asked: Promise<T>, take: (answer: T | undefined) => void): void {
    asked
      .catch((error): undefined => {
        if (!(error instanceof DnsLookupFailed || error instanceof TreeError)) throw error
        this.#options.log.debug('Error in DNS random node sync', { tree: domain, err: error.message })
      })
      .then(take)
      .catch((error) => reportBug(this.#runtime, { actor: this.#options.id, error, ends: 'connection' }))
  }

  #draw(): number {
    const bytes = this.#runtime.entropy(4)
    return new DataView(bytes.slice().buffer).getUint32(0)
  }
}
