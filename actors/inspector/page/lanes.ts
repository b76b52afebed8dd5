import type { ActorFacts, ShownLine } from '../wire.ts'
import { eventName, messageName, nameOf, outermost, remoteOf } from './labels.ts'
import type { Scene } from './picture.ts'

export type Lane = {
  readonly id: string
  readonly title: string
  readonly note: string
}

/** What a line is in the diagram: an arrow from lane to lane, or a mark on one. Lanes by their index. */
export type Step =
  | {
      readonly kind: 'message'
      readonly from: number
      readonly to: number
      readonly name: string
      readonly isEnd: boolean
    }
  /** `state`: where it led, if out of the outermost state. */
  | {
      readonly kind: 'cause'
      readonly from: number
      readonly to: number
      readonly name: string
      readonly state: string
    }
  | { readonly kind: 'mark'; readonly at: number; readonly name: string; readonly weight: Weight }

/** How much a mark shows: a state and all in it is left, a state changes inside, or an event changes none. */
export type Weight = 'milestone' | 'change' | 'event'

export type Lanes = {
  readonly lanes: readonly Lane[]
  /** Pixels that the lanes need at least, and where each runs when there are so many. */
  readonly narrowest: number
  middle(lane: number, width: number): number
  /** @returns undefined where the line has no place among these lanes */
  step(line: ShownLine): Step | undefined
}

/** Between a node and all its peers, or between the actors of one peer and its remote. */
export function lanesOf(scene: Scene, scope: string, lines: readonly ShownLine[], isNarrow = false): Lanes {
  if (scene.peers.has(scope)) return lanesOfPeer(scene, scope, isNarrow)
  const facts = scene.actors.get(scope)
  return facts && ofDatagrams.has(facts.chart) ? lanesOfContact(facts) : lanesOfNode(scene, scope, lines)
}

/** Charts of what discovery has for a node: its datagrams are theirs. */
const ofDatagrams: ReadonlySet<string> = new Set(['discv4-node', 'discv5-session'])

function lanesOfContact(facts: ActorFacts): Lanes {
  const us = { id: facts.actor, title: nameOf(facts), note: facts.chart }
  const lanes = [us, { id: remote, title: facts.knows ?? 'the node', note: 'by UDP' }]
  return {
    lanes,
    narrowest: lanes.length * peerWidth,
    middle: (lane, width) => ((lane + 0.5) * width) / lanes.length,
    step: (line) => (line.actor === facts.actor ? (messageStep(line, 0, 1) ?? mark(line, 0)) : undefined),
  }
}

/** Columns at most: more peers than that are looked at one by one. */
const mostPeers = 24

function lanesOfNode(scene: Scene, scope: string, lines: readonly ShownLine[]): Lanes {
  const all = scene.beneath(scope, Number.POSITIVE_INFINITY).filter((actor) => scene.peers.has(actor))
  const ordered = all.length > mostPeers ? busiestOf(scene, all, lines) : all
  const facts = scene.actors.get(scope)
  const us = { id: scope, title: facts?.node ?? 'this node', note: 'us' }
  const lanes = [us, ...ordered.map((actor) => laneOfPeer(scene, actor))]
  const at = new Map(lanes.map(({ id }, index) => [id, index]))
  return {
    lanes,
    narrowest: lanes.length * peerWidth,
    middle: (lane, width) => ((lane + 0.5) * width) / lanes.length,
    step(line) {
      if (!scene.actors.has(line.actor)) return undefined // it was forgotten
      const lane = at.get(scene.peerOf(line.actor)?.actor ?? scope)
      if (lane === undefined) return undefined
      // A datagram goes to none of these peers: it stands on our lane.
      const message = lane > 0 ? messageStep(line, 0, lane) : datagramMark(line)
      return message ?? causeStep(scene, line, 0, lane) ?? mark(line, lane)
    },
  }
}

/** Those who took part last, in the order of all. */
function busiestOf(scene: Scene, all: readonly string[], lines: readonly ShownLine[]): string[] {
  const busy = new Set<string>()
  for (const line of lines.slice(-mostLooked).reverse()) {
    const peer = scene.peerOf(line.actor)
    if (peer && busy.size < mostPeers) busy.add(peer.actor)
  }
  return all.filter((actor) => busy.has(actor))
}

const mostLooked = 1_000

