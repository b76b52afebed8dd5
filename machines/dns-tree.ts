import { assertEvent, assign, setup } from 'xstate'
import type { TreeEntry, TreeLink, TreeRoot } from '../protocols/dnsdisc/tree.ts'
import type { NodeRecord } from '../protocols/enr/record.ts'
import { draw } from './dial-rules.ts'
import { portActions } from './port-actions.ts'

/** What the chart asks of the world. actors/discovery/dns/dns-lists.ts implements it; a spec records it. */
export type DnsTreePorts = {
  /** `root.resolved` or `root.failed` comes back. */
  resolveRoot(): void
  /** `entry.resolved` or `entry.failed` comes back. */
  resolveEntry(which: { hash: string }): void
  /** A node of the list, which was wanted. */
  reportNode(what: { record: NodeRecord }): void
  /** All links of the list. */
  reportLinks(what: { links: readonly TreeLink[] }): void
}

export type DnsTreeInput = {
  readonly ports: DnsTreePorts
  /** A uint32: which entry is next is drawn from it. */
  readonly seed: number
}

export type DnsTreeEvent =
  | { type: 'node.wanted' }
  | { type: 'root.resolved'; root: TreeRoot }
  | { type: 'root.failed' }
  | { type: 'entry.resolved'; entry: TreeEntry }
  | { type: 'entry.failed' }
  | { type: 'tree.stop' }

type DnsTreeContext = DnsTreeInput & {
  /** As it was read last. */
  readonly root?: TreeRoot
  /** Undefined: it is to be read again before all else. */
  readonly current?: TreeRoot | undefined
  /** Hashes that are not read yet. BOUNDED: maxMissing. */
  readonly links: readonly string[]
  readonly nodes: readonly string[]
  /** Which of them is asked for. */
  readonly asked: string
  /** BOUNDED: maxLinks. */
  readonly found: readonly TreeLink[]
  /** Nodes seen since the walk began anew: with none the list is empty. */
  readonly leaves: number
  readonly rootFails: number
  readonly entryFails: number
}

/** BOUNDED: what is left out is found on the next walk. geth has no bounds. */
export const maxMissing = 4_096
export const maxLinks = 64
/** geth `defaultRecheck`, `rootRecheckFailCount`, slowdownRootUpdate. */
export const rootRecheck = 30 * 60_000
const maxEntryFails = 5
const somePause = { after: 5, pause: 5_000 }
const longPause = { after: 20, pause: 10_000 }

const { enqueueActions, extend } = setup({
  types: {} as { context: DnsTreeContext; input: DnsTreeInput; events: DnsTreeEvent },
  actions: {
    ...portActions<DnsTreePorts>()('resolveRoot', 'resolveEntry', 'reportNode', 'reportLinks'),
    /** What has not changed is not walked again. */
    takeRoot: assign(({ context, event }) => {
      assertEvent(event, 'root.resolved')
      const { root } = event
      return {
        ...{ root, current: root, rootFails: 0, entryFails: 0 },
        ...(root.linksRoot !== context.root?.linksRoot && { links: [root.linksRoot], found: [] }),
        ...(root.nodesRoot !== context.root?.nodesRoot && { nodes: [root.nodesRoot], leaves: 0 }),
      }
    }),
    countRootFail: assign({ rootFails: ({ context }) => context.rootFails + 1 }),
    /** After some in a row the root may have changed. */
    countEntryFail: assign(({ context }) => {
      const entryFails = context.entryFails + 1
      return { entryFails, ...(entryFails > maxEntryFails && { current: undefined }) }
    }),
    expireRoot: assign({ current: undefined }),
    beginAnew: assign(({ context }) => ({ nodes: [context.root!.nodesRoot], leaves: 0 })),
    noteNode: assign(({ context }) => ({
      nodes: context.nodes.filter((hash) => hash !== context.asked),
      leaves: context.leaves + 1,
    })),
    takeNodes: assign(({ context, event }) => ({ nodes: opened(context, event, context.nodes) })),
  },
  guards: {
    isRootDue: ({ context }) => context.current === undefined,
    isRootSlow: ({ context }) => context.current === undefined && context.rootFails > somePause.after,
    hasLinks: ({ context }) => context.links.length > 0,
    hasNodes: ({ context }) => context.nodes.length > 0,
    hasLeaves: ({ context }) => context.leaves > 0,
    isNode: ({ event }) => event.type === 'entry.resolved' && event.entry.kind === 'node',
    isLink: ({ event }) => event.type === 'entry.resolved' && event.entry.kind === 'link',
  },
  delays: {
    rootRecheck,
    rootPause: ({ context }) => (context.rootFails > longPause.after ? longPause : somePause).pause,
  },
})

