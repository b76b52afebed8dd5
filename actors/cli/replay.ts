import type { Command } from 'commander'
import { History } from '../explain/history.ts'
import { createLogger, type LogStream } from '../log/log.ts'
import { replayToPeer } from '../probe/replay-to-peer.ts'
import { RecordingError, readRecording } from '../recording/reader.ts'
import { type Difference, Replay, type ReplayResult } from '../recording/replay.ts'
import { UnreadableFile } from '../runtime/files.ts'
import { fromLine } from '../trace/feed-lines.ts'
import type { Heading, Line } from '../trace/lines.ts'
import { toDialable, toDuration, toEntry } from './arguments.ts'
import { givenChunks, givenName } from './given-file.ts'
import type { Io } from './io.ts'
import { watchSignals } from './signals.ts'

type ReplayOptions = {
  readonly json: boolean
  readonly until?: number
  readonly for?: number
  readonly against?: string
  readonly peer?: string
}

export function addReplay(command: Command, io: Io): void {
  command
    .argument('<file>', 'what `--record` wrote, or - for standard input')
    .option('--until <entry>', 'stop after this entry of the recording, and open the inspector there', toEntry)
    .option('--for <time>', 'close that inspector after this time (default: when interrupted)', toDuration)
    .option('--against <enode>', 'instead, say to this node what was said to one of the peers', toDialable)
    .option('--peer <actor>', 'to which, as peer/3 (default: the first)')
    .option('--json', 'print the result as JSON', false)
    .action((file: string, options: ReplayOptions) =>
      options.against === undefined ? replay(file, options, io) : replayAgainst(file, options.against, options, io),
    )
}

/** @throws {RecordingError} {ReplayDiffers} */
async function replay(path: string, { json, until, for: time }: ReplayOptions, io: Io): Promise<void> {
  const { heading, lines } = await readRecording(givenName(path), givenChunks(path, io))
  const replay = new Replay()
  const shown = until && new History({ now: () => performance.now(), nodes: heading.nodes ?? [] })
  let last: Line | undefined
  let fault: unknown
  try {
    for await (const line of lines) {
      const difference = replay.take(line)
      if (difference) {
        if (json) print(io, { ...replay.result, seconds: secondsOf(line), difference })
        throw new ReplayDiffers(path, difference)
      }
      if (shown) shown.append(fromLine(line))
      last = line
      if (line.seq === until) break
    }
  } catch (error) {
    if (!(error instanceof RecordingError || error instanceof UnreadableFile)) throw error
    fault = error // printed after what stands before it
  }
  if (json) print(io, { ...replay.result, seconds: secondsOf(last) })
  else io.stdout.write(`${summaryOf(replay.result, last)}\n`)
  if (fault) throw fault
  if (until !== undefined && (last?.seq ?? 0) < until)
    io.stderr.write(`there is no entry ${until}: the recording ends with entry ${last?.seq ?? 0}\n`)
  if (shown) await show(heading, shown, { time, stream: json ? io.stderr : io.stdout }, io)
}

type Showing = { readonly time: number | undefined; readonly stream: LogStream }

async function show(heading: Heading, history: History, { time, stream }: Showing, io: Io): Promise<void> {
  const lifetime = watchSignals(io, createLogger({ verbosity: 2, stream: io.stderr }))
  const { Inspector } = await import('../inspector/inspector.ts')
  const inspector = await Inspector.show({ heading, history, isRecording: true })
  stream.write(`Look at it in a browser: ${inspector.address}\n`)
  await lifetime.end(time)
  await inspector.close()
  lifetime.release()
}

/** @throws {RecordingError} {NothingToSay} {AnswersDiffer} */
async function replayAgainst(path: string, enode: string, { json, peer }: ReplayOptions, io: Io): Promise<void> {
  const { lines } = await readRecording(givenName(path), givenChunks(path, io))
  let missing = 0
  let firstWhy: string | undefined
  for await (const said of replayToPeer(lines, enode, peer === undefined ? {} : { actor: peer })) {
    const { seq, name, outcome, why } = said
    if (outcome === 'did not come') missing += 1
    firstWhy ??= why
    if (json) print(io, said)
    else io.stdout.write(`${String(seq).padStart(6)}  ${outcome.padEnd(13)}  ${name}\n`)
  }
  if (firstWhy !== undefined) throw new AnswersDiffer(missing, firstWhy)
}

const print = (io: Io, result: object) => io.stdout.write(`${JSON.stringify(result)}\n`)
const secondsOf = (line: Line | undefined) => (line?.at ?? 0) / 1_000

function summaryOf({ transitions, actors, passedOver }: ReplayResult, last: Line | undefined): string {
  const others =
    passedOver.length > 0
      ? `; passed over, for they began before it or their charts are not here: ${passedOver.join(', ')}`
      : ''
  const time = secondsOf(last).toFixed(3)
  return `${transitions} transitions of ${actors} actors in ${time} s, all as they were recorded${others}`
}

/** A chart does not do what it did when it was recorded. */
export class ReplayDiffers extends Error {
  override readonly name = 'ReplayDiffers'

  constructor(path: string, { line: { seq, at, actor }, what, recorded, replayed }: Difference) {
    const place = `entry ${seq} at ${(at / 1_000).toFixed(3)} s, ${actor}`
    super(`${path}: ${place}: ${what}: recorded: ${recorded || 'none'}; replayed: ${replayed || 'none'}`)
  }
}

/** A live node did not say what was said when it was recorded. */
export class AnswersDiffer extends Error {
  override readonly name = 'AnswersDiffer'

  constructor(count: number, why: string) {
    super(`${count} of the recorded messages did not come from that node: ${why}`)
  }
}
