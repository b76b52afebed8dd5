import { useEffect, useState } from 'preact/hooks'
import type { DecodedMessage, ShownLine } from '../wire.ts'
import { bytes, eventName, latency, messageName, moment, whereTo } from './labels.ts'
import type { Answer } from './link.ts'
import type { Props } from './props.ts'
import type { Session } from './session.ts'
import { Value } from './value.tsx'

/** One line with all that is known of it, and with the line that it belongs to. */
export function Detail({ session }: Props) {
  const { line: seq } = session.place
  const [answers, setAnswers] = useState<readonly Answer<'line'>[]>([])
  const isOpen = session.state === 'open'
  useEffect(() => {
    if (!isOpen || seq === undefined) return
    const find = async () => {
      const first = await session.ask(session.link.ask('line', { seq }))
      if (!first) return
      setAnswers([first])
      const { related } = first.line
      const second = related === undefined ? undefined : await session.ask(session.link.ask('line', { seq: related }))
      if (second) setAnswers([first, second])
    }
    void find()
  }, [seq, isOpen])
  return (
    <aside class="detail" aria-label="The chosen line" data-seq={seq}>
      <button
        type="button"
        class="quiet close"
        aria-label="Close"
        title="Close (Esc)"
        onClick={() => session.go({ line: undefined })}
      >
        ×
      </button>
      {answers.map((answer) => (
        <Entry key={answer.line.seq} session={session} line={answer.line} message={answer.message} />
      ))}
      {answers.length === 0 && <p class="empty">{session.complaint ?? '…'}</p>}
    </aside>
  )
}

type EntryProps = Props & { readonly line: ShownLine; readonly message: DecodedMessage | undefined }

function Entry({ session, line, message }: EntryProps) {
  if ('protocol' in line) return <Message session={session} line={line} message={message} />
  if (line.type === 'transition') return <Transition session={session} line={line} />
  if (line.type === 'bug')
    return (
      <section class="entry">
        <h3>A bug of ours</h3>
        <p class="when">
          {line.actor}, {moment(line.at)} s, ends the {line.ends}
        </p>
        <p class="bug">
          {line.error}: {line.message}
        </p>
      </section>
    )
  const { actor, chart, at } = line
  return (
    <section class="entry">
      <h3>{line.type === 'actor.started' ? 'An actor began' : 'An actor ended'}</h3>
      <p class="when">
        {actor}, {chart}, {moment(at)} s
      </p>
      {line.type === 'actor.started' && line.input !== undefined && <Value value={line.input} />}
    </section>
  )
}

type MessageLine = Extract<ShownLine, { readonly protocol: string }>

function Message({ session, line, message }: EntryProps & { readonly line: MessageLine }) {
  const other = message?.other
  return (
    <section class="entry" data-kind="message">
      <h3>{message?.name ?? messageName(line)}</h3>
      <p class="when">
        {line.type === 'message.sent' ? 'sent by' : 'received by'} {line.actor} at {moment(line.at)} s,{' '}
        {message?.protocol ?? line.protocol}, code 0x{line.code.toString(16).padStart(2, '0')}, {bytes(line.size)}
      </p>
      <p class="jumps">
        {other && (
          <button type="button" class="jump" onClick={() => session.go({ line: other.seq })}>
            {other.seq > line.seq ? 'its answer' : 'its request'}, {latency(other.latency)}
          </button>
        )}
        {line.related !== undefined && (
          <button type="button" class="jump" onClick={() => void toEffect(session, line.related!)}>
            the transition it caused
          </button>
        )}
      </p>
      {message?.error !== undefined && <p class="fault">{message.error}</p>}
      {message && <Value value={message.fields} />}
      {message && (
        <p class="jumps">
          <Copy what="fields" text={() => JSON.stringify(message.fields, null, 2)} />
          {message.raw !== undefined && <Copy what="bytes" text={() => `0x${message.raw}`} />}
        </p>
      )}
      {message?.raw !== undefined && message.raw !== '' && (
        <details class="raw">
          <summary>
            {message.raw.length / 2 < line.size ? `The first ${bytes(message.raw.length / 2)}` : bytes(line.size)} as
            they came
          </summary>
          <code>{message.raw}</code>
        </details>
      )}
    </section>
  )
}

function Copy({ what, text }: { readonly what: string; text(): string }) {
  const [isDone, setDone] = useState<boolean>()
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => setDone(true),
      () => setDone(false),
    )
  return (
    <button type="button" class="jump" onClick={() => void copy()}>
      {isDone === undefined ? `Copy ${what}` : isDone ? `${what} copied` : `${what} cannot be copied here`}
    </button>
  )
}

/** It may be one of the session, and the message was one of the connection. */
async function toEffect(session: Session, seq: number): Promise<void> {
  const answer = await session.ask(session.link.ask('line', { seq }))
  if (answer) session.go({ view: 'chart', actor: answer.line.actor, line: seq, seq })
}

function Transition({ session, line }: Props & { readonly line: Extract<ShownLine, { readonly type: 'transition' }> }) {
  return (
    <section class="entry" data-kind="transition">
      <h3>{eventName(line.event)}</h3>
      <p class="when">
        {line.actor} at {moment(line.at)} s
      </p>
      <p class="change">
        <span>{line.from}</span>
        <span aria-hidden="true">→</span>
        <b>{whereTo(line)}</b>
      </p>
      {line.effects.length > 0 && <p class="effects">{line.effects.join(', ')}</p>}
      <p class="jumps">
        <button
          type="button"
          class="jump"
          onClick={() => session.go({ view: 'chart', actor: line.actor, seq: line.seq })}
        >
          the chart at this moment
        </button>
      </p>
      {line.data !== undefined && <Value value={line.data} />}
    </section>
  )
}