/** @returns what is missing once a branch is read */
function opened({ asked }: DnsTreeContext, event: DnsTreeEvent, missing: readonly string[]): readonly string[] {
  assertEvent(event, 'entry.resolved')
  const children = event.entry.kind === 'branch' ? event.entry.children : []
  return [...missing.filter((hash) => hash !== asked), ...children].slice(0, maxMissing)
}

/** A list of nodes in DNS, of which one node at a time is wanted (geth dnsdisc clientTree). */
export const dnsTreeMachine = extend({
  actions: {
    askLink: enqueueActions(({ context, enqueue }) => {
      const [hash] = context.links
      enqueue.assign({ asked: hash! })
      enqueue({ type: 'resolveEntry', params: { hash: hash! } })
    }),
    /** In no order that one could rely on. */
    askNode: enqueueActions(({ context, enqueue }) => {
      const { value, seed } = draw(context.seed, context.nodes.length)
      const hash = context.nodes[value]!
      enqueue.assign({ asked: hash, seed })
      enqueue({ type: 'resolveEntry', params: { hash } })
    }),
    takeLinks: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'entry.resolved')
      const { entry } = event
      const links = opened(context, event, context.links)
      const found = entry.kind === 'link' ? [...context.found, entry.link].slice(0, maxLinks) : context.found
      enqueue.assign({ links, found })
      if (links.length === 0) enqueue({ type: 'reportLinks', params: { links: found } })
    }),
  },
}).createMachine({
  id: 'dns-tree',
  description: 'a list of nodes in DNS, of which one node at a time is wanted (EIP-1459, geth dnsdisc)',
  context: ({ input }) => ({
    ...input,
    ...{ links: [], nodes: [], asked: '', found: [], leaves: 0, rootFails: 0, entryFails: 0 },
  }),
  options: { maxIterations: 100 },
  initial: 'listed',
  states: {
    listed: {
      type: 'parallel',
      on: { 'tree.stop': 'stopped' },
      states: {
        schedule: {
          description: 'the root is read again half an hour after it was',
          initial: 'waiting',
          states: {
            waiting: {
              on: {
                'root.resolved': { target: 'waiting', reenter: true },
                'root.failed': { target: 'waiting', reenter: true },
              },
              after: { rootRecheck: { target: 'waiting', reenter: true, actions: 'expireRoot' } },
            },
          },
        },
        walk: {
          initial: 'idle',
          states: {
            idle: { on: { 'node.wanted': 'looking' } },
            looking: {
              description: 'what is to be read next?',
              always: [
                { guard: 'isRootSlow', target: 'pausing' },
                { guard: 'isRootDue', target: 'root' },
                { guard: 'hasLinks', target: 'link' },
                { guard: 'hasNodes', target: 'node' },
                { guard: 'hasLeaves', target: 'node', actions: 'beginAnew' },
                { target: 'empty' },
              ],
            },
            pausing: { description: 'the root was not to be had, again and again', after: { rootPause: 'root' } },
            root: {
              description: 'which tree is it now?',
              entry: 'resolveRoot',
              on: {
                'root.resolved': { target: 'looking', actions: 'takeRoot' },
                'root.failed': { target: 'looking', actions: 'countRootFail' },
              },
            },
            link: {
              description: 'other lists, before any node',
              entry: 'askLink',
              on: {
                'entry.resolved': [
                  { guard: 'isNode', target: 'looking', actions: 'countEntryFail' },
                  { target: 'looking', actions: 'takeLinks' },
                ],
                'entry.failed': { target: 'looking', actions: 'countEntryFail' },
              },
            },
            node: {
              description: 'one of those that were not read, by chance',
              entry: 'askNode',
              on: {
                'entry.resolved': [
                  {
                    guard: 'isNode',
                    target: 'idle',
                    actions: [
                      'noteNode',
                      { type: 'reportNode', params: ({ event: { entry } }) => ({ record: recordOf(entry) }) },
                    ],
                  },
                  { guard: 'isLink', target: 'looking', actions: 'countEntryFail' },
                  { target: 'looking', actions: 'takeNodes' },
                ],
                'entry.failed': { target: 'looking', actions: 'countEntryFail' },
              },
            },
            empty: {
              description: 'it has no node',
              always: { guard: 'isRootDue', target: 'looking' },
            },
          },
        },
      },
    },
    stopped: { type: 'final' },
  },
})

function recordOf(entry: TreeEntry): NodeRecord {
  if (entry.kind !== 'node') throw new Error(`a ${entry.kind} is no node`)
  return entry.record
}
