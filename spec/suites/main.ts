import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { findDevp2p } from '../harness/clients.ts'
import { ethtest } from '../harness/ethtest.ts'
import { runEthSuite } from './eth.ts'

const program = new Command('suites').description("Runs geth's conformance suites against our node.")

program
  .command('eth')
  .description('geth\'s "devp2p rlpx eth-test", against a fresh node on the chain that it expects')
  .option('--run <regex>', 'only the tests whose names match')
  .option('--chain <folder>', 'the chain of the suite', ethtest.folder)
  .action(async ({ run, chain }: { run?: string; chain: string }) => {
    const devp2p = findDevp2p()
    if (devp2p === undefined) return fail('no devp2p on PATH: set DEVP2P or PATH')
    if (!existsSync(chain)) return fail(`no chain at ${chain}`)
    const { passed, failed } = await runEthSuite({ devp2p, chain, run, print: say })
    say(`${passed.length} passed, ${failed.length} failed`)
    if (failed.length > 0 || passed.length === 0) process.exitCode = 1
  })

await program.parseAsync().catch((error: Error) => fail(error.message))

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function fail(why: string): void {
  process.stderr.write(`suites: ${why}\n`)
  process.exitCode = 1
}
