import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { devGenesisJson } from '../../../actors/chain/dev-genesis.ts'
import { createNode } from '../../../actors/peerchart/create-node.ts'
import { parseLine } from '../../../actors/recording/line-text.ts'
import { readRecording } from '../../../actors/recording/reader.ts'
import { type Difference, Replay, type ReplayResult } from '../../../actors/recording/replay.ts'
import { memoryNetwork } from '../../../actors/simulation/memory-network.ts'
import { VirtualClock } from '../../../actors/simulation/virtual-clock.ts'
import type { Line } from '../../../actors/trace/lines.ts'
import { formatLine } from './format-line.ts'

/** Two nodes meet, stay together for `ms` of virtual time and part; the one that dials writes to `file`. */
export async function recordMeeting(file: string, ms: number): Promise<void> {
  const clock = new VirtualClock()
  const transport = memoryNetwork()
  const options = { genesis: devGenesisJson, port: 0, runtime: { clock }, transport }
  const [listening, dialing] = await Promise.all([createNode(options), createNode({ ...options, record: { file } })])
  await listening.start()
  await dialing.start()
  dialing.addPeer(listening.enode)
  await clock.run(ms)
  for (const node of [dialing, listening]) {
    const stopped = node.stop()
    await clock.run(10_000)
    await stopped
  }
}

/** @returns where the charts go another way than recorded, and what was replayed until then */
export async function replayFile(file: string): Promise<{ difference?: Difference; result: ReplayResult }> {
  const { lines } = await readRecording(file)
  const replay = new Replay()
  for await (const line of lines) {
    const difference = replay.take(line)
    if (difference) return { difference, result: replay.result }
  }
  return { result: replay.result }
}

/** Writes `file` again with one of its lines changed, as a program would that wrote it so. */
export async function forge(file: string, target: string, change: (line: Line) => object | undefined): Promise<Line> {
  const [heading, ...texts] = (await readFile(file, 'utf8')).trimEnd().split('\n')
  let changed: Line | undefined
  await writeFile(target, `${heading}\n`)
  for (const text of texts) {
    const line = parseLine(text) as Line
    const other = changed ? undefined : change(line)
    if (other) changed = line
    await appendFile(target, other ? formatLine(other) : `${text}\n`)
  }
  if (!changed) throw new Error('no line was to be changed')
  return changed
}
