import type { Command } from 'commander'
import type { Header } from '../../protocols/chain/header.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { MalformedItem } from '../../protocols/lib/lazy-list.ts'
import { RlpError } from '../../protocols/lib/rlp.ts'
import { printable } from '../log/log.ts'
import { NoAnswer, NotServed } from '../probe/fetch.ts'
import { timeLabel } from '../probe/time-label.ts'
import { judge } from '../probe/verdict.ts'
import { printJson } from '../rpc/json/print.ts'
import type { ScriptedPeer, ScriptedPeerOptions } from '../scripted-peer/scripted-peer.ts'
import { toDialable } from './arguments.ts'
import type { Io } from './io.ts'
import { addProbing, failed, type ProbingOptions, withPeer } from './probing.ts'

// What is fetched from one node: a line each for people, one JSON value for programs.

export type Printed = { readonly lines: readonly string[]; readonly json: unknown }

export const addFetch = (command: Command): Command =>
  addProbing(command).argument('<node>', 'enode URL or node record', toDialable)

export type FetchFrom = {
  readonly node: string
  readonly options: ProbingOptions
  readonly io: Io
  /** What is offered to the node; eth alone when left out. */
  readonly caps?: ScriptedPeerOptions['caps']
}

/** @throws {CommandFailed} */
export function print(
  { node, options, io, caps }: FetchFrom,
  fetch: (peer: ScriptedPeer) => Promise<Printed>,
): Promise<void> {
  const use = async (peer: ScriptedPeer) => {
    const { lines, json } = await fetch(peer).catch((error) => {
      if (error instanceof NotServed) throw failed({ outcome: 'absent', cause: error.message })
      if (error instanceof RlpError || error instanceof MalformedItem)
        throw failed({ outcome: 'absent', cause: `what the node gave is malformed: ${error.message}` })
      if (error instanceof NoAnswer) throw failed(judge(peer, undefined, options.timeout))
      throw error
    })
    if (options.json) io.stdout.write(`${printJson(json)}\n`)
    else for (const line of lines) io.stdout.write(`${printable(line)}\n`)
  }
  return withPeer(node, options, io, use, caps)
}

export const headerLine = ({ number, hash, time }: Header): string =>
  `${number} 0x${bytesToHex(hash)} ${timeLabel(time)}`

export function toEther(wei: bigint): string {
  const fraction = `${wei % weiPerEther}`.padStart(18, '0').replace(/0+$/, '')
  return `${wei / weiPerEther}${fraction && `.${fraction}`}`
}

const weiPerEther = 10n ** 18n
