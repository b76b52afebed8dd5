import { useState } from 'preact/hooks'
import type { ActorFacts, Departed, Explanation, PeerFacts } from '../wire.ts'
import { Absent } from './absent.tsx'
import { ActorHeader } from './actor-header.tsx'
import { useAnswer } from './asking.ts'
import { clientOf, endedBy, type Group, groupsOf, reasonOf } from './departure-groups.ts'
import { age, briefState, count, eventName, moment, nameOf, remoteOf } from './labels.ts'
import { PeerTrack } from './lamp.tsx'
import type { Scene } from './picture.ts'
import type { Props } from './props.ts'
import type { Session } from './session.ts'

/** Why a peer left, or how it stands. */
export function WhyView({ session }: Props) {
  const { scene, place } = session
  if (!scene) return null
  const { actor } = place
  const facts = scene.actors.get(scene.peerOf(actor)?.actor ?? '')
  if (facts) return <Explained session={session} scene={scene} actor={facts.actor} facts={facts} />
  if (actor === undefined || scene.actors.has(actor)) return <Everybody session={session} scene={scene} />
  if (!leftBy(session).some((departed) => departed.actor === actor)) return <Absent actor={actor} />
  return <Explained session={session} scene={scene} actor={actor} facts={undefined} />
}

/** Who had left by the moment that is looked at. */
const leftBy = ({ departures, place: { seq } }: Session) =>
  seq === undefined ? departures : departures.filter((departed) => departed.seq <= seq)

type ExplainedProps = Props & {
  readonly scene: Scene
  readonly actor: string
  /** Left out of one that left so long ago that it is in no picture. */
  readonly facts: ActorFacts | undefined
}

function Explained({ session, scene, actor, facts }: ExplainedProps) {
  const { seq } = session.place
  const key = `${seq} ${facts?.count} ${facts?.stoppedAt} ${session.state}`
  const answer = useAnswer(actor, key, () =>
    session.ask(session.link.ask('why', { actor, ...(seq !== undefined && { seq }) })),
  )
  const why = answer?.why
  return (
    <article class="why">
      <button type="button" class="back" onClick={() => session.go({ actor: undefined })}>
        all peers
      </button>
      {facts ? <ActorHeader scene={scene} facts={facts} /> : <Gone actor={actor} peer={why?.peer} />}
      {why && (
        <>
          <p class="verdict" data-by={why.by}>
            <Summary text={why.summary} />
            <small>
              {endedBy[why.by]}
              {why.reason !== undefined && `: ${why.reason}`}
            </small>
          </p>
          <Statuses why={why} />
          <div class="columns">
            <Path session={session} why={why} />
            <LastMessages session={session} why={why} />
          </div>
        </>
      )}
    </article>
  )
}

function Gone({ actor, peer }: { readonly actor: string; readonly peer: PeerFacts | undefined }) {
  return (
    <header class="subject">
      <h2>
        {remoteOf(peer)}
        <small>{actor}</small>
      </h2>
      <p class="standing" data-ended={true}>
        left long ago
      </p>
      {peer?.client !== undefined && <p class="client-name">{peer.client}</p>}
    </header>
  )
}

/** Hashes are whole in the Statuses: in a sentence their ends will do. */
function Summary({ text }: { readonly text: string }) {
  return (
    <span>
      {text.split(/(0x[0-9a-f]{24,})/).map((part) =>
        part.startsWith('0x') && part.length > 24 ? (
          <code key={part} title={part}>
            {part.slice(0, 10)}…{part.slice(-8)}
          </code>
        ) : (
          part
        ),
      )}
    </span>
  )
}

type WhyProps = { readonly why: Explanation }

