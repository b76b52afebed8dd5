import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parseConfig } from '../../actors/cli/config-file.ts'
import { settings } from '../../actors/cli/settings.ts'
import { network, networkNames } from '../../protocols/chain/networks.ts'
import { findGeth, requireClient } from '../support/clients.ts'

describe("geth's configuration file", () => {
  it('is read: what means something here is taken, what does not is named', async function () {
    const { stdout } = await promisify(execFile)(requireClient(this, findGeth(), 'geth'), [
      ...['dumpconfig', '--datadir', '/d', '--http', '--http.port', '7', '--maxpeers', '9', '--networkid', '5'],
      ...['--ws', '--ws.origins', '*', '--authrpc.jwtsecret', '/s', '--identity', 'me', '--ipcpath', 'x.ipc'],
    ])
    const { values, ignored } = parseConfig(stdout, settings, 'geth.toml')
    expect(values).to.deep.include({
      ...{
        datadir: '/d',
        httpHost: '127.0.0.1',
        httpPort: 7,
        httpApi: ['net', 'web3', 'eth'],
        httpVhosts: ['localhost'],
      },
      ...{
        wsHost: '127.0.0.1',
        wsPort: 8546,
        wsOrigins: ['*'],
        authHost: 'localhost',
        authPort: 8551,
        jwtSecret: '/s',
      },
      ...{ listen: { host: '', port: 30_303 }, maxpeers: 9, networkid: 5n, identity: 'me', peer: [], trusted: [] },
      ...{ ipcPath: 'x.ipc', metricsHost: '127.0.0.1', metricsPort: 6060, batchItems: 1_000 },
      ...{ batchBytes: 25_000_000, httpBody: 5 << 20, readTimeout: 30_000, idleTimeout: 120_000 },
    })
    expect(ignored).to.include.members(['Eth.HistoryMode', 'Metrics.InfluxDBToken'])
  })

  it('is read whole when nearly everything in it is set', async function () {
    const hash = `0x${'ab'.repeat(32)}`
    const { stdout } = await promisify(execFile)(requireClient(this, findGeth(), 'geth'), [
      ...['dumpconfig', '--sepolia', '--history.chain', `9:${hash}`, '--snap.v2', '--cache.noprecompile'],
      ...['--history.logs.disable', '--vmtrace', 'noop', '--miner.extradata', 'x'],
      ...['--netrestrict', '127.0.0.0/8', '--maxpendpeers', '3', '--rpc.telemetry', '--http.rpcprefix', '/x'],
      ...['--ethstats', 'a:b@c', '--state.scheme', 'path', '--nodiscover'],
    ])
    expect(stdout).to.contain(`HistoryMode = "9:${hash}"`)
    const { values, ignored } = parseConfig(stdout, settings, 'geth.toml')
    expect(values).to.include({ networkid: 11_155_111n, httpPrefix: '/x' })
    expect(values.netrestrict).to.deep.equal(['127.0.0.0/8'])
    expect(ignored).to.include.members(['Eth.SnapV2', 'Eth.LogNoHistory', 'Ethstats.URL'])
  })

  it('is read with what geth no longer heeds in it, as by geth', async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const directory = await mkdtemp(join(tmpdir(), 'peerchart-config-'))
    const file = join(directory, 'geth.toml')
    const keys = Object.entries(deprecated).map(([key, value]) => `${key} = ${value}`)
    const text = ['[Eth]', ...keys].join('\n')
    await writeFile(file, text)
    const { stderr } = await promisify(execFile)(path, ['dumpconfig', '--config', file])
    await rm(directory, { recursive: true })
    for (const key of Object.keys(deprecated)) expect(stderr).to.contain(`ethconfig.Config.${key}' is deprecated`)
    expect(parseConfig(text, settings, file)).to.deep.equal({
      values: {},
      ignored: Object.keys(deprecated).map((key) => `Eth.${key}`),
    })
  })

  for (const name of networkNames)
    it(`is read of ${name}, and has the bootnodes that we have, records and URLs`, async function () {
      const { stdout } = await promisify(execFile)(requireClient(this, findGeth(), 'geth'), [`--${name}`, 'dumpconfig'])
      const { values } = parseConfig(stdout, settings, 'geth.toml')
      const { networkId, bootnodes, bootnodesV5 } = network(name)
      expect(values).to.deep.include({ networkid: networkId, bootnodes, bootnodesV5 })
      expect(values).to.include({ discovery: true, discoveryV5: true, nodiscover: false, nat: 'any' })
    })
})

const deprecated = {
  ...{
    EnableStateSizeTracking: true,
    TrieCleanCacheJournal: '"triecache"',
    TrieCleanCacheRejournal: 3_600_000_000_000,
  },
  ...{ EVMInterpreter: '""', EWASMInterpreter: '""', LightServ: 0, LightIngress: 0, LightEgress: 0, LightPeers: 100 },
  ...{ LightNoPrune: false, LightNoSyncServe: false },
}
