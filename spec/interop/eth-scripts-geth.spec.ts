import { expect } from 'chai'
import { type Target, Trial } from '../suites/eth-scripts/eth-case.ts'
import { readEthtestChain } from '../suites/eth-scripts/ethtest-chain.ts'
import { ethCases } from '../suites/eth-scripts/index.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'

describe("the cases of geth's eth-test as scripts, against geth", () => {
  it('are 24', () => expect(new Set(ethCases.map(({ name }) => name)).size).to.equal(24))

  for (const version of [69, 70, 71, 72] as const)
    describe(`at eth/${version}`, () => {
      let geth: Geth
      let trial: Trial
      before(async function () {
        const path = requireClient(this, findGeth(), 'geth')
        const { genesis, chain, networkId } = requireEthtest(this)
        geth = await Geth.start({ path, genesis, chain, networkId }) // its pool is to be empty
        const target: Target = { enode: geth.enode, engine: (request) => geth.engineAnswer(request) }
        trial = new Trial(target, readEthtestChain(), version)
      })
      afterEach(() => trial?.end())
      after(() => geth?.stop())

      for (const { name, since = 68, run } of ethCases)
        if (version >= since) it(name, () => run(trial))
        else it(`${name} — not at eth/${version}: it is about what eth/${since} has`)
    })
})
