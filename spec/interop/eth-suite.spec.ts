import { expect } from 'chai'
import { findDevp2p, requireClient } from '../harness/clients.ts'
import { requireEthtest } from '../harness/ethtest.ts'
import { runEthSuite, type SuiteResult } from '../suites/eth.ts'

/** What a node passes that has headers and bodies, but no receipts and no pool. */
const tests = [
  'Status',
  'MaliciousHandshake',
  'BlockRangeUpdateExpired',
  'BlockRangeUpdateFuture',
  'BlockRangeUpdateInvalid',
  'GetBlockHeaders',
  'GetNonexistentBlockHeaders',
  'SimultaneousRequests',
  'SameRequestID',
  'ZeroRequestID',
  'GetBlockBodies',
  'GetBlockAccessLists',
]

describe("geth's own eth suite, run against our node", () => {
  let result: SuiteResult
  const lines: string[] = []
  before(async function () {
    const devp2p = requireClient(this, findDevp2p(), 'devp2p')
    const { folder } = requireEthtest(this)
    result = await runEthSuite({
      devp2p,
      chain: folder,
      run: `^(${tests.join('|')})$`,
      print: (line) => lines.push(line),
    })
  })

  for (const test of tests)
    it(`passes ${test}`, () => {
      expect(result.passed).to.include(test)
    })
  it('is given every access list that it asks for', () => {
    expect(lines.filter((line) => line.includes('server returned empty'))).to.deep.equal([])
  })
  it('fails none', () => {
    expect(result.failed).to.deep.equal([])
  })
})
