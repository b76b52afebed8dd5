import { Command, CommanderError } from 'commander'
import { version } from '../client-name.ts'
import { printable } from '../log.ts'
import { addAccount } from './account.ts'
import { addAttach } from './attach.ts'
import { addCharts } from './charts.ts'
import { CommandFailed } from './command-failed.ts'
import { addConnect } from './connect.ts'
import { addDecode } from './decode.ts'
import { addDev } from './dev.ts'
import { addDumpConfig } from './dump-config.ts'
import { addEnrDump } from './enr-dump.ts'
import { addExplain } from './explain.ts'
import { explain } from './failures.ts'
import { addBodies, addHeaders, addReceipts, addTx } from './fetch.ts'
import { addInspect } from './inspect.ts'
import type { Io } from './io.ts'
import { addKey } from './key.ts'
import { addListen } from './listen.ts'
import { addNodeInfo } from './node-info.ts'
import { addAdd, addRemove } from './peer-changes.ts'
import { addPeers } from './peers.ts'
import { addReplay } from './replay.ts'
import { addRlpx } from './rlpx-ping.ts'
import { addStart } from './start.ts'
import { addWatch } from './watch.ts'

/**
 * Runs one command line.
 * @param args without the program's own name
 * @returns the exit status: 0 only when the command did what it was asked
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io)
  try {
    if (args.length === 0)
      program.error(`error: which command? ${program.commands.map((one) => one.name()).join(', ')}`)
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof CommandFailed) {
      io.stderr.write(`error: ${printable(error.message)}\n`)
      return error.exitCode
    }
    const fault = explain(error)
    if (fault === undefined) throw error // a bug of ours: loud, with its stack
    io.stderr.write(`error: ${fault}\n`)
    return 1
  }
}

/** Commands in the order of the help, by what they are for. */
const topics: Readonly<Record<string, readonly ((program: Command, io: Io) => void)[]>> = {
  'Run nodes:': [addStart, addDev, addDumpConfig],
  'Ask a running node:': [addAttach, addPeers, addAdd, addRemove, addNodeInfo],
  'Talk to a node as its peer:': [
    addConnect,
    addListen,
    addHeaders,
    addBodies,
    addReceipts,
    addTx,
    addAccount,
    addWatch,
    addRlpx,
  ],
  'Keys and records:': [addKey, addEnrDump],
  'Look into sessions:': [addExplain, addInspect, addReplay, addDecode],
  'See how it works:': [addCharts],
}

/** @returns the whole command line as a value: what runs it, and what specs look at */
export function createProgram(io: Io): Command {
  const program = new Command('peerchart')
    .description("Ethereum's peer-to-peer process as statecharts: a devp2p node you can watch and script")
    .version(`peerchart ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`${toOneLine(text)}; see peerchart --help\n`),
    })
  for (const [topic, commands] of Object.entries(topics)) {
    program.commandsGroup(topic)
    for (const add of commands) add(program, io)
  }
  return program
}

/** Commander's second line is its guess at what was meant. */
const toOneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ')
