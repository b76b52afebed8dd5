import { formatRecord } from '../../protocols/enr/record.ts'
import { startV5Node } from '../actors/discovery/v5/v5-node.ts'
import { runTool } from './devp2p.ts'
import type { SuiteOptions, SuiteResult } from './eth.ts'

/** Runs geth's discv5 conformance suite against a fresh node on 127.0.0.1. @throws the tool ran no test */
export async function runDiscv5Suite(options: Omit<SuiteOptions, 'chain'>): Promise<SuiteResult> {
  const { devp2p, run, timeout = 90_000, print = () => {}, signal } = options
  const node = await startV5Node()
  const args = ['--listen1', '127.0.0.1', '--listen2', '127.0.0.2', ...(run === undefined ? [] : ['--run', run])]
  const tool = { path: devp2p, args: [...args, formatRecord(node.local.record)], timeout, print, signal }
  const { results, end } = await runTool({ ...tool, command: ['discv5', 'test'] }).finally(() => node.stop())
  const named = (isPassed: boolean) => results.filter((one) => one.isPassed === isPassed).map(({ name }) => name)
  // The tool has no list of its tests: the one that is missing has no name here.
  const stuck = end === 'hung' || end === 'ended' ? [`test ${results.length + 1}`] : []
  return {
    passed: named(true),
    failed: [...named(false), ...(end === 'ended' ? stuck : [])],
    hung: end === 'hung' ? stuck : [],
  }
}
