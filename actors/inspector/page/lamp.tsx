import type { ActorFacts } from '../wire.ts'
import type { paceOf } from './filter.ts'
import { outermost } from './labels.ts'

/** Hollow when it is over, lit while it is on its way. */
export function Lamp({ pace }: { readonly pace: ReturnType<typeof paceOf> }) {
  return <span class="lamp" data-pace={pace} aria-hidden="true" />
}

/** How far a connection has come, as a track of four sections. */
export function PeerTrack({ facts }: { readonly facts: ActorFacts }) {
  const state = outermost(facts.state)
  const reached = stages.findIndex((stage) => stage.includes(state))
  const isOver = facts.stoppedAt !== undefined || state === 'closing' || state === 'closed'
  return (
    <span class="track" data-over={isOver} title={isOver ? 'ended' : state} aria-hidden="true">
      {stages.map((stage, index) => (
        <span key={stage[0]} data-stage={index < reached ? 'passed' : index === reached ? 'here' : 'ahead'} />
      ))}
    </span>
  )
}

/** Of a server's connection; a script's exchanges Statuses itself where the other is admitted. */
const stages: readonly (readonly string[])[] = [['securing'], ['greeting'], ['admitted', 'handshaking'], ['running']]
