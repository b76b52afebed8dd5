import { recordingFormat, recordingVersion } from '../../../actors/trace/lines.ts'
import { formatLine } from './format-line.ts'

/** A recording of connections that break one after the other. */
export function recordingOf(connections: number): string {
  const heading = { format: recordingFormat, version: recordingVersion, client: 'x', startedAt: '2026-01-01T00:00:00Z' }
  const lines = [formatLine(heading)]
  const add = (line: object) => lines.push(formatLine({ seq: lines.length, at: lines.length, ...line }))
  for (let i = 1; i <= connections; i++) {
    const of = { actor: `peer/${i}`, chart: 'peer' }
    add({ type: 'actor.started', ...of, state: 'securing' })
    const error = { $error: { name: 'Error', message: 'read ECONNRESET' } }
    const step = { from: 'securing', to: 'closed', effects: [], edges: [] }
    add({ type: 'transition', ...of, event: 'stream.failed', data: { error }, ...step })
    add({ type: 'actor.stopped', ...of })
  }
  lines.push(formatLine({ ended: 'closed' }))
  return lines.join('')
}
