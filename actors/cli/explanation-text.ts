import type { Contact } from '../explain/discovery-contacts.ts'
import type { Explanation } from '../inspector/wire.ts'
import { printable } from '../log/log.ts'
import { shortId } from '../peerchart/peer-names.ts'
import { table } from './table.ts'

/** @returns one line: which connection, whose, and why it ended */
export function toLine({ actor, peer, summary }: Explanation): string {
  return `${[actor, peer?.id && shortId(peer.id), summary]
    .filter(Boolean)
    .map((text) => printable(text!))
    .join('  ')}\n`
}

/** @returns one line: what became of a node that discovery met */
export function contactLine({ actor, id, remote, sent, received, provenAt, failures }: Contact): string {
  const proof = provenAt === undefined ? 'never proven' : `proven at ${seconds(provenAt).trim()}`
  const texts = failures.map(({ what, count, at }) => `${what} (${count} ×, last at ${seconds(at).trim()})`)
  const story = [proof, `${sent} packets sent, ${received} received`, ...texts].join('; ')
  return `${printable([actor, id && shortId(id), remote, story].filter(Boolean).join('  '))}\n`
}

/** @returns all that is known of it, for people */
export function toText({ actor, peer, summary, path, messages, status, theirsFrom }: Explanation): string {
  const who = [actor, peer?.client, peer?.id && shortId(peer.id), peer?.address, peer?.caps?.join(' ')].filter(Boolean)
  return [
    `${printable(who.join('  '))}\n`,
    `${printable(summary)}\n`,
    section(
      'path',
      path.map(({ at, actor, state, event }) => [seconds(at), actor, state, event]),
    ),
    section(
      'messages',
      messages.map(({ at, isSent, name, text }) => [seconds(at), isSent ? 'sent' : 'received', name, text]),
    ),
    section(theirsFrom === undefined ? 'status' : `status, theirs as sent on ${theirsFrom}`, statusRows(status)),
  ].join('')
}

function statusRows(status: Explanation['status']): string[][] {
  if (!status) return []
  const rows = status.map(({ field, ours, theirs, differs, note = '' }) => [
    differs ? '!' : ' ',
    field,
    ours,
    theirs,
    note,
  ])
  return [[' ', '', 'ours', 'theirs', ''], ...rows]
}

function section(title: string, [first, ...rest]: readonly string[][]): string {
  if (!first) return ''
  const lines = table(first, rest).trimEnd().split('\n')
  return `\n${title}\n${lines.map((line) => `  ${line.trimEnd()}\n`).join('')}`
}

const seconds = (at: number) => `${(at / 1_000).toFixed(3)}s`.padStart(9)
