import { Command, CommanderError } from 'commander'
import { version } from '../client-name.ts'
import { addDev } from './dev.ts'
import { explain } from './failures.ts'
import type { Io } from './io.ts'
import { addStart } from './start.ts'

/**
 * Runs one command line.
 * @param args without the program's own name
 * @returns the exit status: 0 only when the command did what it was asked
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io)
  try {
    if (args.length === 0) program.error('error: which command? start or dev')
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    const fault = explain(error)
    if (fault === undefined) throw error // a bug of ours: loud, with its stack
    io.stderr.write(`error: ${fault}\n`)
    return 1
  }
}

function createProgram(io: Io): Command {
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
  addStart(program, io)
  addDev(program, io)
  return program
}

/** Commander's second line is its guess at what was meant. */
const toOneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ')
