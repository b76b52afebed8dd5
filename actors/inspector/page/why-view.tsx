import type { ActorFacts, Explanation } from '../wire.ts'
import { Absent } from './absent.tsx'
import { ActorHeader } from './actor-header.tsx'
import type { Props } from './app.tsx'
import { useAnswer } from './asking.ts'
import { PeerTrack } from './lamp.tsx'
import type { Scene } from './picture.ts'
import { age, briefState, eventName, moment, nameOf, remoteOf } from './words.ts'

/** Why a peer left, or how it stands. */
export function WhyView({ session }: Props) {
  const { scene, place } = session
  const peer = scene?.peerOf(place.actor)
  const facts = peer && scene?.actors.get(peer.actor)
  if (!scene) return null
  if (!facts && place.actor !== undefined && !scene.actors.has(place.actor)) return <Absent actor={place.actor} />
  if (!facts) return <Departed session={session} scene={scene} />
  return <Explained session={session} scene={scene} facts={facts} />
}

const by: Readonly<Record<Explanation['by'], string>> = {
  local: 'we ended it',
  remote: 'they ended it',
  network: 'the connection failed',
  nobody: 'it goes on',
}

function Explained({ session, scene, facts }: Props & { readonly scene: Scene; readonly facts: ActorFacts }) {
  const { actor } = facts
  const { seq } = session.place
  const key = `${seq} ${facts.count} ${facts.stoppedAt} ${session.state}`
  const answer = useAnswer(actor, key, () =>
    session.ask(session.link.ask('why', { actor, ...(seq !== undefined && { seq }) })),
  )
  const why = answer?.why
  return (
    <article class="why">
      <button type="button" class="back" onClick={() => session.go({ actor: undefined })}>
        all peers
      </button>
      <ActorHeader scene={scene} facts={facts} />
      {why && (
        <>
          <p class="verdict" data-by={why.by}>
            <Summary text={why.summary} />
            <small>
              {by[why.by]}
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

/** Hashes are told in full by the Statuses: in a sentence their ends will do. */
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
            <th scope="col">{theirsFrom === undefined ? 'theirs' : `theirs, as told on ${theirsFrom}`}</th>
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

/** In a list only the last who left are explained unasked: each takes the node a look through its history. */
const mostExplained = 12

function Verdict({ session, facts: { actor, stoppedAt } }: Props & { readonly facts: ActorFacts }) {
  const { seq } = session.place
  const answer = useAnswer(actor, `${stoppedAt} ${seq} ${session.state}`, () =>
    session.ask(session.link.ask('why', { actor, ...(seq !== undefined && { seq }) })),
  )
  return <small class="brief">{answer && <Summary text={answer.why.summary} />}</small>
}

function Departed({ session, scene }: Props & { readonly scene: Scene }) {
  const peers = [...scene.peers.values()].flatMap((peer) => {
    const facts = scene.actors.get(peer.actor)
    return facts ? [{ peer, facts }] : []
  })
  const gone = peers.filter(({ facts }) => facts.stoppedAt !== undefined).reverse()
  const here = peers.filter(({ facts }) => facts.stoppedAt === undefined)
  return (
    <article class="why">
      {[
        { title: 'Left', list: gone, none: 'Nobody has left.', isOver: true },
        { title: 'Here', list: here, none: 'Nobody is here.', isOver: false },
      ].map(({ title, list, none, isOver }) => (
        <section key={title}>
          <h3>{title}</h3>
          {list.length === 0 && <p class="note">{none}</p>}
          <ol class="path">
            {list.slice(0, 200).map(({ peer, facts }, index) => (
              <li key={facts.actor}>
                <button type="button" onClick={() => session.go({ actor: facts.actor })}>
                  <time>{facts.stoppedAt === undefined ? '' : `${age(scene.now.at - facts.stoppedAt)} ago`}</time>
                  <b>
                    <PeerTrack facts={facts} /> {remoteOf(peer)}
                  </b>
                  <span>
                    {facts.node !== undefined && `${facts.node} `}
                    {nameOf(facts)}
                    {isOver && index < mostExplained ? (
                      <Verdict session={session} facts={facts} />
                    ) : (
                      `, ${briefState(facts.state)}`
                    )}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </article>
  )
}
