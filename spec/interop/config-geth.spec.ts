import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parseConfig } from '../../actors/cli/config-file.ts'
import { settings } from '../../actors/cli/settings.ts'
import { findGeth, requireClient } from '../harness/clients.ts'

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
    expect(ignored).to.include.members(['Eth.SyncMode', 'Node.P2P.NAT', 'Metrics.InfluxDBToken'])
  })
})
