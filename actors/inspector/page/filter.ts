import type { ActorFacts, PeerFacts } from '../wire.ts'
import { outermost } from './labels.ts'

/** Whether the tree shows an actor. `peer` is the one it belongs to, if any. */
export type Filter = (facts: ActorFacts, peer: PeerFacts | undefined) => boolean

/** Prefixes of a search, and what they look at. */
export const fields: Readonly<Record<string, (facts: ActorFacts, peer: PeerFacts | undefined) => string>> = {
  state: ({ state }) => state,
  client: (_, peer) => peer?.client ?? '',
  address: (_, peer) => peer?.address ?? '',
  protocol: ({ chart, actor }, peer) => [...(peer?.caps ?? []), chart, actor].join(' '),
  is: (facts) => [facts.chart, paceOf(facts), facts.bug === undefined ? '' : 'bug'].join(' '),
}

/**
 * @param search terms that must all be found: anywhere, or in one field as `client:geth`
 * @returns undefined where there is nothing to look for
 */
export function toFilter(search: string): Filter | undefined {
  const terms = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (terms.length === 0) return undefined
  const tests = terms.map(testOf)
  return (facts, peer) => tests.every((test) => test(facts, peer))
}

/** Whether an actor is on its way, where it wants to be, or at its end. */
export function paceOf({ state, stoppedAt }: ActorFacts): 'moving' | 'steady' | 'ended' {
  if (stoppedAt !== undefined || over.has(outermost(state))) return 'ended'
  return moving.has(outermost(state)) ? 'moving' : 'steady'
}

/** Outermost states, as the charts tag them: a spec holds these names to the tags. */
const over = new Set(['closed', 'stopped', 'failed', 'forgotten', 'done', 'released', 'synced', 'gone'])
const moving = new Set([
  ...[
    'initializing',
    'starting',
    'stoppingBeforeOpen',
    'stopping',
    'opening',
    'deciding',
    'securing',
    'greeting',
    'admitted',
    'closing',
  ],
  ...['awaitingStatus', 'registering', 'syncing', 'dialing', 'handshaking', 'connecting', 'reconnecting'],
  ...['selecting', 'choosing'],
  ...['fetching', 'building', 'healing', 'committing'],
])

function testOf(word: string): Filter {
  const [name = '', text] = word.split(/:(.*)/s)
  const field = fields[name]
  if (field && text !== undefined) return (facts, peer) => field(facts, peer).toLowerCase().includes(text)
  return (facts, peer) =>
    [facts.actor, facts.state, peer?.id ?? '', ...Object.values(fields).map((read) => read(facts, peer))].some(
      (value) => value.toLowerCase().includes(word),
    )
}
