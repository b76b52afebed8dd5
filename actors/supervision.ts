import { channel } from 'node:diagnostics_channel'
import type { Runtime } from './runtime.ts'

/** An exception that nobody foresaw: a fault of ours, whoever brought it about. */
export type Bug = {
  /** Of the actor, or the endpoint, whose input was being processed. */
  readonly actor: string
  readonly error: unknown
  /** Only what a connection brought ends with it; what belongs to none ends the node, in order. */
  readonly ends: 'connection' | 'node'
}

/** Logs and counts a bug, and ends the node when that is what it ends. The connection has ended by then. */
export type Supervisor = (bug: Bug) => void

/** Of a program that makes a node: every bug is published here, too. A spec's are none that it may pass over. */
export const bugs = channel('peerchart.bug')

/** @returns `runtime` with a supervisor, who is told of what its timers throw, too: it belongs to no connection */
export function supervised(runtime: Runtime, supervisor: Supervisor): Runtime {
  const { clock } = runtime
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
 * @param crashed gets what nobody foresaw
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
