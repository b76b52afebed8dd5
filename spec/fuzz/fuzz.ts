import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programFile, programLoader } from '../support/project.ts'
import type { Order } from './target-child.ts'
import { type TargetName, targetNames } from './targets.ts'
import type { Finding } from './trying.ts'

export type FuzzOptions = {
  readonly seed: number
  /** For all targets together. */
  readonly minutes: number
  /** @default all */
  readonly only?: readonly TargetName[]
  /** These alone, of each target, whatever the time. */
  readonly inputs?: readonly [first: number, last: number] | undefined
  /** Ends it in order. */
  readonly signal: AbortSignal
  /** Gets a line for people. */
  readonly note: (line: string) => void
}

export type FuzzResult = {
  readonly seed: number
  /** How many were tried. */
  readonly inputs: Readonly<Partial<Record<TargetName, number>>>
  /** `again` is the command that shows it again. */
  readonly found: readonly (Finding & { readonly target: TargetName; readonly again: string })[]
}

/** Tries one target after the other, each for its part of the time. */
export async function fuzz({
  seed,
  minutes,
  only = targetNames,
  inputs,
  signal,
  note,
}: FuzzOptions): Promise<FuzzResult> {
  const tried: Partial<Record<TargetName, number>> = {}
  const found: FuzzResult['found'][number][] = []
  const [first = 0, last] = inputs ?? []
  const count = last === undefined ? undefined : last - first + 1
  const time = inputs ? undefined : (minutes * 60_000) / only.length
  for (const name of only) {
    if (signal.aborted) break
    const one = await tryTarget({ name, seed, first, time, ...(count !== undefined && { count }) }, signal, note)
    tried[name] = one.inputs
    for (const finding of one.found) found.push({ target: name, ...finding, again: again(seed, name, finding.inputs) })
    note(`${name.padEnd(13)}  ${one.inputs} inputs, ${one.found.length || 'nothing'} found`)
  }
  return { seed, inputs: tried, found }
}

const again = (seed: number, name: TargetName, [first, last]: Finding['inputs']) =>
  `npm run -s fuzz -- --seed ${seed} --only ${name} --inputs ${first === last ? first : `${first}-${last}`}`

type Tried = { readonly inputs: number; readonly found: readonly Finding[] }

/** In a process of its own, whose end is found, too. */
async function tryTarget(order: Order, signal: AbortSignal, note: (line: string) => void): Promise<Tried> {
  const { name, first = 0 } = order
  const folder = await mkdtemp(join(tmpdir(), 'peerchart-fuzz-'))
  const place = await open(join(folder, 'input'), 'w+')
  const inputNow = async () => Number((await place.read(Buffer.alloc(16), 0, 16, 0)).buffer.toString('latin1')) || first
  const child = startChild(place.fd)
  const stop = () => child.connected && child.send('stop')
  signal.addEventListener('abort', stop)
  const output = gather(child)
  let [last, since] = [-1, performance.now()]
  const watch = setInterval(async () => {
    const input = await inputNow()
    if (input !== last) {
      note(`${name.padEnd(13)}  input ${input} …`)
      ;[last, since] = [input, performance.now()]
    } else if (performance.now() - since > givenUp) child.kill('SIGKILL')
  }, 10_000)
  try {
    child.send(order)
    return await Promise.race([once(child, 'message').then(([tried]) => tried as Tried), endOf(child)])
  } catch (error) {
    const input = await inputNow()
    const what = `${(error as Error).message}\n${output()}`
    return { inputs: input - first, found: [{ kind: 'process', what, inputs: [input, input], times: 1 }] }
  } finally {
    clearInterval(watch)
    signal.removeEventListener('abort', stop)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    await place.close()
    await rm(folder, { recursive: true })
  }
}

type Child = ReturnType<typeof fork>

/** @param place where it notes which input it tries */
function startChild(place: number): Child {
  return fork(programFile('spec/fuzz/target-child'), {
    execArgv: ['--max-old-space-size=2048', ...programLoader],
    serialization: 'advanced',
    detached: true, // Ctrl-C is for us; it ends when we are gone
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', place],
  })
}

/** BOUNDED: the last 8 KiB of what it writes. */
function gather(child: Child): () => string {
  let text = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-8_192)
    })
  return () => text
}

async function endOf(child: Child): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(
    signal === 'SIGKILL'
      ? `one input takes longer than ${givenUp / 1e3} s`
      : `its process ended with ${signal ?? code}`,
  )
}

/** Milliseconds after which an input is not slow, but never ends. */
const givenUp = 180_000