function lanesOfPeer(scene: Scene, scope: string, isNarrow: boolean): Lanes {
  const peer = scene.actors.get(scope)
  const sessions = scene.beneath(scope, 16).slice(1).reverse()
  const server = isNarrow ? undefined : peer?.parent
  const inner = [...(server === undefined ? [] : [server]), scope, ...sessions]
  const lanes = [
    ...inner.map((actor) => laneOfActor(scene, actor, scope)),
    { ...laneOfPeer(scene, scope), id: remote, note: directionOf(scene, scope) },
  ]
  const at = new Map(lanes.map(({ id }, index) => [id, index]))
  const actorWidth = isNarrow ? 58 : 116
  return {
    lanes,
    narrowest: inner.length * actorWidth + wireWidth,
    // The actors stand close: what goes over the wire has the room.
    middle: (lane, width) => (lane < inner.length ? (lane + 0.5) * actorWidth : width - remoteMargin),
    step(line) {
      // Messages are entries of the connection; those of a protocol are for its session.
      const session = 'protocol' in line ? at.get(`${line.actor}/${line.protocol}`) : undefined
      const lane = session ?? at.get(line.actor)
      if (lane === undefined || line.actor === server) return undefined
      const them = lanes.length - 1
      return (
        messageStep(line, lane, them) ?? causeStep(scene, line, lane, them, at.get(server ?? '')) ?? mark(line, lane)
      )
    },
  }
}

const remote = 'remote'
/** Pixels. */
const [peerWidth, wireWidth, remoteMargin] = [150, 236, 78]

function laneOfPeer(scene: Scene, actor: string): Lane {
  const peer = scene.peers.get(actor)
  const facts = scene.actors.get(actor)
  const notes = [facts && nameOf(facts), directionOf(scene, actor)]
  return { id: actor, title: remoteOf(peer), note: notes.filter(Boolean).join(', ') }
}

function directionOf(scene: Scene, actor: string): string {
  const inbound = scene.peers.get(actor)?.inbound
  return inbound === undefined ? '' : inbound ? 'dialed us' : 'we dialed'
}

function laneOfActor(scene: Scene, actor: string, connection: string): Lane {
  const facts = scene.actors.get(actor)
  const isSession = actor.startsWith(`${connection}/`)
  const title = isSession ? actor.slice(connection.length + 1) : facts ? nameOf(facts) : actor
  return { id: actor, title, note: facts?.chart ?? '' }
}

function messageStep(line: ShownLine, us: number, them: number): Step | undefined {
  if (line.type !== 'message.received' && line.type !== 'message.sent') return undefined
  const [from, to] = line.type === 'message.sent' ? [us, them] : [them, us]
  const isEnd = line.protocol === 'p2p' && line.code === disconnectCode
  return { kind: 'message', from, to, name: messageName(line), isEnd }
}

/** Events of a connection that come from the wire without a message, or from the server. */
function causeStep(scene: Scene, line: ShownLine, us: number, them: number, server?: number): Step | undefined {
  if (line.type !== 'transition' || !scene.peers.has(line.actor)) return undefined
  const state = outermost(line.from) === outermost(line.to) ? '' : outermost(line.to)
  const fromWire = wireLabels[line.event]
  if (fromWire !== undefined) return { kind: 'cause', from: them, to: us, name: fromWire, state }
  if (server === undefined || !line.event.startsWith('server.')) return undefined
  return { kind: 'cause', from: server, to: us, name: line.event, state }
}

const wireLabels: Readonly<Record<string, string>> = {
  'read.failed': 'what came cannot be read',
  'stream.opened': 'the stream opened',
  'stream.closed': 'the stream closed',
  'dial.failed': 'no connection',
}

function datagramMark(line: ShownLine): Step | undefined {
  if (line.type !== 'message.received' && line.type !== 'message.sent') return undefined
  const way = line.type === 'message.sent' ? 'sends' : 'gets'
  return { kind: 'mark', at: 0, name: `${way} ${messageName(line)}`, weight: 'event' }
}

function mark(line: ShownLine, at: number): Step | undefined {
  if (line.type === 'actor.started') return { kind: 'mark', at, name: `${line.chart} begins`, weight: 'milestone' }
  if (line.type === 'actor.stopped') return { kind: 'mark', at, name: `${line.chart} is gone`, weight: 'milestone' }
  if (line.type === 'bug')
    return { kind: 'mark', at, name: `a bug of ours: ${line.error}: ${line.message}`, weight: 'milestone' }
  if (line.type !== 'transition') return undefined
  if (outermost(line.from) !== outermost(line.to))
    return { kind: 'mark', at, name: outermost(line.to), weight: 'milestone' }
  return { kind: 'mark', at, name: eventName(line.event), weight: line.from === line.to ? 'event' : 'change' }
}

const disconnectCode = 1
