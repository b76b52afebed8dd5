import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as charts from '../machines/index.ts'
import { chartCoverage } from './chart.ts'

// `npm test` runs its files in several processes. Each leaves what its walks have touched where chart-coverage.ts finds it.

const worker = process.env.MOCHA_WORKER_ID
const folder = join(tmpdir(), `peerchart-walks-${worker === undefined ? process.pid : process.ppid}`)

export type WalkedChart = {
  readonly id: string
  /** What was walked is the chart that is exported, no likeness of it. */
  readonly isItself: boolean
  readonly entered: readonly string[]
  readonly taken: readonly string[]
}

/** @returns the charts that this process has walked, and those that the others had when their last file ended */
export function walkedCharts(): WalkedChart[] {
  if (worker === undefined) return ours()
  const others = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== `${worker}.json`)
  return [...ours(), ...others.flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as WalkedChart[])]
}

export const mochaGlobalSetup = (): void => {
  mkdirSync(folder)
}
export const mochaGlobalTeardown = (): void => rmSync(folder, { recursive: true })

export const mochaHooks = {
  afterAll() {
    if (worker === undefined) return
    writeFileSync(join(folder, worker), JSON.stringify(ours()))
    renameSync(join(folder, worker), join(folder, `${worker}.json`))
  },
}

const ours = (): WalkedChart[] =>
  [...chartCoverage().values()].map(({ machine, entered, taken }) => ({
    id: machine.id,
    isItself: Object.values(charts).some((chart) => Object.is(chart, machine)),
    entered: [...entered],
    taken: [...taken],
  }))
