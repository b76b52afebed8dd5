import { History } from '../explain/history.ts'
import { MisshapenLine, RecordingError, readRecording } from '../recording/reader.ts'
import { UnreadableFile } from '../runtime/files.ts'
import { fromLine } from '../trace/feed-lines.ts'
import type { InspectedSource } from './page-session.ts'

/**
 * @returns what a recording shows; `fault` is why it ends before its time, if it does: what stands before it is shown
 * @param chunks what the recording has, where it is not read from a file
 * @throws (rejects) {RecordingError} {UnreadableFile} as readRecording does; {MisshapenLine}
 */
export async function openRecorded(
  path: string,
  chunks?: AsyncIterable<Uint8Array>,
): Promise<InspectedSource & { readonly fault?: RecordingError | UnreadableFile }> {
  const { heading, lines } = await readRecording(path, chunks)
  const history = new History({
    now: () => 0,
    ...{ bytes: recordedBytes, departures: recordedDepartures },
    ...{ nodes: heading.nodes ?? [], forks: heading.forks },
  })
  const source: InspectedSource = { heading, history, isRecording: true }
  try {
    for await (const line of lines) history.append(fromLine(line))
    return source
  } catch (error) {
    const isCut = error instanceof RecordingError && !(error instanceof MisshapenLine)
    if (isCut || error instanceof UnreadableFile) return { ...source, fault: error }
    throw error
  }
}

/** Of a longer recording the end is shown. */
const recordedBytes = 512 * 2 ** 20
/** A few KB each. */
const recordedDepartures = 10_000
