import { distinctUntilChanged, Observable, switchMap } from 'rxjs'
import type { LeveledLogger, Logger } from '../log/log.ts'
import type { FeedEntry } from '../trace/entries.ts'
import { PeerNames, shortId } from './peer-names.ts'
import type { NodeEvent, PeerchartNode } from './peerchart-node.ts'

/**
 * Logs the lives of a node's peers, each with a child of `log` that bears the peer's name: their coming and going at
 * info, transitions at debug, what changes no state and every message at trace. Charts are observed only while some logger
 * writes that much.
 * @returns a function that ends it
 */
export function logPeers(
  log: LeveledLogger,
  node: Pick<PeerchartNode, 'events$' | 'peerEvents$' | 'peers'>,
): () => void {
  const names = new PeerNames()
  /** By node id. BOUNDED: by the peers alive. */
  const children = new Map<string, Logger>()
  const childOf = (id: string) => children.get(id) ?? log.getSubLogger({ name: `peer ${shortId(id)}` })

  function take(event: NodeEvent): void {
    if (event.type === 'add') {
      names.note(event)
      const child = childOf(event.peer)
      children.set(event.peer, child)
      const { name: client, caps } = node.peers().find(({ id }) => id === event.peer) ?? {}
      const facts = { peercount: node.peers().length, addr: event.remote, client, caps: caps?.join(' ') }
      child.info('Adding p2p peer', facts)
    } else if (event.type === 'drop') {
      const facts = { peercount: node.peers().length, addr: event.remote, err: event.error }
      childOf(event.peer).info('Removing p2p peer', facts)
      children.delete(event.peer)
      names.note(event)
    } else if (event.type !== 'head') {
      const id = names.idOf(event.actor)
      logEntry(id === undefined ? log : childOf(id), event)
    }
  }
  const isDetailed = () => log.levels.highest > 3
  const detailed$ = new Observable<boolean>((reader) => {
    reader.next(isDetailed())
    return log.levels.onChange(() => reader.next(isDetailed()))
  })
  const wanted$ = detailed$.pipe(
    distinctUntilChanged(),
    switchMap((isDetailed) => (isDetailed ? node.events$ : node.peerEvents$)),
  )
  const subscription = wanted$.subscribe(take)
  return () => subscription.unsubscribe()
}

function logEntry(log: Logger, entry: FeedEntry): void {
  const { type: _, ...facts } = entry
  if (entry.type === 'bug') return // its supervisor logs it, with its stack
  if (entry.type === 'actor.started' || entry.type === 'actor.stopped') log.debug(texts[entry.type], facts)
  else if (entry.type !== 'transition') log.trace(texts[entry.type], facts)
  else if (entry.from === entry.to) log.trace('Event taken', facts)
  else log.debug('State changed', facts)
}

const texts = {
  'actor.started': 'Actor started',
  'actor.stopped': 'Actor stopped',
  'message.sent': 'Message sent',
  'message.received': 'Message received',
} as const
