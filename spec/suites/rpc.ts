import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Ethtest } from '../support/ethtest.ts'
import { askEngine } from '../support/geth.ts'
import { startOwnNode } from '../support/own-node.ts'
import type { SuiteResult } from './eth.ts'

export type RpcSuiteOptions = {
  /** The `tests` folder of the execution-apis repository: chain.rlp, genesis.json, headfcu.json and a folder of each method. */
  readonly folder: string
  /** Of a node that stands at the head of that chain, as `http://127.0.0.1:8545`; a fresh node of ours when left out. */
  readonly url?: string | undefined
  /** Which tests, by `method/name`. */
  readonly run?: RegExp | undefined
  /** Milliseconds that one request may take. */
  readonly timeout?: number
  /** Takes each line of TAP. */
  print?(line: string): void
  /** Ends the suite with what it has so far. */
  readonly signal?: AbortSignal
}

/** What is sent, and the answer to it: JSON, as they stand in the file. */
type Exchange = { readonly request: string; readonly response: Response }
type Response = { readonly result?: unknown; readonly error?: { readonly code: number; readonly message?: string } }

export type RpcTest = {
  /** `method/name` */
  readonly name: string
  readonly exchanges: readonly Exchange[]
  /** The answer is one of many that are right: its shape alone is compared. */
  readonly isSpecOnly: boolean
}

/**
 * Plays the tests that the execution-apis repository publishes for every client. Answers are compared as hive's rpc-compat does: of
 * an error its code, of a `speconly` test the shape.
 * @throws no test matches, a file that is not a test, the node did not start
 */
export async function runRpcSuite(options: RpcSuiteOptions): Promise<SuiteResult> {
  const { folder, run, timeout = 10_000, print = () => {}, signal } = options
  const tests = readRpcTests(folder).filter(({ name }) => run === undefined || run.test(name))
  if (tests.length === 0) throw new Error(`no test in ${folder} that matches`)
  const { url, stop } = options.url === undefined ? await startOnChain(folder) : { url: options.url, stop: () => {} }
  const result = { passed: [] as string[], failed: [] as string[], hung: [] as string[] }
  print(`1..${tests.length}`)
  try {
    for (const [index, test] of tests.entries()) {
      if (signal?.aborted) break
      const outcome = await play(url, test, timeout)
      result[outcome.kind].push(test.name)
      print(`${outcome.kind === 'passed' ? 'ok' : 'not ok'} ${index + 1} ${test.name}`)
      if (outcome.kind === 'failed') print(`# ${outcome.why}`)
      if (outcome.kind === 'hung') print(`# no answer within ${timeout / 1_000} s`)
    }
  } finally {
    await stop()
  }
  return result
}

/** @returns a line of TAP's comments for each method: how many of its tests passed */
export function byMethod({ passed, failed, hung }: SuiteResult): readonly string[] {
  const tests = [...passed, ...failed, ...hung]
  const methodOf = (test: string) => test.split('/')[0]!
  return [...new Set(tests.map(methodOf))].sort().map((method) => {
    const count = (names: readonly string[]) => names.filter((name) => methodOf(name) === method).length
    return `# ${method} ${count(passed)} of ${count(tests)}`
  })
}

/** @throws a file that is not a test */
export function readRpcTests(folder: string): readonly RpcTest[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: method }) =>
      readdirSync(join(folder, method))
        .filter((file) => file.endsWith('.io'))
        .map((file) =>
          readRpcTest(`${method}/${basename(file, '.io')}`, readFileSync(join(folder, method, file), 'utf8')),
        ),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** @throws a text that is not a test */
export function readRpcTest(name: string, text: string): RpcTest {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const exchanges: Exchange[] = []
  let request: string | undefined
  for (const line of lines) {
    if (line.startsWith('>> ')) request = line.slice(3)
    else if (line.startsWith('<< ') && request !== undefined)
      exchanges.push({ request, response: JSON.parse(line.slice(3)) })
    else if (!line.startsWith('//'))
      throw new Error(`${name}: neither request, answer nor comment: ${line.slice(0, 80)}`)
  }
  if (exchanges.length === 0) throw new Error(`${name}: no request with its answer`)
  return { name, exchanges, isSpecOnly: lines.some((line) => /^\/\/\s*speconly/.test(line)) }
}

/** @returns what differs, as a line; undefined when nothing that counts does */
export function difference(expected: Response, actual: Response, isSpecOnly: boolean): string | undefined {
  if (expected.error !== undefined || actual.error !== undefined) {
    if (expected.error?.code === actual.error?.code) return undefined
    return `expected ${shortly(expected)}, got ${shortly(actual)}`
  }
  const place = isSpecOnly
    ? differentShape(expected.result, actual.result)
    : differentValue(expected.result, actual.result)
  return place === undefined ? undefined : `result${place}`
}

type Outcome = { readonly kind: 'passed' | 'hung' } | { readonly kind: 'failed'; readonly why: string }

async function play(url: string, { exchanges, isSpecOnly }: RpcTest, timeout: number): Promise<Outcome> {
  for (const { request, response } of exchanges) {
    let actual: Response
    try {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url, { method: 'POST', headers, body: request, signal: AbortSignal.timeout(timeout) })
      actual = (await answer.json()) as Response
    } catch (error) {
      if ((error as Error).name === 'TimeoutError') return { kind: 'hung' }
      return { kind: 'failed', why: (error as Error).message }
    }
    const why = difference(response, actual, isSpecOnly)
    if (why !== undefined) return { kind: 'failed', why }
  }
  return { kind: 'passed' }
}

async function startOnChain(folder: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const secret = new Uint8Array(32).fill(1)
  const rpc = {
    http: { port: 0, api: ['admin', 'debug', 'eth', 'net', 'testing', 'txpool', 'web3'] },
    auth: { port: 0, secret },
  }
  const { genesis, chain, update } = new Ethtest(folder)
  const node = await startOwnNode({ genesis, chain, execute: true, rpc })
  await askEngine(node.auth!, secret, update)
  return { url: node.http!, stop: () => node.stop() }
}

function differentValue(expected: unknown, actual: unknown, place = ''): string | undefined {
  if (isDeepStrictEqual(expected, actual)) return undefined
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected) !== Array.isArray(actual))
    return `${place}: expected ${shortly(expected)}, got ${shortly(actual)}`
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = differentValue(expected[key], actual[key], `${place}.${key}`)
    if (found !== undefined) return found
  }
  return `${place}: the same members in another order`
}

function differentShape(expected: unknown, actual: unknown, place = ''): string | undefined {
  if (kindOf(expected) !== kindOf(actual)) return `${place}: expected ${kindOf(expected)}, got ${kindOf(actual)}`
  if (!isObject(expected) || !isObject(actual) || Array.isArray(expected)) return undefined
  for (const key of Object.keys(expected)) {
    const found = differentShape(expected[key], actual[key], `${place}.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : typeof value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function shortly(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}
