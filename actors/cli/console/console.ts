import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline/promises'
import type { RpcClient } from '../../rpc/client.ts'
import { RpcClosed } from '../../rpc/client-errors.ts'
import { evaluate } from './evaluate.ts'
import { help, isExit, isHelp } from './help.ts'
import { type History, historySize } from './history.ts'
import { complete } from './methods.ts'
import { pretty } from './pretty.ts'
import type { Terminal } from './terminal.ts'

export type ConsoleOptions = {
  readonly client: RpcClient
  readonly terminal: Terminal
  readonly history: History
  /** @returns what a call failed by, in one line; undefined for a fault of ours */
  readonly explain: (error: unknown) => Promise<string | undefined>
}

/**
 * Asks a person, until Ctrl-D or `exit`. Ctrl-C drops the call that is waited for, or the line; on an empty one it ends.
 * @throws (rejects) {RpcClosed} the node has gone; and as {@link RpcClient.call}
 */
export async function runConsole({ client, terminal, history, explain }: ConsoleOptions): Promise<void> {
  const modules = Object.keys((await client.call<object | null>('rpc_modules')) ?? {})
  terminal.output.write(`${await bannerOf(client, modules)}\n`)
  const dialog = new Dialog({ client, terminal, explain }, modules, await history.load())
  const end = await dialog.end
  await history.save(dialog.lines)
  if (end === 'lost') throw new RpcClosed(client.target)
}

/** Lines of a person and their answers, one after the other. */
class Dialog {
  /** Who ended it, once every line has its answer. */
  readonly end: Promise<'left' | 'lost'>
  /** What was typed, the newest first. BOUNDED: historySize. */
  lines: readonly string[]
  readonly #client: RpcClient
  readonly #terminal: Terminal
  readonly #explain: ConsoleOptions['explain']
  readonly #readline: Interface
  /** Ends with the answer to the last line so far: pasted lines wait for those before them. */
  #turn: Promise<void> = Promise.resolve()
  #isOpen = true
  /** While an answer is waited for. */
  #giveUp: (() => void) | undefined

  constructor(
    { client, terminal, explain }: Omit<ConsoleOptions, 'history'>,
    modules: readonly string[],
    lines: readonly string[],
  ) {
    this.#client = client
    this.#terminal = terminal
    this.#explain = explain
    this.lines = lines
    this.#readline = createInterface({
      ...{ ...terminal, terminal: true, prompt: '> ' },
      ...{ history: [...lines], historySize, removeHistoryDuplicates: true },
      completer: (line: string) => complete(line, modules),
    })
    this.end = this.#follow()
    this.#readline.prompt()
  }

  async #follow(): Promise<'left' | 'lost'> {
    const readline = this.#readline
    readline.on('history', (lines) => {
      this.lines = lines
    })
    readline.on('line', (line) => {
      if (isExit(line)) readline.close()
      else this.#turn = this.#turn.then(() => this.#answer(line))
    })
    readline.on('SIGINT', () => this.#interrupt())
    const left = once(readline, 'close').then(() => 'left' as const)
    const end = await Promise.race([left, this.#client.closed.then(() => 'lost' as const)])
    this.#isOpen = false
    if (end === 'left') this.#giveUp?.() // a call that is lost ends by itself, and says why
    await this.#turn
    readline.close()
    return end
  }

  async #answer(line: string): Promise<void> {
    const givenUp = new Promise<string>((resolve) => {
      this.#giveUp = () => resolve('given up')
    })
    if (isHelp(line)) this.#print(help)
    else if (line.trim() !== '') this.#print(await Promise.race([this.#answerTo(line), givenUp]))
    this.#giveUp = undefined
    if (this.#isOpen) this.#readline.prompt()
  }

  /** A person's mistake, or the node's refusal, is an answer too. */
  async #answerTo(line: string): Promise<string> {
    try {
      return pretty(await evaluate(this.#client, line), true)
    } catch (error) {
      const fault = await this.#explain(error)
      if (fault === undefined) throw error
      return `error: ${fault}`
    }
  }

  #interrupt(): void {
    if (this.#giveUp) this.#giveUp()
    else if (this.#readline.line === '') this.#readline.close()
    else {
      this.#print('^C')
      this.#readline.write(null, { ctrl: true, name: 'e' })
      this.#readline.write(null, { ctrl: true, name: 'u' })
    }
  }

  #print(text: string): void {
    this.#terminal.output.write(`${text}\n`)
  }
}

/** geth's welcome, as far as the node answers. */
async function bannerOf(client: RpcClient, modules: readonly string[]): Promise<string> {
  const ask = (method: string) => client.call(method).catch(() => undefined)
  const [name, head] = await Promise.all([ask('web3_clientVersion'), ask('eth_blockNumber')])
  const facts = [
    `Attached to ${typeof name === 'string' ? pretty(name, false).slice(1, -1) : client.target}`,
    ...(typeof head === 'string' ? [` at block: ${Number(head)}`] : []),
    ` modules: ${modules.join(' ')}`,
    'Try admin.peers or eth.getBlock("latest"). Tab completes, help says more; Ctrl-D or exit ends.',
  ]
  return facts.join('\n')
}
