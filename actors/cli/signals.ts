import type { Logger } from '../log/log.ts'
import type { Io, Signal } from './io.ts'

/** How long a command runs: until it is interrupted, or for as long as `--for` says. */
export type Lifetime = {
  /** Settles at the first SIGINT or SIGTERM, or after `time` ms. */
  end(time?: number): Promise<void>
  readonly wasInterrupted: boolean
  release(): void
}

/** geth's watcher: the first signal asks for an ordered end, nine more are counted down, the tenth ends the process. */
export function watchSignals(io: Pick<Io, 'signals' | 'exit' | 'hasReaderLeft'>, log: Logger): Lifetime {
  let received = 0
  let interrupt: () => void
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve
  })
  const onSignal = () => {
    received += 1
    if (received === 1) {
      if (!io.hasReaderLeft?.()) log.info('Got interrupt, shutting down...')
      interrupt()
    } else if (received <= mostInterrupts) {
      log.warn('Already shutting down, interrupt more to panic.', { times: mostInterrupts + 1 - received })
    } else {
      io.exit(2) // as Go's panic does
    }
  }
  const heard = onSignals(io, onSignal)
  return {
    get wasInterrupted() {
      return received > 0
    },
    async end(time) {
      if (time === undefined) return interrupted
      let timer: NodeJS.Timeout | undefined
      const elapsed = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, time)
      })
      await Promise.race([interrupted, elapsed])
      clearTimeout(timer)
    },
    release: () => heard[Symbol.dispose](),
  }
}

/** Has every SIGINT and SIGTERM heard, until it is disposed of. */
export function onSignals({ signals }: Pick<Io, 'signals'>, listener: () => void): Disposable {
  for (const signal of endings) signals.on(signal, listener)
  return {
    [Symbol.dispose]: () => {
      for (const signal of endings) signals.off(signal, listener)
    },
  }
}

/** Settles at the next SIGINT or SIGTERM. */
export function interruption(io: Pick<Io, 'signals'>): Promise<void> {
  return new Promise((resolve) => {
    const heard = onSignals(io, () => {
      heard[Symbol.dispose]()
      resolve()
    })
  })
}

const endings: readonly Signal[] = ['SIGINT', 'SIGTERM']
/** Signals heard before the one that ends the process. */
const mostInterrupts = 10
