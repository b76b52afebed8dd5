import type { Command } from 'commander'
import type { Io } from './io.ts'

/** What the help lists: a command in one line, and where the rest of it is. */
type Listed = readonly [description: string, load: () => Promise<Add>]
/** Gives a command its arguments, its options and its action. */
type Add = (command: Command, io: Io) => void

/** Commands in the order of the help, by what they are for. Only the one that is given is loaded: most bring a lot. */
export const commands: Readonly<Record<string, Readonly<Record<string, Listed>>>> = {
  'Run nodes:': {
    start: ['run a node until it is interrupted', async () => (await import('./start.ts')).addStart],
    dev: [
      'run a small network of nodes in this process, and report what happens in it',
      async () => (await import('./dev.ts')).addDev,
    ],
    dumpconfig: [
      'print what `start` would run with, as a file for --config',
      async () => (await import('./dump-config.ts')).addDumpConfig,
    ],
  },
  'Ask a running node:': {
    attach: [
      'ask a running node by JSON-RPC: a console, or line by line from standard input',
      async () => (await import('./attach.ts')).addAttach,
    ],
    peers: ['list the peers of a running node', async () => (await import('./peers.ts')).addPeers],
    add: [
      'have a running node dial another, and stay connected to it',
      async () => (await import('./peer-changes.ts')).addAdd,
    ],
    remove: [
      'have a running node part from a peer, and dial it no more',
      async () => (await import('./peer-changes.ts')).addRemove,
    ],
    node: ['print who a running node is', async () => (await import('./node-info.ts')).addNodeInfo],
  },
  'Talk to a node as its peer:': {
    connect: [
      'dial a node, shake hands, and report what it is, or why it refuses',
      async () => (await import('./connect.ts')).addConnect,
    ],
    listen: [
      'wait for one node to dial us, shake hands, and report what it is',
      async () => (await import('./listen.ts')).addListen,
    ],
    headers: ['print headers that a node has', async () => (await import('./fetch.ts')).addHeaders],
    bodies: [
      'print the bodies of blocks, checked against their headers',
      async () => (await import('./fetch.ts')).addBodies,
    ],
    receipts: [
      'print the receipts of blocks, checked against their headers',
      async () => (await import('./fetch.ts')).addReceipts,
    ],
    tx: ['print a transaction that waits in the pool of a node', async () => (await import('./fetch.ts')).addTx],
    account: [
      'print an account of the state that a node has, proved against the header of its block',
      async () => (await import('./account.ts')).addAccount,
    ],
    watch: [
      'print the transactions and blocks that nodes announce, one JSON object a line; no chain is needed',
      async () => (await import('./watch.ts')).addWatch,
    ],
    rlpx: ['speak the transport alone', async () => (await import('./rlpx-ping.ts')).addRlpx],
  },
  'Keys and records:': {
    key: ['make the key of a node, and print its identity', async () => (await import('./key.ts')).addKey],
    enrdump: [
      'print what a node record says, its signature checked',
      async () => (await import('./enr-dump.ts')).addEnrDump,
    ],
  },
  'Find nodes:': {
    discv4: [
      'ask nodes by Node Discovery v4: ping, records, neighbors; crawl',
      async () => (await import('./discovery.ts')).addDiscv4,
    ],
    discv5: [
      'ask nodes by Node Discovery v5: ping, records, neighbors; crawl',
      async () => (await import('./discovery.ts')).addDiscv5,
    ],
    discovery: ['run a node of both on one port', async () => (await import('./discovery.ts')).addDiscovery],
    reachable: [
      'dial a node and wait to be dialed by it: say which half fails',
      async () => (await import('./reachable.ts')).addReachable,
    ],
    nodeset: ['count and filter the nodes of a crawl', async () => (await import('./node-set-command.ts')).addNodeSet],
    dns: ['lists of nodes in DNS (EIP-1459)', async () => (await import('./dns.ts')).addDns],
  },
  'Look into sessions:': {
    explain: [
      'say why peers left: of a recording, or of a node that runs with --inspect',
      async () => (await import('./explain.ts')).addExplain,
    ],
    inspect: [
      "open a recording in the inspector's page, until it is interrupted",
      async () => (await import('./inspect.ts')).addInspect,
    ],
    replay: [
      'give fresh charts the events of a recording, and see that they take the same transitions',
      async () => (await import('./replay.ts')).addReplay,
    ],
    decode: [
      'read the messages of RLPx sessions out of a network capture, with the keys that --keylog wrote',
      async () => (await import('./decode.ts')).addDecode,
    ],
  },
  'See how it works:': {
    charts: [
      'list the statecharts that a node is made of, or draw one',
      async () => (await import('./charts.ts')).addCharts,
    ],
  },
}
