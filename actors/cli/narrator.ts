import { styleText } from 'node:util'
import type { PeerEvent } from '../../machines/admission.ts'
import { downloaderMachine } from '../../machines/downloader.ts'
import { ethPeerMachine } from '../../machines/eth-peer.ts'
import { phaseOf, stateFacts } from '../../machines/state-facts.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { type LogStream, printable, type Verbosity } from '../log/log.ts'
import type { PeerInfo } from '../p2p/peer-info.ts'
import { actorOf, PeerNames, shortId } from '../peerchart/peer-names.ts'
import type { NodeEvent, PeerchartNode } from '../peerchart/peerchart-node.ts'
import type { FeedEntry, TransitionEntry } from '../trace/entries.ts'
import { describe, isMilestone, outermost } from './transition-labels.ts'

export type NarratorOptions = {
  readonly stream: LogStream
  /** 0 nothing … 3 what a person follows, 4 every transition, 5 every message too. */
  readonly verbosity: Verbosity
  /** One JSON object a line: every entry of the feed and every event, whatever the verbosity. */
  readonly json: boolean
}

/** Narrates the lives of nodes: one line for each step that a person can follow. */
export class Narrator {
  readonly #options: NarratorOptions
  readonly #started = performance.now()
  /** What is to be printed after the banner. BOUNDED: by the start of the nodes. */
  #held: string[] | undefined = []

  constructor(options: NarratorOptions) {
    this.#options = options
  }

  /** @returns a function that ends the story of the `index`th node */
  follow(index: number, node: PeerchartNode): () => void {
    const story = new NodeStory(
      node,
      (subject, change, label) => this.#print(index, subject, change, label),
      this.#options,
    )
    const subscription = node.events$.subscribe((event) => {
      if (this.#options.json) this.#write({ node: nameOf(index), ...event })
      else story.take(event)
    })
    return () => subscription.unsubscribe()
  }

  /**
   * Prints what this is, then what has happened so far, then the rest as it comes.
   * @param nodes that run: programs get their names and addresses
   */
  open(banner: readonly string[], nodes: readonly Pick<PeerchartNode, 'enode' | 'name'>[] = []): void {
    const { json, verbosity } = this.#options
    const held = this.#held ?? []
    this.#held = undefined
    if (json)
      for (const [i, { enode, name }] of nodes.entries()) this.#write({ node: nameOf(i), type: 'node', enode, name })
    else if (verbosity >= 3) for (const line of banner) this.#line(line)
    for (const line of held) this.#line(line)
  }

  /** One line: who, what of it, from where to where, and what that means. */
  #print(index: number, subject: string, change: string, label: string): void {
    const { verbosity, json } = this.#options
    if (json || verbosity < 3) return
    const seconds = ((performance.now() - this.#started) / 1_000).toFixed(1)
    const columns = [
      `${seconds}s`.padStart(6),
      nameOf(index).padEnd(7),
      printable(subject).padEnd(13),
      change.padEnd(28),
    ]
    const room = this.#width - columns.join('  ').length - 2
    const [time, name, who, what] = columns as [string, string, string, string]
    const painted = [
      this.#paint('dim', time),
      this.#paint(colours[index % colours.length]!, name),
      who,
      this.#paint('bold', what),
      cut(printable(label), room),
    ]
    this.#line(painted.join('  ').trimEnd())
  }

  /** Of a line: what does not fit a terminal is cut, elsewhere all of it is written. */
  get #width(): number {
    const { isTTY, columns } = this.#options.stream
    return isTTY && columns ? columns : Number.POSITIVE_INFINITY
  }

  #write(entry: object): void {
    this.#line(JSON.stringify({ time: new Date(), ...entry }, toJson))
  }

  #line(text: string): void {
    if (this.#held) this.#held.push(text)
    else this.#options.stream.write(`${text}\n`)
  }

  #paint(style: Style, text: string): string {
    return this.#options.stream.isTTY ? styleText(style, text, { validateStream: false }) : text
  }
}

/** @returns what the `index`th node is called, counted from 1 */
export const nameOf = (index: number): string => `node-${index + 1}`

function toJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  return value instanceof Uint8Array ? bytesToHex(value) : value
}

const cut = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, Math.max(room - 1, 0))}${room > 0 ? '…' : ''}`

type Style = Parameters<typeof styleText>[0]
const colours = ['cyan', 'magenta', 'yellow', 'green', 'blue'] as const

type Say = (subject: string, change: string, label: string) => void

/** One node's part of the story. A peer is called by its connection until it has said who it is. */
class NodeStory {
  readonly #node: PeerchartNode
  readonly #say: Say
  readonly #verbosity: Verbosity
  readonly #names = new PeerNames()
  #isSyncing = false

  constructor(node: PeerchartNode, say: Say, { verbosity }: NarratorOptions) {
    this.#node = node
    this.#say = say
    this.#verbosity = verbosity
  }

  get #synced(): string {
    return this.#node.chain.isExecuting ? executed : verified
  }

  take(event: NodeEvent): void {
    if (event.type === 'add' || event.type === 'drop') this.#peer(event)
    else if (event.type === 'head') this.#say('chain', `head ${event.number}`, this.#isSyncing ? this.#synced : made)
    else this.#entry(event)
  }

  #entry(entry: FeedEntry): void {
    const subject = this.#nameOf(entry.actor)
    if (entry.type === 'transition' && entry.chart === downloaderMachine.id)
      this.#isSyncing = stateFacts(entry.chart, entry.to)?.tags.has('syncing') ?? false
    if (entry.type === 'transition' && isMilestone(entry))
      this.#say(subject, changeOf(entry), `${describe(entry)}${this.#versionOf(entry)}`)
    else if (entry.type === 'bug') this.#say(subject, 'bug of ours', `${entry.error}: ${entry.message}`)
    else if (this.#verbosity > 3) this.#detail(subject, entry)
  }

  #peer(event: PeerEvent): void {
    this.#names.note(event)
    if (event.type === 'drop') {
      this.#say(peerName(event.peer), 'dropped', event.error)
      return
    }
    const peer = this.#node.peers().find(({ id }) => id === event.peer)
    this.#say(actorOf(event.conn), `is ${peerName(event.peer)}`, peer ? describePeer(peer) : '')
  }

  #detail(subject: string, entry: Exclude<FeedEntry, { type: 'bug' }>): void {
    if (entry.type === 'transition') this.#say(subject, entry.event, `${entry.chart}: ${entry.effects.join(', ')}`)
    else if (entry.type === 'actor.started') this.#say(subject, 'begins', entry.chart)
    else if (entry.type === 'actor.stopped') this.#say(subject, 'ends', entry.chart)
    else if (this.#verbosity > 4)
      this.#say(subject, entry.type, `${entry.protocol} 0x${entry.code.toString(16)}, ${entry.size} bytes`)
  }

  /** Which version of eth was matched, where a session begins to be of use. */
  #versionOf({ actor, chart, to }: TransitionEntry): string {
    if (chart !== ethPeerMachine.id || phaseOf(chart, to) !== 'running') return ''
    const id = this.#names.idOf(actor)
    const eth = this.#node.peers().find((peer) => peer.id === id)?.protocols.eth as { version?: number } | undefined
    return eth?.version === undefined ? '' : `, over eth/${eth.version}`
  }

  /** The sessions of a peer go by its name. */
  #nameOf(actor: string): string {
    const id = this.#names.idOf(actor)
    return id === undefined ? actor : peerName(id)
  }
}

const made = 'made here'
const verified = 'header and body fetched, every link and root verified'
const executed = 'header and body fetched, verified and executed'
const peerName = (id: string) => `peer ${shortId(id)}`
const changeOf = ({ from, to }: TransitionEntry) => `${outermost(from)} → ${outermost(to)}`

function describePeer({ name, caps, network }: PeerInfo): string {
  const direction = network.inbound ? 'it dialed us' : 'we dialed it'
  return `${name.slice(0, 80)} speaks ${caps.slice(0, 16).join(' ')}; ${direction}`
}
