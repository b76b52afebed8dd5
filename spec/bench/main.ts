import { Command } from 'commander'
import { findChromium } from '../support/clients.ts'
import { benchCrawl } from './crawl.ts'
import { benchDatagrams } from './datagrams.ts'
import { benchDiscovery } from './discovery.ts'
import { benchImport } from './import.ts'
import { benchInspect } from './inspect.ts'
import { benchInspectMemory } from './inspect-memory.ts'
import { benchPeers } from './peers.ts'
import { benchRlpx } from './rlpx.ts'
import { benchRpc } from './rpc.ts'
import { benchServe } from './serve.ts'
import { benchSiege } from './siege.ts'
import { benchSync } from './sync.ts'

const program = new Command('bench').description('Measures this node, and others at the same work, in one run')

const note = (line: string) => process.stderr.write(`${line}\n`)
const print = (json: boolean, result: unknown) => {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`)
}

program
  .command('rlpx')
  .description(
    'handshakes and messages a second over loopback TCP, both ends in one process, against @ethereumjs/devp2p',
  )
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each measurement', '2')
  .action(async ({ json, seconds }) => print(json, await benchRlpx(Number(seconds), note)))

program
  .command('peers')
  .description('memory of an idle connected peer of a whole node, eth session included')
  .option('--json', 'print one JSON object on standard output')
  .option('--connections <n>', 'how many', '500')
  .action(async ({ json, connections }) => print(json, await benchPeers(Number(connections), note)))

program
  .command('sync')
  .description('blocks a second from an empty node to the head of a peer, over loopback TCP')
  .option('--json', 'print one JSON object on standard output')
  .option('--blocks <n>', 'how long the chain is', '10000')
  .action(async ({ json, blocks }) => print(json, await benchSync(Number(blocks), note)))

program
  .command('import')
  .description('blocks a second that a node executes of the two test chains, and what it costs the pings of its peers')
  .option('--json', 'print one JSON object on standard output')
  .option('--peers <n>', 'how many there are', '20')
  .action(async ({ json, peers }) => print(json, await benchImport(Number(peers), note)))

program
  .command('inspect-memory')
  .description('how the memory of the network of npm start grows at ten times its traffic, inspected by a page')
  .option('--json', 'print one JSON object on standard output')
  .option('--minutes <n>', 'how long it runs', '10')
  .action(async ({ json, minutes }) => print(json, await benchInspectMemory(Number(minutes), note)))

program
  .command('inspect')
  .description('messages a second that a node answers while no one reads its feed, and while somebody does')
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each measurement', '5')
  .option(
    '--only <name>',
    'this watcher alone, beside unwatched; may be given again',
    (one, all: string[]) => [...all, one],
    [],
  )
  .action(async ({ json, seconds, only }) => print(json, await benchInspect({ seconds: Number(seconds), only }, note)))

program
  .command('page')
  .description("the inspector's page with 5,000 actors: its first paint, and its longest task while they change")
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'how long they change', '5')
  .action(async ({ json, seconds }) => {
    const path = findChromium() ?? program.error('no chromium on PATH: set CHROMIUM or PATH to run this')
    const { benchPage } = await import('./page.ts') // a driver of browsers is nothing to load for the others
    print(json, await benchPage(path, Number(seconds), note))
  })

program
  .command('rpc')
  .description(
    'calls a second over HTTP to a node with peers, what they cost the pings of the peers, and geth at the same calls',
  )
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each measurement', '5')
  .option('--connections <n>', 'how many callers there are', '16')
  .option('--peers <n>', 'how many peers there are', '50')
  .action(async ({ json, ...given }) =>
    print(
      json,
      await benchRpc(
        { seconds: Number(given.seconds), connections: Number(given.connections), peers: Number(given.peers) },
        note,
      ),
    ),
  )

program
  .command('serve')
  .description('headers and bodies a second that a node answers to one peer and to 50, and geth at the same requests')
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each measurement', '2')
  .action(async ({ json, seconds }) => print(json, await benchServe(Number(seconds), note)))

program
  .command('siege')
  .description('what a good peer gets while others attack at full rate, and what it costs the node')
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each attack', '10')
  .option('--only <name>', 'this attack alone; may be given again', (one, all: string[]) => [...all, one], [])
  .action(async ({ json, seconds, only }) => print(json, await benchSiege(Number(seconds), only, note)))

program
  .command('crawl')
  .description('nodes a second that a crawl finds of a network over UDP on loopback, 250 of its nodes in each process')
  .option('--json', 'print one JSON object on standard output')
  .option('--nodes <n>', 'how many there are', '200')
  .option('--version <v4|v5>', 'of Node Discovery', 'v4')
  .option('--parallel <n>', 'nodes that are asked at a time', '16')
  .action(async ({ json, nodes, version, parallel }) =>
    print(json, await benchCrawl({ nodes: Number(nodes), version, parallel: Number(parallel) }, note)),
  )

program
  .command('discovery')
  .description('PINGs of discv4 a second that are verified and answered, against @ethereumjs/devp2p and geth; lookups')
  .option('--json', 'print one JSON object on standard output')
  .option('--seconds <n>', 'length of each measurement', '5')
  .action(async ({ json, seconds }) => print(json, await benchDiscovery(Number(seconds), note)))

program
  .command('datagrams')
  .description(
    'what datagrams that are none, from 1,000 ports, leave of the memory of a node, and what a good node gets',
  )
  .option('--json', 'print one JSON object on standard output')
  .option('--count <n>', 'how many', '100000')
  .option('--seconds <n>', 'in which time', '10')
  .action(async ({ json, count, seconds }) => print(json, await benchDatagrams(Number(count), Number(seconds), note)))

await program.parseAsync()
process.exit(0)
