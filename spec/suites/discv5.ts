import { startOwnNode } from '../support/own-node.ts'
import { runTool } from './devp2p.ts'
import type { SuiteOptions, SuiteResult } from './eth.ts'

/** Runs geth's discv5 conformance suite against a fresh node on loopback. @throws the node did not start, the tool ran no test */
export async function runDiscv5Suite(options: Omit<SuiteOptions, 'chain'>): Promise<SuiteResult> {
  const { devp2p, run, timeout = 90_000, print = () => {}, signal } = options
  const node = await startOwnNode({ discovery: {}, netRestrict: '127.0.0.0/8' })
  const hosts = ['--listen1', '127.0.0.1', '--listen2', '127.0.0.2']
  const args = [...hosts, ...(run === undefined ? [] : ['--run', run]), node.enode]
  const { results, end } = await runTool({
    ...{ path: devp2p, command: ['discv5', 'test'], args, timeout, print, signal },
  }).finally(() => node.stop())
  const named = (isPassed: boolean) => results.filter((test) => test.isPassed === isPassed).map(({ name }) => name)
  const isCutOff = end === 'hung' || end === 'ended'
  return {
    passed: named(true),
    failed: named(false),
    hung: isCutOff ? [`what comes after ${results.length} tests`] : [],
  }
}
