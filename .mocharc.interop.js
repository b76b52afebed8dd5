import { readdirSync } from 'node:fs'
import { built } from './.mocharc.test.js'

// The specs with geth and other clients, as they are built, in two processes: `npm run test:interop`. They wait for each other's
// clients most of the time.

const specs = readdirSync('spec/interop').filter((path) => path.endsWith('.spec.ts'))

export default {
  import: ['./dist/spec/import-first.js'],
  require: ['./dist/spec/interop/ethtest-geth.js'],
  timeout: 60_000,
  'forbid-only': true,
  parallel: true,
  jobs: 2,
  spec: specs.map((path) => built(`interop/${path.slice(0, -'.spec.ts'.length)}`)),
}
