import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Command } from 'commander'
import { duration } from '../../actors/cli/setting-kinds.ts'
import { findDevp2p } from '../support/clients.ts'
import { Ethtest, ethtest } from '../support/ethtest.ts'
import { runDiscv4Suite } from './discv4.ts'
import { runDiscv5Suite } from './discv5.ts'
import { runChainSuite, type SuiteResult } from './eth.ts'
import { byMethod, runRpcSuite } from './rpc.ts'

const program = new Command('suites').description("Runs geth's conformance suites against our node.")

type Options = { run?: string; chain: string; timeout: number; json?: true }

for (const suite of ['eth', 'snap', 'snap2'] as const)
  program
    .command(suite)
    .description(`geth's "devp2p rlpx ${suite}-test", against a fresh node on the chain that it expects`)
    .option('--run <regex>', 'only the tests whose names match')
    .option('--chain <folder>', 'the chain of the suite', ethtest.folder)
    .option('--timeout <time>', 'how long a test may take, as `20s` or `5m`', duration.parse!, 60_000)
    .option('--json', 'print one JSON object on standard output, and the TAP on standard error')
    .action(async ({ run, chain: folder, timeout, json }: Options) => {
      const devp2p = findDevp2p()
      if (devp2p === undefined) return fail('no devp2p on PATH: set DEVP2P or PATH')
      if (!existsSync(folder)) return fail(`no chain at ${folder}`)
      const chain = new Ethtest(resolve(folder))
      await report(json, (print, signal) => runChainSuite({ suite, devp2p, chain, run, timeout, print, signal }))
    })

program
  .command('discv4')
  .description('geth\'s "devp2p discv4 test", against a fresh node on loopback')
  .option('--run <regex>', 'only the tests whose names match')
  .option('--timeout <time>', 'how long a test may take, as `20s` or `5m`', duration.parse!, 60_000)
  .option('--json', 'print one JSON object on standard output, and the TAP on standard error')
  .action(async ({ run, timeout, json }: Omit<Options, 'chain'>) => {
    const devp2p = findDevp2p()
    if (devp2p === undefined) return fail('no devp2p on PATH: set DEVP2P or PATH')
    await report(json, (print, signal) => runDiscv4Suite({ devp2p, run, timeout, print, signal }))
  })

program
  .command('discv5')
  .description('geth\'s "devp2p discv5 test", against a fresh node on loopback')
  .option('--run <regex>', 'only the tests whose names match')
  .option('--timeout <time>', 'how long a test may take, as `20s` or `5m`', duration.parse!, 90_000)
  .option('--json', 'print one JSON object on standard output, and the TAP on standard error')
  .action(async ({ run, timeout, json }: Omit<Options, 'chain'>) => {
    const devp2p = findDevp2p()
    if (devp2p === undefined) return fail('no devp2p on PATH: set DEVP2P or PATH')
    await report(json, (print, signal) => runDiscv5Suite({ devp2p, run, timeout, print, signal }))
  })

program
  .command('rpc')
  .description('the tests of the execution-apis repository, against a fresh node on their chain')
  .requiredOption('--tests <folder>', "the repository's folder `tests`")
  .option('--url <url>', 'of another node that stands at the head of that chain')
  .option('--run <regex>', 'only the tests whose `method/name` matches')
  .option('--timeout <time>', 'how long an answer may take, as `20s` or `5m`', duration.parse!, 10_000)
  .option('--json', 'print one JSON object on standard output, and the TAP on standard error')
  .action(async ({ tests, url, run, timeout, json }: Omit<Options, 'chain'> & { tests: string; url?: string }) => {
    const folder = resolve(tests)
    if (!existsSync(`${folder}/chain.rlp`))
      return fail(`no chain.rlp in ${tests}: --tests is the folder tests of execution-apis`)
    const matches = run === undefined ? undefined : new RegExp(run)
    await report(json, async (print, signal) => {
      const result = await runRpcSuite({ folder, url, run: matches, timeout, print, signal })
      for (const line of byMethod(result)) print(line)
      return result
    })
  })

await program.parseAsync().catch((error: Error) => fail(error.message))

/** Runs a suite until it ends or is interrupted, and says how it went: with its output, and with the exit status. */
async function report(
  json: true | undefined,
  runSuite: (print: (line: string) => void, signal: AbortSignal) => Promise<SuiteResult>,
): Promise<void> {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => interrupt.abort())
  const { signal } = interrupt
  const result = await runSuite(json ? note : say, signal)
  const { passed, failed, hung } = result
  if (json) say(JSON.stringify({ ...result, isInterrupted: signal.aborted }))
  else
    say(
      [
        `${passed.length} passed`,
        `${failed.length} failed${namesOf(failed)}`,
        `${hung.length} hung${namesOf(hung)}`,
        ...(signal.aborted ? ['interrupted'] : []),
      ].join('; '),
    )
  if (failed.length + hung.length > 0 || passed.length === 0) process.exitCode = 1
  if (signal.aborted) process.exitCode = 130
}

function namesOf(tests: readonly string[]): string {
  return tests.length > 0 ? `: ${tests.join(', ')}` : ''
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

function fail(why: string): void {
  note(`suites: ${why}`)
  process.exitCode = 1
}
