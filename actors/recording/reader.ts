import { createReadStream } from 'node:fs'
import { jsonText } from '../json-text.ts'
import { headingFault, lineFault } from './line-shapes.ts'
import { LineError, parseLine } from './line-text.ts'
import { type Ending, type Heading, type Line, recordingFormat, recordingVersion } from './lines.ts'

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
 * @throws (rejects) {RecordingError} it is no recording, or of a version that is not known here
 * @throws (rejects) the system's error: there is no such file
 */
export async function readRecording(path: string): Promise<Recording> {
  const texts = linesOf(path)
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
    const line = fields as Line | Ending
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
async function* linesOf(path: string): AsyncGenerator<Text> {
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })) {
    const texts = (rest + chunk).split('\n')
    rest = texts.pop()!
    if (rest.length > longestLine) break
    for (const text of texts) yield { text, isWhole: true }
  }
  if (rest !== '') yield { text: rest, isWhole: false }
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
