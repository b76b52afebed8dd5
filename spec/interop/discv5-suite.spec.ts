import { expect } from 'chai'
import { runDiscv5Suite } from '../suites/discv5.ts'
import type { SuiteResult } from '../suites/eth.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'

/** As of geth 1.17.10; older ones have fewer. */
const names = [
  ...['Ping', 'PingLargeRequestID', 'PingMultiIP', 'HandshakeResend', 'TalkRequest', 'FindnodeWrongIP'],
  ...['FindnodeHandshake', 'FindnodeZeroDistance', 'FindnodeResults', 'UnsolicitedNodes'],
]

describe("geth's own discv5 suite, run against our node", function () {
  this.timeout(120_000)
  let result: SuiteResult
  before(async function () {
    result = await runDiscv5Suite({ devp2p: requireClient(this, findDevp2p(), 'devp2p') })
  })

  for (const name of names)
    it(`passes ${name}`, function () {
      if (![...result.passed, ...result.failed].includes(name)) this.skip() // of a tool of another version
      expect(result.passed).to.include(name)
    })
  it('has no test that fails or hangs', () => expect(result).to.deep.include({ failed: [], hung: [] }))
})
