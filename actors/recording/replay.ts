import { type AnyActor, type AnyStateMachine, createActor, type EventObject } from 'xstate'
import * as charts from '../../machines/index.ts'
import { edgeName } from '../../machines/names/edge-name.ts'
import { stateOf } from '../../machines/names/state-name.ts'
import type { TransitionEntry } from '../trace/entries.ts'
import { Feed } from '../trace/feed.ts'
import type { Line, StartLine, StopLine, TransitionLine } from '../trace/lines.ts'
import { fromPlain } from '../trace/values.ts'
import { ReplayClock } from './replay-clock.ts'

/** What a chart does that was recorded otherwise. */
export type Difference = {
  readonly line: Line
  /** What differs, as recorded and as replayed. */
  readonly what: string
  readonly recorded: string
  readonly replayed: string
}

export type ReplayResult = {
  readonly transitions: number
  readonly actors: number
  /** Actors that lived before the recording began, or whose chart is not known here: nothing of theirs was replayed. */
  readonly passedOver: readonly string[]
}

/**
 * Feeds a recording to fresh charts: each is given the events that it was given then, and must take the same transitions
 * with the same effects. No effect is carried out: what came of it is in the recording. Time is the recording's.
 */
export class Replay {
  readonly #charts: ReadonlyMap<string, AnyStateMachine>
  readonly #feed = new Feed()
  /** BOUNDED: by the actors of the recording alive at a time. */
  readonly #actors = new Map<string, Replayed>()
  readonly #passedOver = new Set<string>()
  #transitions = 0
  #started = 0

  /** @param own charts beside those of peerchart, of a user's protocols */
  constructor(own: readonly AnyStateMachine[] = []) {
    this.#charts = new Map([...Object.values<AnyStateMachine>(charts), ...own].map((chart) => [chart.id, chart]))
    this.#feed.subscribe((entry, { taken = [] }) => {
      if (entry.type === 'transition') this.#actors.get(entry.actor)?.taken.push({ entry, edges: taken.map(edgeName) })
    })
  }

  get result(): ReplayResult {
    return { transitions: this.#transitions, actors: this.#started, passedOver: [...this.#passedOver] }
  }

  /** @param line the next of the recording @returns where its chart goes another way */
  take(line: Line): Difference | undefined {
    switch (line.type) {
      case 'actor.started':
        return this.#start(line)
      case 'transition':
        return this.#step(line)
      case 'actor.stopped':
        return this.#stop(line)
      case 'bug':
        return this.#break(line)
      default:
        return undefined
    }
  }

  #start(line: Line & StartLine): Difference | undefined {
    const chart = this.#charts.get(line.chart)
    if (chart === undefined || line.input === undefined) {
      this.#passedOver.add(line.actor)
      return undefined
    }
    const clock = new ReplayClock(line.at)
    const input = { ...(fromPlain(line.input) as object), ports: noPorts }
    const actor = createActor(chart, { id: line.actor, clock, input } as never)
    clock.actor = actor
    this.#actors.set(line.actor, { actor, clock, taken: [], isBroken: false })
    this.#feed.watch(actor, { id: line.actor, chart: chart.id }, () => {}) // a failure is reported as a difference
    const state = stateOf(actor)
    actor.start()
    this.#started += 1
    const failure = failureOf(line, actor)
    if (failure) return failure
    return state === line.state
      ? undefined
      : { line, what: 'the state it begins in', recorded: line.state, replayed: state }
  }

  #step(line: Line & TransitionLine): Difference | undefined {
    const replayed = this.#actors.get(line.actor)
    if (!replayed) {
      this.#passedOver.add(line.actor)
      return undefined
    }
    const { actor, clock, taken } = replayed
    const { event } = line
    clock.goTo(line.at)
    // One that changed nothing when it fired was not recorded.
    for (let late = clock.fireOverdue(); late; late = clock.fireOverdue())
      if (taken.length > 0)
        return {
          line,
          what: 'a timer',
          recorded: 'it did not fire',
          replayed: `${late.event} was due at ${time(late)}`,
        }
    if (event.startsWith('xstate.after.') || clock.has(event)) {
      if (!clock.fire(event)) return { line, what: 'a timer', recorded: `${event} fired`, replayed: 'it is not due' }
    } else if (event !== 'xstate.init') {
      actor.send({ ...(fromPlain(line.data ?? {}) as object), type: event } as EventObject)
    }
    this.#transitions += 1
    return failureOf(line, actor) ?? compare(line, taken.shift())
  }

  #stop(line: Line & StopLine): Difference | undefined {
    const replayed = this.#actors.get(line.actor)
    if (!replayed) return undefined
    this.#actors.delete(line.actor)
    const { status } = replayed.actor.getSnapshot() as { status: string }
    replayed.actor.stop()
    if (status === 'done' || replayed.isBroken) return undefined
    return { line, what: 'its end', recorded: 'it ended', replayed: `it is in ${stateOf(replayed.actor)}` }
  }

  /** Ports do nothing here, so what threw in one does not: that its actor ended by it is no difference. */
  #break({ actor }: Line): undefined {
    const replayed = this.#actors.get(actor)
    if (replayed) replayed.isBroken = true
  }
}

type Taken = { readonly entry: TransitionEntry; readonly edges: readonly string[] }

type Replayed = {
  readonly actor: AnyActor
  readonly clock: ReplayClock
  /** What it did that the recording has not shown yet. BOUNDED: by one event. */
  readonly taken: Taken[]
  /** By a bug: it may end in any state. */
  isBroken: boolean
}

/** No recorder writes what a chart fails upon: its input or its event lacks something. */
function failureOf(line: Line, actor: AnyActor): Difference | undefined {
  const { status, error } = actor.getSnapshot() as { readonly status: string; readonly error?: unknown }
  if (status !== 'error') return undefined
  const [replayed = ''] = String(error).split('\n')
  return { line, what: 'what it makes of what it was given', recorded: 'it went on', replayed }
}

function compare(line: Line & TransitionLine, taken: Taken | undefined): Difference | undefined {
  const { event, from, to, effects, edges } = line
  if (taken === undefined)
    return { line, what: `what it does upon ${event}`, recorded: `${from} → ${to}`, replayed: 'nothing' }
  const { entry } = taken
  for (const [what, recorded, replayed] of [
    ['the event', event, entry.event],
    ['the state before', from, entry.from],
    ['the transitions taken', edges.join(', '), taken.edges.join(', ')],
    ['the effects', effects.join(', '), entry.effects.join(', ')],
    ['the state after', to, entry.to],
  ] as const)
    if (recorded !== replayed) return { line, what, recorded, replayed }
  return undefined
}

/** Every port does nothing. */
const noPorts = new Proxy({}, { get: () => () => {} })

const time = ({ due }: { due: number }) => `${(due / 1_000).toFixed(3)} s`
