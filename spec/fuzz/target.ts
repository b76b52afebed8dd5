import type { Arbitrary } from 'fast-check'

/** What takes inputs of one kind: a table of readers, or a node that runs. */
export type Target<Input = unknown> = {
  readonly inputs: Arbitrary<Input>
  /** @throws (rejects) {Fault} what was found; anything else that it throws is found, too */
  try(input: Input): unknown
  /** Looks for what one input does not show. @throws (rejects) {Fault} */
  check?(): Promise<void>
  /** Ends it, and looks for what is left. @throws (rejects) {Fault} */
  close?(): Promise<void>
}

export type FaultKind =
  /** A process or a thread ended that should have gone on, or does not answer any more. */
  | 'process'
  | 'unhandled rejection'
  /** An error that is none of those that its reader documents, or that was reported to the supervisor. */
  | 'foreign error'
  /** A step that took the processor for longer than {@link longestStep}. */
  | 'step'
  /** A good peer, or a good client of RPC, lost its connection or an answer. */
  | 'bystander'
  /** Memory or connections that did not come back. */
  | 'left over'

/** Something that no input may do. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly kind: FaultKind

  constructor(kind: FaultKind, what: string, options?: ErrorOptions) {
    super(what, options)
    this.kind = kind
  }
}

/** Milliseconds of processor time: a hundred times what a step may take, so that only what grows with its input is found. */
export const longestStep = 1_000

/** What may be in use after a target more than before, in bytes. */
export const mostLeftOver = 60 << 20

/** @returns milliseconds of processor time that this process has used */
export function processorTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}
