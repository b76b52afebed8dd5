import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline/promises'
import type { RpcClient } from '../../rpc/client.ts'
import { RpcClosed } from '../../rpc/client-errors.ts'
import { explain } from '../failures.ts'
import type { Terminal } from '../io.ts'
import { evaluate } from './evaluate.ts'
import { type History, historySize } from './history.ts'
import { complete } from './methods.ts'
import { pretty } from './pretty.ts'

export type ConsoleOptions = {
  readonly client: RpcClient
  readonly terminal: Terminal
  readonly history: History
}

/**
 * Asks a person, until Ctrl-D or `exit`. Ctrl-C drops the call that is waited for, or the line; on an empty one it ends.
 * @throws (rejects) {RpcClosed} the node has gone; and as {@link RpcClient.call}
 */
export async function runConsole({ client, terminal, history }: ConsoleOptions): Promise<void> {
  const modules = Object.keys(await client.call<object>('rpc_modules'))
  const tell = (text: string) => terminal.output.write(`${text}\n`)
  tell(await bannerOf(client, modules))
  let lines: readonly string[] = await history.load()
  const readline = createInterface({
    ...{ ...terminal, terminal: true, prompt: '> ' },
    ...{ history: [...lines], historySize, removeHistoryDuplicates: true },
    completer: (line: string) => complete(line, modules),
  })
  const ended = once(readline, 'close')
  readline.on('history', (all) => {
    lines = all
  })
  let abandon: (() => void) | undefined
  let turn: Promise<void> = Promise.resolve()
  const take = async (line: string) => {
    const abandoned = new Promise<string>((resolve) => {
      abandon = () => resolve('given up')
    })
    if (line.trim() !== '') tell(await Promise.race([answer(client, line), abandoned]))
    abandon = undefined
    if (!isLost) readline.prompt()
  }
  readline.on('line', (line) => {
    if (/^\s*(exit|quit)\s*;?\s*$/.test(line)) readline.close()
    else turn = turn.then(() => take(line))
  })
  readline.on('SIGINT', () => (abandon ? abandon() : drop(readline, tell)))
  let isLost = false
  client.closed.then(() => {
    isLost = true
    readline.close()
  })
  readline.prompt()
  await ended
  if (!isLost) abandon?.()
  await turn
  await history.save(lines)
  if (isLost) throw new RpcClosed(client.target)
}

/** What Ctrl-C does to the line that is being typed. */
function drop(readline: Interface, tell: (text: string) => void): void {
  if (readline.line === '') readline.close()
  else {
    tell('^C')
    readline.write(null, { ctrl: true, name: 'e' })
    readline.write(null, { ctrl: true, name: 'u' })
  }
}

/** A person's mistake, or the node's refusal, is an answer too. */
async function answer(client: RpcClient, line: string): Promise<string> {
  try {
    return pretty(await evaluate(client, line), true)
  } catch (error) {
    const fault = explain(error)
    if (fault === undefined) throw error
    return `error: ${fault}`
  }
}

/** geth's welcome, as far as the node tells. */
async function bannerOf(client: RpcClient, modules: readonly string[]): Promise<string> {
  const ask = (method: string) => client.call(method).catch(() => undefined)
  const [name, head] = await Promise.all([ask('web3_clientVersion'), ask('eth_blockNumber')])
  const facts = [
    `Attached to ${typeof name === 'string' ? pretty(name, false).slice(1, -1) : client.target}`,
    ...(typeof head === 'string' ? [` at block: ${Number(head)}`] : []),
    ` modules: ${modules.join(' ')}`,
    'Try admin.peers or eth.getBlockByNumber("latest", false). Tab completes; Ctrl-D or exit ends.',
  ]
  return facts.join('\n')
}
