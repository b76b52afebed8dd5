import { CommandFailed } from './command-failed.ts'
import type { Io } from './io.ts'
import { interruption } from './signals.ts'

export type TimeLimit = {
  /** Milliseconds; as long as it takes when left out. */
  readonly time: number | undefined
  /** What is reported when they are over. */
  readonly late: string
}

/** @returns what comes of `work` @throws {CommandFailed} the time is over, or it was interrupted */
export async function within<T>(work: Promise<T>, { time, late }: TimeLimit, io: Pick<Io, 'signals'>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    if (time !== undefined) timer = setTimeout(() => reject(new CommandFailed(late, exitSilent)), time)
  })
  const stopped = interruption(io).then((): never => {
    throw new CommandFailed('interrupted', 130)
  })
  try {
    return await Promise.race([work, over, stopped])
  } finally {
    clearTimeout(timer)
  }
}

/** As of `connect`: it does not answer. */
export const exitSilent = 4
