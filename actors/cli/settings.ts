import { defaultMaxPeers } from '../../machines/admission.ts'
import { type NetworkName, networkNames } from '../../protocols/chain/networks.ts'
import { defaultInputBytes } from '../runtime/input-room.ts'
import { flag, setting, topic, type ValuesOf } from './setting.ts'
import * as kinds from './setting-kinds.ts'
import { authrpc, http, ipc, limits, ws } from './settings-rpc.ts'

// Every option of `peerchart start`, once: flags, configuration file, dumpconfig and the README's table are made of this.
// A row: what it is, its default, its key in a file (geth's, where it has one; undefined is none), its flags.

const { text, yesNo, port, optional, duration } = kinds
const loopback = '127.0.0.1'

/** Where neither a network nor a genesis is said. */
export const defaultNetwork: NetworkName = 'mainnet'

const chain = topic('Chain:', {
  datadir: setting(
    text,
    '',
    'Node.DataDir',
    flag('--datadir <dir>', 'where key and chain are kept; without it nothing is written'),
  ),
  genesis: setting(
    optional(text),
    undefined,
    'Peerchart.Genesis',
    flag('--genesis <file>', 'the chain, as a geth `genesis.json`', { conflicts: ['network'] }),
  ),
  network: setting(
    optional(kinds.networkName),
    undefined,
    'Peerchart.Network',
    flag('--network <name>', `or a public one: ${networkNames.join(', ')}`, { initial: defaultNetwork }),
  ),
  networkid: setting(
    kinds.networkId,
    undefined,
    'Eth.NetworkId',
    flag('--networkid <id>', "when it is not the chain's own; a public network is known by it"),
  ),
  execute: setting(
    optional(yesNo),
    undefined,
    'Peerchart.Execute',
    flag('--execute', 'execute blocks in a thread of its own: so it is anyway with a `--genesis`, and needs one'),
    flag('--no-execute', 'verify blocks as far as can be without states: no receipts, no verdicts'),
  ),
  syncmode: setting(
    kinds.syncMode,
    'full',
    'Eth.SyncMode',
    flag(
      '--syncmode <mode>',
      '`full` executes every block; `snap` fetches the state of a block near the head from peers, and executes from there',
    ),
  ),
  receipts: setting(
    yesNo,
    false,
    'Peerchart.Receipts',
    flag('--receipts', 'fetch the receipts of blocks that are not executed here, as geth does in snap sync'),
  ),
  import: setting(
    optional(text),
    undefined,
    undefined,
    flag('--import <file>', 'blocks to import first, as `geth export` writes them, gzipped or not'),
  ),
})

const peers = topic('Peers:', {
  listen: setting(
    kinds.listenAddress,
    { host: loopback, port: 30_303 },
    'Node.P2P.ListenAddr',
    flag('--host <address>', 'address to listen on', {
      initial: loopback,
      apply: (listen: kinds.ListenAddress, host: string) => ({ ...listen, host }),
    }),
    flag('--port <number>', 'TCP port to listen on, 0 for any', {
      parse: port.parse!,
      initial: 30_303,
      apply: (listen: kinds.ListenAddress, port: number) => ({ ...listen, port }),
    }),
  ),
  nodekey: setting(
    optional(text),
    undefined,
    undefined,
    flag('--nodekey <file>', "the node's key, else `peerchart/nodekey` in the datadir, written once", {
      conflicts: ['nodekeyhex'],
    }),
  ),
  nodekeyhex: setting(
    optional(text),
    undefined,
    undefined,
    flag('--nodekeyhex <digits>', 'the key itself, for tests: other users of the machine can see it'),
  ),
  identity: setting(
    optional(text),
    undefined,
    'Node.UserIdent',
    flag('--identity <name>', "a word of your own in the client's name"),
  ),
  peer: setting(
    kinds.dialableNodes,
    [],
    'Node.P2P.StaticNodes',
    flag('--peer <enode>', 'a node to stay connected to; may be given again'),
  ),
  trusted: setting(
    kinds.nodes,
    [],
    'Node.P2P.TrustedNodes',
    flag('--trusted <enode>', 'a node let in above the limit; may be given again'),
  ),
  maxpeers: setting(
    kinds.maxPeers,
    defaultMaxPeers,
    'Node.P2P.MaxPeers',
    flag('--maxpeers <number>', 'most peers at a time'),
  ),
  maxInput: setting(
    kinds.inputBytes,
    defaultInputBytes,
    'Peerchart.MaxInput',
    flag('--max-input <size>', 'of what peers and RPC clients have begun to send, all together', { initial: '256MiB' }),
  ),
  nodial: setting(
    yesNo,
    false,
    'Node.P2P.NoDial',
    flag('--nodial', 'dial no node, not even a `--peer`; peers may still dial us'),
  ),
})

