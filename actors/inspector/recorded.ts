import { fromLine } from '../recording/feed-lines.ts'
import { MisshapenLine, RecordingError, readRecording } from '../recording/reader.ts'
import { History } from './history.ts'
import type { Exhibit } from './page-session.ts'

/**
 * @returns what a recording shows; `fault` is why it ends before its time, if it does: what stands before it is shown
 * @throws (rejects) {RecordingError} as readRecording does; {MisshapenLine}
 */
export async function openRecorded(path: string): Promise<Exhibit & { readonly fault?: RecordingError }> {
  const { heading, lines } = await readRecording(path)
  const history = new History({ now: () => 0, bytes: recordedBytes, nodes: heading.nodes ?? [], forks: heading.forks })
  const exhibit: Exhibit = { heading, history, isRecording: true }
  try {
    for await (const line of lines) history.append(fromLine(line))
    return exhibit
  } catch (error) {
    if (error instanceof RecordingError && !(error instanceof MisshapenLine)) return { ...exhibit, fault: error }
    throw error
  }
}

/** Of a longer recording the end is shown. */
const recordedBytes = 512 * 2 ** 20
