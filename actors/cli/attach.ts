import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { RpcClient } from '../rpc/client.ts'
import { CommandFailed } from './command-failed.ts'
import { runConsole } from './console/console.ts'
import { evaluate } from './console/evaluate.ts'
import { help, isExit, isHelp } from './console/help.ts'
import { History, historyPath } from './console/history.ts'
import { pretty } from './console/pretty.ts'
import type { Io } from './io.ts'
import { addTarget, type Target, toTarget, withNode } from './target.ts'

type AttachOptions = Target & { readonly exec?: string }

export function addAttach(command: Command, io: Io): void {
  addTarget(command)
    .argument('[address]', 'http://…, ws://… or the path of an IPC socket; of any Ethereum node')
    .option('--exec <call>', 'make one call, as `admin.peers`, and end')
    .addHelpText('after', examples)
    .action((url: string | undefined, options: AttachOptions) =>
      withNode(toTarget(url, options), (client) => attach(client, options, io)),
    )
}

const examples = `
Examples:
  peerchart attach --datadir data
  peerchart attach http://127.0.0.1:8545 --exec 'eth.getBlock("latest").hash'
  echo 'eth_getBlockByNumber ["latest", true]' | peerchart attach data/geth.ipc`

async function attach(client: RpcClient, { exec }: AttachOptions, io: Io): Promise<void> {
  if (exec !== undefined) return isHelp(exec) ? printHelp(io) : print(await evaluate(client, exec), io)
  if (!io.terminal) return answerLines(client, io)
  return runConsole({ client, terminal: io.terminal, history: new History(historyPath(io.env)), explain })
}

/** Loaded when something fails: it knows every error there is. */
const explain = async (error: unknown) => (await import('./failures.ts')).explain(error)

/** Every line is answered up to an `exit`, whatever became of those before it. @throws (rejects) {CommandFailed} */
async function answerLines(client: RpcClient, io: Io): Promise<void> {
  let [calls, failed] = [0, 0]
  for await (const line of createInterface({ input: io.stdin })) {
    if (line.trim() === '') continue
    if (isExit(line)) break
    if (isHelp(line)) {
      printHelp(io)
      continue
    }
    calls += 1
    try {
      print(await evaluate(client, line), io)
    } catch (error) {
      const fault = await explain(error)
      if (fault === undefined) throw error
      failed += 1
      io.stderr.write(`error: ${fault}\n`)
    }
  }
  if (failed > 0) throw new CommandFailed(`${failed} of ${calls} calls failed`, 1)
}

const printHelp = ({ stdout }: Io): void => void stdout.write(`${help}\n`)

function print(result: unknown, { stdout }: Io): void {
  stdout.write(`${pretty(result, stdout.isTTY ?? false)}\n`)
}