const discovery = topic('Discovery:', {
  discovery: setting(
    optional(yesNo),
    undefined,
    'Node.P2P.DiscoveryV4',
    flag('--discovery.v4', 'find nodes by Node Discovery v4: so it is anyway on a public network', {
      conflicts: ['nodiscover'],
    }),
  ),
  discoveryV5: setting(
    optional(yesNo),
    undefined,
    'Node.P2P.DiscoveryV5',
    flag('--discovery.v5', 'and by Node Discovery v5, on the same port', { conflicts: ['nodiscover'] }),
  ),
  nodiscover: setting(
    yesNo,
    false,
    'Node.P2P.NoDiscovery',
    flag('--nodiscover', 'find none: peers are named, or dial this node'),
  ),
  discoveryPort: setting(
    kinds.discAddr,
    undefined,
    'Node.P2P.DiscAddr',
    flag('--discovery.port <number>', 'UDP port, 0 for any, when it is not the TCP port'),
  ),
  bootnodes: setting(
    optional(kinds.nodeList),
    undefined,
    'Node.P2P.BootstrapNodes',
    flag('--bootnodes <list>', "nodes to begin with, `enode://…,enr:…`, when they are not the network's"),
  ),
  bootnodesV5: setting(
    optional(kinds.nodeList),
    undefined,
    'Node.P2P.BootstrapNodesV5',
    flag('--bootnodes <list>', 'for v5 as well, which may have others in a file', {
      apply: (_, nodes: readonly string[]) => nodes,
    }),
  ),
  discoveryDns: setting(
    kinds.linkList,
    [],
    'Eth.EthDiscoveryURLs',
    flag('--discovery.dns <list>', 'lists of nodes in DNS, `enrtree://…`, whose nodes are dialed, too'),
  ),
  nat: setting(
    kinds.nat,
    'any',
    'Node.P2P.NAT',
    flag('--nat <how>', 'how the node learns its address: `any` or `none` by what others report, `extip:<IP>` by this'),
  ),
  netrestrict: setting(
    kinds.netlist,
    [],
    'Node.P2P.NetRestrict',
    flag('--netrestrict <list>', 'networks that peers may be in, `127.0.0.0/8,10.0.0.0/8`; datagrams go nowhere else'),
  ),
})

const metrics = topic('Metrics:', {
  metrics: setting(
    yesNo,
    false,
    'Metrics.Enabled',
    flag('--metrics', 'count what happens, and serve it to Prometheus at `/metrics`'),
  ),
  metricsHost: setting(text, loopback, 'Metrics.HTTP', flag('--metrics.addr <address>', 'address to listen on')),
  metricsPort: setting(port, 6060, 'Metrics.Port', flag('--metrics.port <number>', 'TCP port to listen on, 0 for any')),
})

/** `dev` takes them as well. */
export const recording = {
  record: setting(
    optional(text),
    undefined,
    undefined,
    flag('--record <file>', 'write all that happens to this file, for `replay` and `inspect`; keys are never in it'),
  ),
  recordMax: setting(
    kinds.bytes,
    1e9,
    undefined,
    flag('--record-max <size>', 'and no more of it than this', { initial: '1GB' }),
  ),
}

/** Commands that talk with a node take them as well. */
export const watching = topic('Watching:', {
  ...recording,
  keylog: setting(
    optional(text),
    undefined,
    undefined,
    flag('--keylog <file>', 'add the keys of every session to this file, for `decode`: they decrypt the traffic'),
  ),
})

const life = topic('Log and life:', {
  verbosity: setting(
    kinds.verbosity,
    3,
    undefined,
    flag(
      '--verbosity <level>',
      '0 silent, 1 error, 2 warn, 3 info, 4 debug (every transition), 5 trace (every message)',
    ),
  ),
  vmodule: setting(
    kinds.vmodule,
    '',
    undefined,
    flag('--log.vmodule <rules>', 'levels of parts of the node, as `peer=5,rpc=4`'),
  ),
  jsonLogs: setting(
    optional(yesNo),
    undefined,
    undefined,
    flag('--json-logs', 'one JSON object a line; so it is anyway when standard error is no terminal'),
  ),
  inspect: setting(
    optional(port),
    undefined,
    undefined,
    flag('--inspect [port]', 'serve a page on 127.0.0.1 that shows the node as it runs; its address is logged', {
      apply: (_, given: number | true) => (given === true ? 0 : given),
    }),
  ),
  inspectStately: setting(
    yesNo,
    false,
    undefined,
    flag('--inspect-stately', 'log where tools attach that read the events of @statelyai/inspect; implies `--inspect`'),
  ),
  for: setting(optional(duration), undefined, undefined, flag('--for <time>', 'end after this time, as `20s` or `5m`')),
  summary: setting(
    yesNo,
    false,
    undefined,
    flag('--summary', 'one line of JSON at the end: `enode`, `peers`, `head`, `transitions`, `errors` (peers lost)'),
  ),
})

export const settings = {
  ...chain,
  ...peers,
  ...discovery,
  ...http,
  ...ws,
  ...ipc,
  ...authrpc,
  ...limits,
  ...metrics,
  ...watching,
  ...life,
}

/** What a node is started with: defaults, then what a configuration file says, then flags. */
export type StartSettings = ValuesOf<typeof settings>
