import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { bytesToHex } from '../../protocols/lib/bytes.ts'
import { readPayloads } from '../actors/rpc/apis/payloads.ts'
import { Ethtest } from '../harness/ethtest.ts'
import { askEngine } from '../harness/geth.ts'
import { startOwnNode } from '../harness/own-node.ts'

export type SuiteOptions = {
  /** geth's devp2p command. */
  readonly devp2p: string
  /** The folder of the test chain. */
  readonly chain: string
  /** Which tests, as a regular expression of Go; all when left out. */
  readonly run?: string | undefined
  /** Takes each line of the suite's TAP. */
  print?(line: string): void
}

/** Tests by name. */
export type SuiteResult = { readonly passed: readonly string[]; readonly failed: readonly string[] }

/**
 * Runs geth's eth conformance suite against a fresh node on its chain, which a consensus client has told it, too: access
 * lists are in no file. @throws the node or the suite did not start */
export async function runEthSuite({ devp2p, chain, run, print }: SuiteOptions): Promise<SuiteResult> {
  const secret = randomBytes(32)
  const node = await startOwnNode({
    ...{ genesis: `${chain}/genesis.json`, chain: `${chain}/chain.rlp` },
    rpc: { auth: { port: 0, secret } },
  })
  try {
    for (const call of await readPayloads(new Ethtest(chain))) await askEngine(node.auth!, secret, call)
    const flags = [
      '--tap',
      '--chain',
      chain,
      '--node',
      node.enode,
      '--engineapi',
      node.auth!,
      '--jwtsecret',
      bytesToHex(secret),
    ]
    const args = ['rlpx', 'eth-test', ...flags, ...(run === undefined ? [] : ['--run', run])]
    return await readTap(devp2p, args, print ?? (() => {}))
  } finally {
    await node.stop()
  }
}

async function readTap(command: string, args: readonly string[], print: (line: string) => void): Promise<SuiteResult> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child, 'spawn')
  const result = { passed: [] as string[], failed: [] as string[] }
  let planned = 0
  // Some of its tests wait for ever for what a node does not send.
  const giveUp = () => {
    print(`# no word in ${patience / 1_000} s: ended`)
    child.kill('SIGKILL')
  }
  let watchdog = setTimeout(giveUp, patience)
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(watchdog)
    watchdog = setTimeout(giveUp, patience)
    print(line)
    const [, plan] = /^1\.\.(\d+)$/.exec(line) ?? []
    if (plan !== undefined) planned = Number(plan)
    const [, not, name] = /^(not )?ok \d+ (?:- )?(.+)$/.exec(line) ?? []
    if (name !== undefined) (not ? result.failed : result.passed).push(name)
  }
  clearTimeout(watchdog)
  for (let i = result.passed.length + result.failed.length + 1; i <= planned; i++) {
    print(`not ok ${i} # not finished`)
    result.failed.push(`test ${i}`)
  }
  return result
}

/** Milliseconds without a line; each read of the tool waits 2 s at most. */
const patience = 60_000
