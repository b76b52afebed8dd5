import { bytesToHex } from '../../protocols/lib/bytes.ts'
import type { LogStream } from '../log/log.ts'
import { printable } from '../log/log.ts'
import type { ProbeReport, ProbeStep } from '../probe/probe.ts'
import type { Verdict } from '../probe/verdict.ts'
import type { ScriptedPeer } from '../scripted-peer/scripted-peer.ts'
import { lineOf } from '../scripted-peer/transcript.ts'

/** Prints a probe for a person: a line a step, as it comes. */
export class ProbeReporter {
  readonly #stream: LogStream
  readonly #isQuiet: boolean

  constructor(stream: LogStream, { quiet }: { readonly quiet: boolean }) {
    this.#stream = stream
    this.#isQuiet = quiet
  }

  step({ at, step, label }: ProbeStep): void {
    if (!this.#isQuiet) this.#line(`${ms(at)} ${step.padEnd(7)}${label}`)
  }

  /** All states and messages, in order, then the cause. */
  explain({ states, passed }: ScriptedPeer, { outcome, cause }: Verdict): void {
    this.#line('')
    this.#line(`states: ${states.map(({ label }) => label).join(' → ')}`)
    for (const line of passed) this.#line(`${ms(line.at)} ${lineOf(line)}`)
    this.#line(`${outcome}: ${cause}`)
  }

  #line(text: string): void {
    this.#stream.write(`${printable(text)}\n`)
  }
}

/** What a probe found, for programs: whole numbers as they are, bytes as 0x and hex. */
export function reportJson(
  enode: string,
  peer: ScriptedPeer,
  report: ProbeReport,
  steps: readonly ProbeStep[],
): unknown {
  const { outcome, cause, hello, status, fork, head } = report
  return plain({
    ...{ enode, outcome, cause },
    steps: steps.map(({ at, step }) => ({ step, ms: round(at) })),
    states: peer.states.map(({ at, label }) => ({ state: label, ms: round(at) })),
    said: peer.passed.map(({ at, by, label }) => ({ by, label, ms: round(at) })),
    hello: hello && { ...hello, caps: hello.caps.map(({ name, version }) => `${name}/${version}`) },
    status: status && { ...status, kind: undefined },
    fork,
    head: head && { number: head.number, hash: head.hash, time: head.time },
    disconnect: peer.end.reason,
  })
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${bytesToHex(value)}`
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]))
}

const ms = (at: number) => `${`${Math.round(at)}`.padStart(6)} ms`
const round = (at: number) => Math.round(at * 100) / 100
