import type { ActorFacts } from '../wire.ts'
import { age, bytes, count, nameOf, remoteOf, some } from './labels.ts'
import type { Scene } from './picture.ts'

type HeaderProps = {
  readonly scene: Scene
  readonly facts: ActorFacts
  /** One line of what changes. */
  readonly isBrief?: boolean
}

/** Who is looked at: name and state, and what is known of the other end. */
export function ActorHeader({ scene, facts, isBrief = false }: HeaderProps) {
  const peer = scene.peerOf(facts.actor)
  const isPeer = peer?.actor === facts.actor
  const items: (readonly [name: string, value: string])[] = [
    ['chart', facts.chart],
    [facts.stoppedAt === undefined ? 'age' : 'lived', age((facts.stoppedAt ?? scene.now.at) - facts.startedAt)],
    ['transitions', count(facts.count)],
    ...(peer === undefined ? [] : trafficOf(peer.received, peer.sent)),
    ...(peer?.address === undefined ? [] : [['address', peer.address] as const]),
    ...(peer?.inbound === undefined ? [] : [['direction', peer.inbound ? 'dialed us' : 'we dialed it'] as const]),
    ...(peer?.speaks === undefined ? [] : [['speaks', peer.speaks.join(' ')] as const]),
    ...(peer?.caps === undefined ? [] : [['offers', peer.caps.join(' ')] as const]),
    ...(peer?.id === undefined ? [] : [['node id', peer.id] as const]),
  ]
  return (
    <header class="subject" data-brief={isBrief}>
      <h2>
        {isPeer ? remoteOf(peer) : nameOf(facts)}
        <small>{facts.actor}</small>
      </h2>
      <p class="standing" data-ended={facts.stoppedAt !== undefined}>
        {facts.stoppedAt === undefined ? facts.state : `ended: ${facts.state}`}
      </p>
      {facts.bug !== undefined && <p class="bug">a bug of ours: {facts.bug}</p>}
      {peer?.client !== undefined && !isBrief && <p class="client-name">{peer.client}</p>}
      <dl class="facts-list">
        {items.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  )
}

function trafficOf(received: readonly [number, number], sent: readonly [number, number]) {
  return [
    ['received', `${bytes(received[0])} in ${some(received[1], 'message')}`],
    ['sent', `${bytes(sent[0])} in ${some(sent[1], 'message')}`],
  ] as const
}
