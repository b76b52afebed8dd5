import { randomBytes } from 'node:crypto'
import { formatEnode } from '../../protocols/enode/enode.ts'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { publicKeyOf } from '../../protocols/lib/secp256k1.ts'
import { readPayloads } from '../actors/apis/payloads.ts'
import type { Ethtest } from '../support/ethtest.ts'
import { askEngine } from '../support/geth.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { runTool } from './devp2p.ts'

/** Those of geth's `devp2p rlpx` that need a chain. */
export type ChainSuite = 'eth' | 'snap' | 'snap2'

export type SuiteOptions = {
  /** @default 'eth' */
  readonly suite?: ChainSuite | undefined
  /** geth's devp2p command. */
  readonly devp2p: string
  readonly chain: Ethtest
  /** Which tests, as a regular expression of Go; all when left out. */
  readonly run?: string | undefined
  /** Milliseconds that one test may take: some wait for ever for what a node does not ask. */
  readonly timeout?: number
  /** Takes each line of the suite's TAP. */
  print?(line: string): void
  /** Ends the suite with what it has so far. */
  readonly signal?: AbortSignal
}

/** Tests by name; those that took too long are in `hung` only. */
export type SuiteResult = {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  readonly hung: readonly string[]
}

/**
 * Runs a conformance suite of geth's against a fresh node on its chain; after a test that hung, what is left of it against
 * another. @throws the node did not start, the tool ran no test
 */
export async function runChainSuite(options: SuiteOptions): Promise<SuiteResult> {
  const { suite, devp2p, chain, run, timeout = 60_000, print = () => {}, signal } = options
  const result = { passed: [] as string[], failed: [] as string[], hung: [] as string[] }
  let names: readonly string[] | undefined
  let left = run
  let tried = 0
  // One TAP of all runs.
  const printTap = (line: string) => {
    if (tried === 0 || !/^1\.\./.test(line))
      print(line.replace(/^((?:not )?ok) (\d+)/, (_, ok, n) => `${ok} ${tried + Number(n)}`))
  }
  for (;;) {
    const secret = randomBytes(32)
    const node = await startOnChain(chain, secret)
    const args = argumentsOf(chain, node.enode, node.auth!, secret, left)
    const { results, end } = await runTool({
      ...{ path: devp2p, command: commandOf(suite), args, timeout, print: printTap, signal },
    }).finally(() => node.stop())
    for (const { name, isPassed } of results) (isPassed ? result.passed : result.failed).push(name)
    if (end === 'done' || end === 'aborted') return result
    names ??= await suiteTests({ suite, devp2p, chain, run })
    tried += results.length + 1
    const stuck = names[tried - 1]!
    result[end === 'hung' ? 'hung' : 'failed'].push(stuck)
    print(`not ok ${tried} ${stuck}`)
    print(end === 'hung' ? `# not within ${timeout / 1_000} s` : '# ended the tool')
    if (tried === names.length) return result
    left = `^(${names.slice(tried).join('|')})$`
  }
}

/** @returns the names of the tool's tests, in its order: it has no list, but reports them as they fail where no node is */
export async function suiteTests({
  suite,
  devp2p,
  chain,
  run,
}: Pick<SuiteOptions, 'suite' | 'devp2p' | 'chain' | 'run'>): Promise<readonly string[]> {
  const [host, port] = ['127.0.0.1', 1] // tcpmux: no one listens there
  const enode = formatEnode({ publicKey: publicKeyOf(randomBytes(32)), host, tcp: port, udp: port })
  const args = argumentsOf(chain, enode, `http://${host}:${port}`, randomBytes(32), run)
  const { results } = await runTool({
    ...{ path: devp2p, command: commandOf(suite), args, timeout: 60_000, print: () => {} },
  })
  return results.map(({ name }) => name)
}

export const commandOf = (suite: ChainSuite = 'eth') => ['rlpx', `${suite}-test`]

export function argumentsOf(chain: Ethtest, enode: string, engine: string, secret: Uint8Array, run?: string): string[] {
  const where = ['--chain', chain.folder, '--node', enode, '--engineapi', engine, '--jwtsecret', bytesToHex(secret)]
  return run === undefined ? where : [...where, '--run', run]
}

/** Our node at its head, which a consensus client has sent it, too: block access lists are in no file of blocks (EIP-7928). */
export async function startOnChain(chain: Ethtest, secret: Uint8Array): Promise<OwnNode> {
  const { genesis, chain: file } = chain
  const node = await startOwnNode({ genesis, chain: file, execute: true, rpc: { auth: { port: 0, secret } } })
  for (const payload of await readPayloads(chain)) await askEngine(node.auth!, secret, payload)
  return node
}
