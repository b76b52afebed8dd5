import { expect } from 'chai'
import { runChainSuite, type SuiteResult, suiteTests } from '../suites/eth.ts'
import { ethCases } from '../suites/eth-scripts/index.ts'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'

describe("geth's own eth suite, run against our node", function () {
  this.timeout(180_000)
  const cases = ethCases.filter(({ needs }) => needs === undefined)
  let devp2p: string
  let names: readonly string[]
  let result: SuiteResult
  /** Of its TAP. */
  const lines: string[] = []
  before(async function () {
    devp2p = requireClient(this, findDevp2p(), 'devp2p')
    const chain = requireEthtest(this)
    names = await suiteTests({ devp2p, chain })
    const run = `^(${cases.map(({ name }) => name).join('|')})$`
    result = await runChainSuite({ devp2p, chain, run, print: (line) => lines.push(line) })
  })

  for (const { name, needs } of ethCases)
    if (needs) it(`passes ${name} — waits for ${needs}`)
    else
      it(`passes ${name}`, function () {
        if (!names.includes(name)) this.skip() // of a tool of another version
        expect(result.passed).to.include(name)
      })
  it('is given every access list that it asks for', () => {
    expect(lines.filter((line) => line.includes('server returned empty'))).to.deep.equal([])
  })
  it('fails none, and hangs in none', () => {
    expect({ failed: result.failed, hung: result.hung }).to.deep.equal({ failed: [], hung: [] })
  })
  it('has no test but those', () => {
    expect(ethCases.map(({ name }) => name)).to.include.members(names)
  })
})
