import type { LogStream } from '../log/log.ts'
import type { createNode } from '../peerchart/create-node.ts'
import type { Terminal } from './console/terminal.ts'

/** The process as a command sees it. A spec hands in its own. */
export type Io = {
  readonly stdin: NodeJS.ReadableStream
  readonly stdout: LogStream
  readonly stderr: LogStream
  /** Standard input and output, where a person sits before both. */
  readonly terminal?: Terminal | undefined
  readonly env: NodeJS.ProcessEnv
  readonly signals: SignalSource
  /** Whether standard output has lost its reader: the interrupt that comes of it is not reported. */
  hasReaderLeft?(): boolean
  /** The wall clock, in ms since 1970: which forks are in force. */
  now(): number
  /** Ends the process here and now. */
  exit(code: number): void
  readonly createNode: typeof createNode
}

export type SignalSource = {
  on(signal: Signal, listener: () => void): unknown
  off(signal: Signal, listener: () => void): unknown
}
export type Signal = 'SIGINT' | 'SIGTERM'
