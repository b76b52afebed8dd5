import { readdirSync } from 'node:fs'
import { built } from './.mocharc.test.js'

// The specs with geth and other clients, as they are built: `npm run test:interop`. One after the other, as geth takes both
// processors of a small machine by itself.

const specs = readdirSync('spec/interop').filter((path) => path.endsWith('.spec.ts'))

export default {
  import: ['./dist/spec/import-first.js'],
  require: ['./dist/spec/interop/ethtest-geth.js'],
  timeout: 60_000,
  'forbid-only': true,
  spec: specs.map((path) => built(`interop/${path.slice(0, -'.spec.ts'.length)}`)),
}
