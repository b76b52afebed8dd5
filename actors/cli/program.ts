import { Command, CommanderError } from 'commander'
import { printable } from '../log/log.ts'
import { version } from '../p2p/client-name.ts'
import type { Bug } from '../runtime/runtime.ts'
import { bugs, stackOf } from '../runtime/supervision.ts'
import { CommandFailed } from './command-failed.ts'
import { commands } from './commands.ts'
import type { Io } from './io.ts'

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
    await program.parseAsync(withHelp(args), { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode
    if (error instanceof CommandFailed) {
      const isNews = error.exitCode !== interrupted || !io.hasReaderLeft?.()
      if (isNews) io.stderr.write(`error: ${printable(error.message)}\n`)
      return error.exitCode
    }
    const { explain } = await import('./failures.ts')
    const fault = explain(error)
    io.stderr.write(`error: ${fault ?? `a bug of ours, please report it: ${printable(stackOf(error))}`}\n`)
    if (fault !== undefined) return 1
    bugs.publish({ actor: 'command', error, ends: 'node' } satisfies Bug)
    return (await import('../probe/verdict.ts')).exitCodes.bug
  }
}

/** @returns `help start` as `start --help`, which loads the command */
function withHelp(args: readonly string[]): readonly string[] {
  const [first, ...rest] = args
  return first === 'help' ? [...rest, '--help'] : args
}

/** @returns the command line as a value; each command has its arguments and options once it is the one that is parsed */
export function createProgram(io: Io): Command {
  const program = new Command('peerchart')
    .description("Ethereum's peer-to-peer process as statecharts: a devp2p node you can watch and script")
    .version(`peerchart ${version}`, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureHelp({ minWidthToWrap: 16 })
    .exitOverride()
    .configureOutput({
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => io.stderr.columns ?? 80,
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: adviseHelp('peerchart'),
    })
  const loads = new Map<Command, () => Promise<void>>()
  for (const [topic, listed] of Object.entries(commands)) {
    program.commandsGroup(topic)
    for (const [name, [description, load]] of Object.entries(listed)) {
      const command = program
        .command(name)
        .description(description)
        .configureOutput({ outputError: adviseHelp(`peerchart ${name}`) })
      loads.set(command, async () => (await load())(command, io))
    }
  }
  return program.hook('preSubcommand', (_, command) => loads.get(command)!())
}

const adviseHelp = (command: string) => (text: string, write: (text: string) => void) =>
  write(`${toOneLine(text).replace(/\.$/, '')}; see ${command} --help\n`)

/** As a shell says it of Ctrl-C. */
const interrupted = 130

/** Commander's second line is its guess at what was meant. */
const toOneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, ' ')
