import type { createNode } from '../create-node.ts'
import type { LogStream } from '../log.ts'

/** The process as a command sees it. A spec hands in its own. */
export type Io = {
  readonly stdout: LogStream
  readonly stderr: LogStream
  readonly signals: SignalSource
  /** Ends the process here and now. */
  exit(code: number): void
  readonly createNode: typeof createNode
}

export type SignalSource = {
  on(signal: Signal, listener: () => void): unknown
  off(signal: Signal, listener: () => void): unknown
}
export type Signal = 'SIGINT' | 'SIGTERM'
