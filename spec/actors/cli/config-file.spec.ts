import { expect } from 'chai'
import fc from 'fast-check'
import { ConfigError, parseConfig, writeConfig } from '../../../actors/cli/config-file.ts'
import { type StartSettings, settings } from '../../../actors/cli/settings.ts'
import { network } from '../../../protocols/chain/networks.ts'
import { settingsArbitrary } from './settings-arbitrary.ts'

describe('a configuration file', () => {
  const parse = (...lines: string[]) => parseConfig(lines.join('\n'), settings, 'c.toml')

  it('reads geth’s lists of nodes in DNS', () => {
    const url = 'enrtree://AM5FCQLWIZX2QFPNJAP7VUERCCRNGRHWZG3YYHIUV7BVDQ5FDPRT2@nodes.example.org'
    const { values, ignored } = parse('[Eth]', `EthDiscoveryURLs = ["${url}"]`, 'SnapDiscoveryURLs = []')
    expect({ values, ignored }).to.deep.equal({ values: { discoveryDns: [url] }, ignored: ['Eth.SnapDiscoveryURLs'] })
  })
  it('is read back to the settings that wrote it', () => {
    const inFile = (values: StartSettings) =>
      Object.fromEntries(
        Object.entries(settings).flatMap(([name, { key }]) => {
          const value = values[name as keyof StartSettings]
          return key === undefined || value === undefined ? [] : [[name, value]]
        }),
      )
    fc.assert(
      fc.property(settingsArbitrary, (values) => {
        const { values: read, ignored } = parse(writeConfig(settings, values))
        expect(inFile({ ...values, ...read })).to.deep.equal(inFile(values))
        expect(ignored).to.deep.equal([])
      }),
    )
  })
  it('says what it says, and nothing else', () => {
    expect(parse('[Node.P2P]', 'MaxPeers = 7').values).to.deep.equal({ maxpeers: 7 })
    expect(parse('')).to.deep.equal({ values: {}, ignored: [] })
  })
  it("takes geth's 0 for a network id as the chain's own, and its short form of every address", () => {
    expect(parse('Eth.NetworkId = 0', 'Node.P2P.ListenAddr = ":30303"').values).to.deep.equal({
      networkid: undefined,
      listen: { host: '', port: 30_303 },
    })
  })
  it("names geth's keys that mean nothing here", () => {
    const { values, ignored } = parse('[Eth]', 'HistoryMode = "all"', '[Eth.Miner]', '[Node.P2P]', 'DialRatio = 3')
    expect({ values, ignored }).to.deep.equal({ values: {}, ignored: ['Eth.HistoryMode', 'Node.P2P.DialRatio'] })
  })
  it('names those that geth itself no longer heeds', () => {
    const { ignored } = parse('[Eth]', 'EnableStateSizeTracking = true', 'LightServ = 0', 'EVMInterpreter = ""')
    expect(ignored).to.deep.equal(['Eth.EnableStateSizeTracking', 'Eth.LightServ', 'Eth.EVMInterpreter'])
  })

  it("takes geth's keys of discovery", () => {
    const { values, ignored } = parse(
      ...['[Node.P2P]', 'NoDiscovery = false', 'DiscoveryV4 = true', 'DiscoveryV5 = false', 'DiscAddr = ":9"'],
      'NAT = "ExtIP:1.2.3.4"',
    )
    expect({ values, ignored }).to.deep.equal({
      values: { nodiscover: false, discovery: true, discoveryV5: false, discoveryPort: 9, nat: 'extip:1.2.3.4' },
      ignored: [],
    })
    expect(parse('Node.P2P.DiscAddr = ""').values).to.deep.equal({ discoveryPort: undefined })
  })
  it('takes records for nodes, and for bootnodes', () => {
    const [record] = network('sepolia').bootnodes
    const url = network('sepolia').bootnodes.at(-1)
    const { values, ignored } = parse(
      '[Node.P2P]',
      `BootstrapNodes = ["${record}", "${url}"]`,
      `TrustedNodes = ["${record}", "${url}"]`,
    )
    expect({ values, ignored }).to.deep.equal({
      values: { bootnodes: [record, url], trusted: [record, url] },
      ignored: [],
    })
  })

  for (const [lines, complaint] of [
    [['[Node]', '', 'DataDri = "x"'], 'c.toml:3: unknown key Node.DataDri; did you mean Node.DataDir?'],
    [['[Node]', 'MaxPeers = 3'], 'c.toml:2: unknown key Node.MaxPeers; did you mean Node.P2P.MaxPeers?'],
    [['[node.p2p]', 'maxpeers = 3'], 'c.toml:2: unknown key node.p2p.maxpeers; did you mean Node.P2P.MaxPeers?'],
    [['Node.P2P.MaxPears = 3'], 'c.toml:1: unknown key Node.P2P.MaxPears; did you mean Node.P2P.MaxPeers?'],
    [['[Etherstats]', 'URL = ""'], 'c.toml:2: unknown key Etherstats.URL; did you mean Ethstats.URL?'],
    [['[Nods]'], 'c.toml:1: unknown key Nods; did you mean Node?'],
    [['Node = { DataDi = "" }'], 'c.toml: unknown key Node.DataDi; did you mean Node.DataDir?'],
    [['[[Node]]', 'DataDir = ""'], 'c.toml:1: Node is a section: write it as [Node]'],
    [['x = 5'], 'c.toml:1: unknown key x; did you mean Eth?'],
    [['"" = 5'], /unknown key ; did you mean/],
    [[`Node.DataDir = [${'1,'.repeat(500)}]`], /^.{0,280}$/],
    [['Node = 5'], 'c.toml:1: Node is a section: write it as [Node]'],
    [['[Eth]', 'NetworkId = -1'], 'c.toml:2: Eth.NetworkId = -1 is invalid. Want a whole number from 1 to 2^64-1.'],
    [['Eth.NetworkId = "1"'], 'c.toml:1: Eth.NetworkId = "1" is invalid. Want a whole number from 1 to 2^64-1.'],
    [['Node.DataDir = 5'], 'c.toml:1: Node.DataDir = 5 is invalid. Want a string.'],
    [['Node.P2P.NoDial = 1'], 'c.toml:1: Node.P2P.NoDial = 1 is invalid. Want true or false.'],
    [['Peerchart.MaxInput = 5'], /Want a whole number from 33554432 to/],
    [['Node.P2P.MaxPeers = 1.5'], /Want a whole number from 0 to 10000/],
    [['Node.P2P.ListenAddr = "30303"'], /Want an address as host:port/],
    [['Node.P2P.ListenAddr = "1.2.3.4:70000"'], /Want an address as host:port/],
    [['Node.P2P.StaticNodes = "enode://ab"'], /Want a list of strings/],
    [['Node.P2P.StaticNodes = ["enode://ab"]'], /Want enode:\/\/<128 hex>@<host>:<port>/],
    [['Peerchart.Network = "ropsten"'], /"ropsten" is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    [['Peerchart.Network = "holesky"'], /"holesky" is invalid. Allowed choices are mainnet, sepolia, hoodi/],
    [['Node.DataDir = 1979-05-27'], /Node.DataDir = "1979-05-27" is invalid. Want a string/],
    [['[Node', 'DataDir = ""'], /^c\.toml:1: no TOML: [^\n]+, at column \d+$/],
    [['[Node]', 'DataDir = "'], /^c\.toml:2: no TOML: /],
    [['Node.DataDir = ""', 'Node.DataDir = ""'], /^c\.toml:2: no TOML: trying to redefine/],
    [['__proto__.x = 1'], /unknown key __proto__/],
  ] as const)
    it(`refuses \`${lines.join('⏎').slice(0, 60)}\``, () => {
      let fault: unknown
      try {
        parse(...lines)
      } catch (error) {
        fault = error
      }
      expect(fault).to.be.instanceOf(ConfigError)
      const { message } = fault as ConfigError
      if (typeof complaint === 'string') expect(message).to.equal(complaint)
      else expect(message).to.match(complaint)
      expect(message).not.to.contain('\n')
    })
})