function Statuses({ why: { status, theirsFrom } }: WhyProps) {
  if (!status) return null
  return (
    <section>
      <h3>Both Statuses</h3>
      <table class="statuses">
        <thead>
          <tr>
            <th scope="col">field</th>
            <th scope="col">ours</th>
            <th scope="col">{theirsFrom === undefined ? 'theirs' : `theirs, as sent on ${theirsFrom}`}</th>
          </tr>
        </thead>
        <tbody>
          {status.map(({ field, ours, theirs, differs, note }) => (
            <tr key={field} data-differs={differs}>
              <th scope="row">
                {field}
                {note !== undefined && <small>{note}</small>}
              </th>
              <td>{ours}</td>
              <td>{theirs}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Path({ session, why: { path } }: Props & WhyProps) {
  return (
    <section>
      <h3>Path of states</h3>
      <ol class="path">
        {path.map(({ state, at, event, seq, actor }) => (
          <li key={`${seq} ${actor}`}>
            <button type="button" onClick={() => session.go({ line: seq })}>
              <time>{moment(at)}</time>
              <b>{state}</b>
              <span>{eventName(event)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  )
}

function LastMessages({ session, why: { messages } }: Props & WhyProps) {
  return (
    <section>
      <h3>Last messages</h3>
      <ol class="path">
        {messages.map(({ seq, at, isSent, name, text }) => (
          <li key={seq}>
            <button type="button" onClick={() => session.go({ line: seq })}>
              <time>{moment(at)}</time>
              <b>
                <span role="img" aria-label={isSent ? 'sent' : 'received'}>
                  {isSent ? '→' : '←'}
                </span>{' '}
                {name}
              </b>
              <span>{text}</span>
            </button>
          </li>
        ))}
      </ol>
      {messages.length === 0 && <p class="note">None: no key was agreed, so there were no messages yet.</p>}
    </section>
  )
}

function Everybody({ session, scene }: Props & { readonly scene: Scene }) {
  const left = leftBy(session)
  const here = [...scene.peers.values()].flatMap((peer) => {
    const facts = scene.actors.get(peer.actor)
    return facts && facts.stoppedAt === undefined ? [{ peer, facts }] : []
  })
  return (
    <article class="why">
      <Left session={session} scene={scene} left={left} />
      <section>
        <h3>Here</h3>
        {here.length === 0 && <p class="note">No peer is connected.</p>}
        <ol class="path">
          {here.slice(0, mostListed).map(({ peer, facts }) => (
            <li key={facts.actor}>
              <button type="button" onClick={() => session.go({ actor: facts.actor })}>
                <time />
                <b>
                  <PeerTrack facts={facts} /> {remoteOf(peer)}
                </b>
                <span>
                  {facts.node !== undefined && `${facts.node} `}
                  {nameOf(facts)}, {briefState(facts.state)}
                </span>
              </button>
            </li>
          ))}
        </ol>
      </section>
    </article>
  )
}

type LeftProps = Props & { readonly scene: Scene; readonly left: readonly Departed[] }
type Choice = { readonly reason?: string | undefined; readonly client?: string | undefined }

function Left({ session, scene, left }: LeftProps) {
  const [{ reason, client }, choose] = useState<Choice>({})
  const ofReason = left.filter((one) => reason === undefined || reasonOf(one) === reason)
  const ofClient = left.filter((one) => client === undefined || clientOf(one) === client)
  const chosen = ofReason.filter((one) => ofClient.includes(one)).reverse()
  return (
    <section>
      <h3>Left</h3>
      {left.length === 0 && <p class="note">No peer has left.</p>}
      {left.length > 0 && (
        <div class="groups">
          <Groups
            title="By reason"
            groups={groupsOf(ofClient, reasonOf)}
            chosen={reason}
            choose={(key) => choose({ client, reason: key })}
          />
          <Groups
            title="By client"
            groups={groupsOf(ofReason, clientOf)}
            chosen={client}
            choose={(key) => choose({ reason, client: key })}
          />
        </div>
      )}
      <ol class="path departures">
        {chosen.slice(0, mostListed).map((departed) => (
          <li key={departed.seq}>
            <button type="button" onClick={() => session.go({ actor: departed.actor })}>
              <time>{age(scene.now.at - departed.at)} ago</time>
              <b>
                {nameIn(scene, departed)}
                <small>{departed.actor}</small>
              </b>
              <span>
                <Summary text={departed.summary} />
              </span>
            </button>
          </li>
        ))}
      </ol>
      {chosen.length > mostListed && <p class="note">and {chosen.length - mostListed} before</p>}
    </section>
  )
}

type GroupsProps = {
  readonly title: string
  readonly groups: readonly Group[]
  readonly chosen: string | undefined
  choose(key: string | undefined): void
}

function Groups({ title, groups, chosen, choose }: GroupsProps) {
  return (
    <div>
      <h4>{title}</h4>
      <ul>
        {groups.slice(0, mostGroups).map(({ key, count: size }) => (
          <li key={key}>
            <button
              type="button"
              aria-pressed={key === chosen}
              onClick={() => choose(key === chosen ? undefined : key)}
            >
              <span>{key}</span>
              <span class="tally">{count(size)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** One of the nodes here is called by its name. */
function nameIn({ peers }: Scene, { actor, id, client }: Departed): string {
  return remoteOf(
    peers.get(actor) ?? { actor, ...(id && { id }), ...(client && { client }), received: none, sent: none },
  )
}

const none = [0, 0] as const
const mostListed = 200
const mostGroups = 12
