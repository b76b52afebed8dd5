import { jsonText } from '../../protocols/lib/json-text.ts'
import { inflated, isReadFault, readChunks, UnreadableFile } from '../runtime/files.ts'
import { type Heading, type Line, type RecordingEnd, recordingFormat, recordingVersion } from '../trace/lines.ts'
import { headingFault, lineFault } from './line-shapes.ts'
import { LineError, parseLine } from './line-text.ts'

/** A recording as it is read. */
export type Recording = {
  readonly heading: Heading
  /**
   * In order, once.
   * @throws {RecordingError} after every line before the fault was given
   */
  readonly lines: AsyncIterable<Line>
}

/**
 * @param path what it is called, and read from unless `chunks` are what it has
 * @throws (rejects) {RecordingError} it is no recording, or of a version that is not known here
 * @throws (rejects) {UnreadableFile} also of its lines
 */
export async function readRecording(
  path: string,
  chunks: AsyncIterable<Uint8Array> = inflated(readChunks(path)),
): Promise<Recording> {
  const texts = linesOf(path, chunks)
  const first = await texts.next()
  const heading = first.done ? undefined : headingIn(first.value.text)
  if (heading === undefined) {
    await texts.return(undefined)
    throw new RecordingError(path, 1, 'this is no recording; give a file that --record wrote')
  }
  if (heading.version !== recordingVersion) {
    await texts.return(undefined)
    throw new RecordingError(
      path,
      1,
      `it has version ${jsonText(heading.version, 40)} of the format, and ${recordingVersion} is read here`,
    )
  }
  const fault = headingFault(heading)
  if (fault !== undefined) {
    await texts.return(undefined)
    throw new MisshapenLine(path, 1, fault)
  }
  return { heading, lines: parseAll(path, texts) }
}

async function* parseAll(path: string, texts: AsyncIterable<Text>): AsyncGenerator<Line> {
  let number = 1
  let hasEnded = false
  for await (const { text, isWhole } of texts) {
    number += 1
    if (!isWhole) throw new RecordingError(path, number, 'the recording was cut off in it, and is whole up to there')
    const fields = parse(path, number, text)
    const fault = lineFault(fields)
    if (fault !== undefined) throw new MisshapenLine(path, number, fault)
    const line = fields as Line | RecordingEnd
    if ('ended' in line) {
      hasEnded = true
      continue
    }
    if (line.seq !== number - 1)
      throw new RecordingError(path, number, `entry ${line.seq} of what was recorded stands in its place`)
    yield line
  }
  if (!hasEnded)
    throw new RecordingError(
      path,
      number,
      'the recording was cut off after it: its process was killed, or still writes',
    )
}

function parse(path: string, number: number, text: string): Readonly<Record<string, unknown>> {
  try {
    return parseLine(text) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (error instanceof LineError || error instanceof SyntaxError)
      throw new RecordingError(path, number, error.message)
    throw error
  }
}

function headingIn(text: string): Heading | undefined {
  try {
    const heading = parseLine(text) as Partial<Heading>
    return heading.format === recordingFormat ? (heading as Heading) : undefined
  } catch (error) {
    if (error instanceof LineError || error instanceof SyntaxError) return undefined
    throw error
  }
}

type Text = { readonly text: string; readonly isWhole: boolean }

/** BOUNDED: longestLine. */
async function* linesOf(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Text> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let parts: string[] = []
  let length = 0
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true })
      let from = 0
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        parts.push(text.slice(from, end))
        yield { text: parts.join(''), isWhole: true }
        parts = []
        length = 0
        from = end + 1
      }
      parts.push(text.slice(from))
      length += text.length - from
      if (length > longestLine) break
    }
  } catch (error) {
    throw isReadFault(error) ? new UnreadableFile(path, error) : error
  }
  if (length > 0) yield { text: parts.join(''), isWhole: false }
}

/** A message of 16 MiB in base64, and more. */
const longestLine = 32 << 20

/** The recording cannot be used from this line on. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
  /** Counted from 1: the heading. */
  readonly line: number

  constructor(path: string, line: number, why: string) {
    super(`${path}: line ${line}: ${why}`)
    this.line = line
  }
}

/** Its checksum is right, and no recorder wrote it: what stands before it is not to be believed either. */
export class MisshapenLine extends RecordingError {}
