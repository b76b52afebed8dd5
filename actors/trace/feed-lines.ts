import { Buffer } from 'node:buffer'
import type { AnyMachineSnapshot, EventObject } from 'xstate'
import { edgeName } from '../../machines/names/edge-name.ts'
import { describeState } from '../../machines/names/state-name.ts'
import type { FeedEntry } from './entries.ts'
import type { Line } from './lines.ts'
import type { Live } from './live.ts'
import { longestBytes, toPlain } from './values.ts'

// From what a feed lends during a call to what may be kept after it, and on to a line. History and recorder share it:
// keeping is cheap and is done for every entry, a line is made when a reader asks.

/** An entry, and what is worth keeping of the live objects that it was made from: nothing here changes any more. */
export type Kept = {
  readonly seq: number
  readonly at: number
  readonly node: string | undefined
  /** Unique in the process: its node's name stands before it. */
  readonly actor: string
  readonly parent: string | undefined
  readonly entry: FeedEntry
  /** In which an actor begins. */
  readonly state: string | undefined
  /** The data of an event, or what a chart was given. JSON says it by {@link toPlain}. */
  readonly data: Data | undefined
  readonly edges: readonly string[]
  readonly payload: Uint8Array | undefined
}

export type Data = Readonly<Record<string, unknown>>

/** Where an entry belongs. */
export type Place = Pick<Kept, 'seq' | 'at' | 'node' | 'actor' | 'parent'>

/** @param payload of a message, the keeper's own copy */
export function keep(
  entry: FeedEntry,
  live: Live,
  { seq, at, node, actor, parent }: Place,
  payload?: Uint8Array,
): Kept {
  const { taken, event } = live
  const born = entry.type === 'actor.started' ? live.actor : undefined
  const data = event ? dataOf(event) : born && inputOf(born)
  const state = born && describeState((born.getSnapshot() as AnyMachineSnapshot | undefined)?.value)
  return { seq, at, node, actor, parent, entry, state, data, edges: taken ? taken.map(edgeName) : none, payload }
}

/** @param options `payloads: false` leaves them out */
export function toLine(
  { seq, at, node, actor, parent, entry, state = '', data, edges, payload }: Kept,
  { payloads = true } = {},
): Line {
  const place = { seq, at: Math.round(at * 1_000) / 1_000, ...(node !== undefined && { node }) }
  switch (entry.type) {
    case 'actor.started': {
      const { type, chart } = entry
      const input = data && { input: toPlain(data) }
      return { ...place, type, actor, chart, ...(parent !== undefined && { parent }), state, ...input }
    }
    case 'actor.stopped':
      return { ...place, type: entry.type, actor, chart: entry.chart }
    case 'bug': {
      const { type, error, message, ends } = entry
      return { ...place, type, actor, error, message, ends }
    }
    case 'transition': {
      const { type, chart, event, from, to, effects } = entry
      return { ...place, type, actor, chart, event, ...(data && { data: toPlain(data) }), from, to, effects, edges }
    }
    default: {
      const { type, protocol, version, code, size } = entry
      const text = payloads &&
        payload && { payload: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64') }
      return { ...place, type, actor, protocol, ...(version !== undefined && { version }), code, size, ...text }
    }
  }
}

/** A line of a recording as if it had just been kept. */
export function fromLine(line: Line): Kept {
  const { seq, at, node, actor } = line
  const bare = { parent: undefined, state: undefined, data: undefined, edges: none, payload: undefined }
  const base = { seq, at, node, actor, entry: line, ...bare }
  switch (line.type) {
    case 'actor.started':
      return { ...base, parent: line.parent, state: line.state, data: line.input as Data | undefined }
    case 'actor.stopped':
    case 'bug':
      return base
    case 'transition':
      return { ...base, data: line.data as Data | undefined, edges: line.edges }
    default:
      return { ...base, payload: line.payload === undefined ? undefined : Buffer.from(line.payload, 'base64') }
  }
}

/** @returns the name of an actor that is unique in the process */
export const fullName = (node: string | undefined, actor: string): string =>
  node === undefined ? actor : `${node}/${actor}`

function dataOf(event: EventObject): Data | undefined {
  let data: Record<string, unknown> | undefined
  for (const key in event) {
    if (key === 'type') continue
    const value = still((event as unknown as Data)[key])
    if (value === undefined) continue
    data ??= {}
    data[key] = value
  }
  return data
}

/** What a chart was given lives on in its actor's options; its ports are left out, and with them every key. */
function inputOf(actor: NonNullable<Live['actor']>): Data | undefined {
  const { input } = (actor as unknown as { readonly options: { readonly input?: unknown } }).options
  return typeof input === 'object' && input !== null ? (toPlain(input) as Data) : undefined
}

/** @returns `value` as later changes of it do not reach it, as cheaply as that can be had */
function still(value: unknown): unknown {
  if (typeof value === 'function') return undefined
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return value.length > longestBytes ? { $size: value.length } : value.slice()
  return toPlain(value)
}

const none: readonly string[] = []
