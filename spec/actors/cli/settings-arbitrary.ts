import fc from 'fast-check'
import type { StartSettings } from '../../../actors/cli/settings.ts'
import { networkNames } from '../../../protocols/chain/networks.ts'
import { exampleUrl } from '../../protocols/dnsdisc/vectors.ts'

const generator = `${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798'}${'483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}`

const text = fc.string({ unit: 'grapheme' })
const port = fc.nat(65_535)
const host = fc.constantFrom('127.0.0.1', '::1', 'localhost', '')
const enodes = fc.array(
  fc.integer({ min: 1, max: 65_535 }).map((port) => `enode://${generator}@127.0.0.1:${port}`),
  { maxLength: 3 },
)
const names = fc.array(text, { maxLength: 3 })
const prefix = fc.constantFrom('', '/', '/rpc')
const positive = fc.integer({ min: 1, max: 2 ** 31 - 1 })
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })

/** Whatever a node may be started with, as far as a file can say it. */
export const settingsArbitrary: fc.Arbitrary<StartSettings> = fc.record({
  datadir: text,
  genesis: maybe(text),
  network: maybe(fc.constantFrom(...networkNames)),
  networkid: maybe(fc.bigInt(1n, 2n ** 64n - 1n)),
  execute: fc.boolean(),
  receipts: fc.boolean(),
  syncmode: fc.constantFrom('full' as const, 'snap' as const),
  listen: fc.record({ host, port }),
  identity: maybe(text),
  peer: enodes,
  trusted: enodes,
  maxpeers: fc.nat(10_000),
  maxInput: fc.integer({ min: 32 << 20, max: 2 ** 31 - 1 }),
  nodial: fc.boolean(),
  ...{ discovery: maybe(fc.boolean()), discoveryV5: maybe(fc.boolean()), nodiscover: fc.boolean() },
  discoveryPort: maybe(port),
  discoveryDns: fc.constantFrom([], [exampleUrl]),
  ...{ bootnodes: maybe(enodes), bootnodesV5: maybe(enodes) },
  nat: fc.constantFrom('any', 'none', 'extip:1.2.3.4', 'extip:::1'),
  netrestrict: fc.array(fc.constantFrom('127.0.0.0/8', '10.0.0.0/8', 'fc00::/7'), { maxLength: 3 }),
  ...{ httpHost: host, httpPort: port, httpApi: names, httpCors: names, httpVhosts: names, httpPrefix: prefix },
  ...{ wsHost: host, wsPort: port, wsApi: names, wsOrigins: names, wsPrefix: prefix },
  ...{ authHost: maybe(host), authPort: port, authVhosts: names, jwtSecret: maybe(text), ipcPath: maybe(text) },
  ...{ httpBody: positive, batchItems: positive, batchBytes: positive },
  ...{ readTimeout: positive, readHeaderTimeout: positive, writeTimeout: positive, idleTimeout: positive },
  metrics: fc.boolean(),
  ...{ metricsHost: host, metricsPort: port },
  ...{ import: fc.constant(undefined), nodekey: fc.constant(undefined), nodekeyhex: fc.constant(undefined) },
  vmodule: fc.constant(''),
  ...{ keylog: fc.constant(undefined), record: fc.constant(undefined), recordMax: fc.constant(1e9) },
  ...{ verbosity: fc.constant(3 as const), jsonLogs: fc.constant(undefined), for: fc.constant(undefined) },
  inspect: fc.constant(undefined),
  inspectStately: fc.constant(false),
  summary: fc.constant(false),
})
