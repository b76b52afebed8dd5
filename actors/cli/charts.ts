import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Argument, type Command, Option } from 'commander'
import type { AnyStateMachine } from 'xstate'
import * as machines from '../../machines/index.ts'
import { chartOf } from '../drawing/chart.ts'
import { drawChart } from '../drawing/draw-chart.ts'
import { chartToMermaid } from '../drawing/mermaid.ts'
import { chartToText, sizeOf } from '../drawing/text.ts'
import { makeDirectory } from '../runtime/make-directory.ts'
import type { Io } from './io.ts'

type ChartsOptions = { readonly svg: boolean; readonly mermaid: boolean; readonly json: boolean; readonly out?: string }

export function addCharts(command: Command, io: Io): void {
  const names = charts.map(({ id }) => id)
  command
    .addArgument(new Argument('[name]', 'the chart to draw').choices(names))
    .addOption(new Option('--svg', 'as a picture, on light and on dark').default(false).conflicts(['mermaid', 'json']))
    .addOption(new Option('--mermaid', 'as GitHub draws it from Markdown').default(false).conflicts(['svg', 'json']))
    .addOption(new Option('--json', 'as data: states, transitions, effects').default(false))
    .option('--out <directory>', 'write NAME.svg there (or .mmd, .json), every chart without a name')
  command.action(async (name: string | undefined, options: ChartsOptions) => {
    const chosen = charts.filter(({ id }) => name === undefined || id === name)
    if (options.out !== undefined) await write(chosen, options, options.out, io)
    else if (name !== undefined) io.stdout.write(await show(chosen[0]!, options))
    else if (options.svg || options.mermaid) command.error('error: which chart? Name one, or give --out a directory')
    else io.stdout.write(options.json ? `${JSON.stringify(chosen.map(summaryOf))}\n` : list(chosen))
  })
}

const charts: readonly AnyStateMachine[] = Object.values(machines)

async function show(machine: AnyStateMachine, { svg, mermaid, json }: ChartsOptions): Promise<string> {
  if (svg) return drawChart(machine)
  const chart = chartOf(machine)
  if (json) return `${JSON.stringify(chart)}\n`
  return `${mermaid ? chartToMermaid(chart) : chartToText(chart)}\n`
}

async function write(chosen: typeof charts, options: ChartsOptions, directory: string, io: Io): Promise<void> {
  const ending = options.mermaid ? 'mmd' : options.json ? 'json' : 'svg'
  await makeDirectory(directory)
  for (const machine of chosen) {
    const file = join(directory, `${machine.id}.${ending}`)
    await writeFile(file, await show(machine, { ...options, svg: ending === 'svg' }))
    io.stdout.write(`${file}\n`)
  }
}

function summaryOf(machine: AnyStateMachine) {
  const chart = chartOf(machine)
  return { name: chart.name, ...sizeOf(chart), description: chart.root.description }
}

function list(chosen: typeof charts): string {
  const rows = chosen.map(summaryOf)
  const width = rows.reduce((most, { name }) => Math.max(most, name.length), 0)
  const line = ({ name, states, transitions, description = '' }: (typeof rows)[number]) =>
    `${name.padEnd(width)}  ${`${states}`.padStart(2)} states  ${`${transitions}`.padStart(2)} transitions  ${description}`
  return `${rows.map((row) => line(row).trimEnd()).join('\n')}\n`
}
