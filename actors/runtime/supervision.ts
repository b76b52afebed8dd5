import { channel } from 'node:diagnostics_channel'
import type { BugEntry } from '../trace/entries.ts'
import type { Feed } from '../trace/feed.ts'
import type { Bug, Runtime, Supervisor } from './runtime.ts'

/** Every bug of the process, whichever feed has it: specs read it, where a bug is none that may be passed over. */
export const bugs = channel('peerchart.bug')

/** What every supervisor does of a bug first: log, metrics, inspector and recorder read it in the feed. */
export function publishBug(feed: Feed, bug: Bug): void {
  bugs.publish(bug)
  feed.publish(entryOf(bug))
}

/** @returns its name and the first line of what it says */
export function lineOfBug(error: unknown): string {
  const { name, message } = factsOf(error)
  return `${name}: ${message}`
}

const entryOf = ({ actor, error, ends }: Bug): BugEntry => {
  const { name, message } = factsOf(error)
  return { type: 'bug', actor, error: name, message, ends }
}

function factsOf(error: unknown): Pick<Error, 'name' | 'message'> {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  const [line = ''] = message.split('\n', 1)
  return { name, message: line.slice(0, longestMessage) }
}

export const stackOf = (error: unknown): string => (error instanceof Error && error.stack) || String(error)

/** Characters of an exception's message: it may quote what a remote sent. */
const longestMessage = 200

/** @returns `runtime` with a supervisor, which gets what its timers throw, too: it belongs to no connection. So do readers of its feed. */
export function supervised(runtime: Runtime, supervisor: Supervisor): Runtime {
  const { clock, feed } = runtime
  feed.supervise((error, reader) => supervisor({ actor: reader, error, ends: 'reader' }))
  const crashed = (error: unknown) => supervisor({ actor: 'node', error, ends: 'node' })
  return {
    ...runtime,
    supervisor,
    clock: {
      now: () => clock.now(),
      setTimeout: (callback, delay) => clock.setTimeout(() => guard(callback, crashed), delay),
      clearTimeout: (id) => clock.clearTimeout(id),
    },
  }
}

/** Without a supervisor the process ends, loudly. */
export function reportBug({ supervisor }: Pick<Runtime, 'supervisor'>, bug: Bug): void {
  const throwIt = () =>
    queueMicrotask(() => {
      throw bug.error
    })
  ;(supervisor ?? throwIt)(bug)
}

/**
 * Input of one connection is processed in `work`, or where its promise leads.
 * @param crashed gets unforeseen exceptions
 */
export function guard(work: () => unknown, crashed: (error: unknown) => void): void {
  try {
    const done = work()
    if (done instanceof Promise) done.catch(crashed)
  } catch (error) {
    crashed(error)
  }
}

/** Ends a connection upon a bug of ours. */
export class InternalError extends Error {
  override readonly name = 'InternalError'
  constructor(cause: unknown) {
    super('internal error', { cause })
  }
}
