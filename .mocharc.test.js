import { readdirSync } from 'node:fs'

// The specs as they are built, in two processes: `npm test`. Files are run in this order: those that take long begin, so
// that none of them is what is left at the end.

const long = [
  'behaviour/attacks',
  'actors/execution/executor',
  'readme',
  'hostile/special-files',
  'layers',
  'actors/peerchart/same-seed',
  'behaviour/provocations',
  'suites/eth-scripts',
  'package',
]
const isOther = /^(interop|browser)\//

/** From the folder `spec`, without their ending. */
export const specs = readdirSync('spec', { recursive: true })
  .filter((path) => path.endsWith('.spec.ts') && !isOther.test(path))
  .map((path) => path.slice(0, -'.spec.ts'.length))
const order = (name) =>
  long.includes(name) ? long.indexOf(name) : name.startsWith('machines/') ? long.length : long.length + 1
specs.sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1))

export const built = (name) => `dist/spec/${name}.spec.js`

export default {
  import: ['./dist/spec/import-first.js'],
  require: ['./dist/spec/bugs.js', './dist/spec/walked-charts.js'],
  timeout: 60_000, // for what hangs: two processes and their children may have a busy machine
  'forbid-only': true,
  exit: true,
  parallel: true,
  jobs: 2,
  spec: [...specs.map(built), 'dist/spec/chart-coverage.js'],
}
