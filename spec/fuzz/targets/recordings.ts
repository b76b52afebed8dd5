import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc, { type Arbitrary } from 'fast-check'
import { toLine, toText } from '../../../actors/cli/explanation-text.ts'
import { explain } from '../../../actors/explain/explanation.ts'
import { openRecorded } from '../../../actors/inspector/recorded.ts'
import { RecordingError } from '../../../actors/recording/reader.ts'
import { formatLine } from '../../actors/recording/format-line.ts'
import { recordMeeting, replayFile } from '../../actors/recording/record.ts'
import { changedJson, mutatedBytes } from '../mutate.ts'
import { type Readers, reader } from '../readers.ts'

/** What `--record` wrote: damaged, or with lines that no recorder writes under checksums that are right. */
export async function recordings(): Promise<Readers> {
  const meeting = await recorded()
  const lines = meeting.trimEnd().split('\n')
  const inputs = fc.oneof(mutatedBytes(fc.constant(new Uint8Array(Buffer.from(meeting)))), forged(lines))
  const inFile = (read: (file: string) => Promise<unknown>) => (content: string | Uint8Array) => withFile(content, read)
  return {
    'recording, replayed': reader(inputs, inFile(replayFile), RecordingError),
    'recording, explained': reader(
      inputs,
      inFile(async (file) => {
        const { history } = await openRecorded(file)
        for (const { actor } of history.picture()?.peers ?? []) {
          const explanation = explain(history, actor)
          if (explanation) JSON.stringify([toLine(explanation), toText(explanation), explanation])
        }
      }),
      RecordingError,
    ),
  }
}

function forged(lines: readonly string[]): Arbitrary<string> {
  const objects = lines.map((line): unknown => {
    const { crc: _, ...fields } = JSON.parse(line)
    return fields
  })
  return fc
    .array(
      fc.nat(lines.length - 1).chain((at) => fc.tuple(fc.constant(at), changedJson(fc.constant(objects[at])))),
      { minLength: 1, maxLength: 3 },
    )
    .map((changes) => {
      const texts = [...lines]
      for (const [at, line] of changes)
        texts[at] = typeof line === 'object' && line ? formatLine(line).trimEnd() : JSON.stringify(line)
      return `${texts.join('\n')}\n`
    })
}

const recorded = (): Promise<string> =>
  withFile('', async (file) => {
    await recordMeeting(file, 10_000)
    return readFile(file, 'utf8')
  })

async function withFile<Result>(content: string | Uint8Array, use: (file: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'peerchart-fuzz-'))
  const file = join(folder, 'recording')
  try {
    await writeFile(file, content)
    return await use(file)
  } finally {
    await rm(folder, { recursive: true })
  }
}
