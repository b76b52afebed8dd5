import { Command } from 'commander'
import { benchPeers } from './peers.ts'
import { benchRlpx } from './rlpx.ts'

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
  .option('--seconds <n>', 'length of each of the sixteen measurements', '2')
  .action(async ({ json, seconds }) => print(json, await benchRlpx(Number(seconds), note)))

program
  .command('peers')
  .description('memory of an idle connected peer, both ends in one process')
  .option('--json', 'print one JSON object on standard output')
  .option('--connections <n>', 'how many', '500')
  .action(async ({ json, connections }) => print(json, await benchPeers(Number(connections), note)))

await program.parseAsync()
process.exit(0)
