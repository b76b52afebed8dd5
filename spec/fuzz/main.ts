import { randomInt } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { fuzz } from './fuzz.ts'
import { type TargetName, targetNames } from './targets.ts'

type Options = {
  readonly minutes: number
  readonly seed: number
  readonly only: readonly TargetName[]
  readonly inputs?: [first: number, last: number]
  readonly json?: true
}

const program = new Command('fuzz')
  .description('Gives readers and running nodes what no one should, and says what that breaks.')
  .option('--minutes <n>', 'for all targets together', toMinutes, 10)
  .option('--seed <n>', 'what the inputs follow from (default: any, which is printed)', toWhole, randomInt(2 ** 31))
  .option('--only <target>', `${targetNames.join(', ')}; may be given again`, toTargets, [])
  .option('--inputs <numbers>', 'these inputs of one target alone, as 7 or 0-31', toInputs)
  .option('--json', 'print one JSON object on standard output')
  .action(async ({ minutes, seed, only, inputs, json }: Options) => {
    if (inputs && only.length !== 1) return fail('--inputs are of one target: name it with --only')
    const interrupt = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupt.abort())
    note(`seed ${seed}`)
    const result = await fuzz({
      ...{ seed, minutes, note, signal: interrupt.signal, only: only.length > 0 ? only : targetNames },
      inputs,
    })
    if (json) say(JSON.stringify({ ...result, isInterrupted: interrupt.signal.aborted }))
    for (const { target, kind, what, times, again } of result.found)
      (json ? note : say)(`\n${target}: ${kind}, ${times === 1 ? 'once' : `${times} times`}: ${what}\n  ${again}`)
    if (result.found.length > 0) process.exitCode = 1
    else if (interrupt.signal.aborted) process.exitCode = 130
  })

await program.parseAsync()

function toMinutes(text: string): number {
  const minutes = Number(text)
  if (!(minutes > 0)) throw new InvalidArgumentError('Want a number of minutes.')
  return minutes
}

function toWhole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Want a whole number.')
  return Number(text)
}

function toTargets(text: string, before: readonly TargetName[]): readonly TargetName[] {
  const name = targetNames.find((one) => one === text)
  if (name === undefined) throw new InvalidArgumentError(`Want one of ${targetNames.join(', ')}.`)
  return [...before, name]
}

function toInputs(text: string): [first: number, last: number] {
  const [, first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text) ?? []
  if (first === undefined || Number(last) < Number(first)) throw new InvalidArgumentError('Want 7, or 0-31.')
  return [Number(first), Number(last)]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

function fail(why: string): void {
  note(`fuzz: ${why}`)
  process.exitCode = 1
}
