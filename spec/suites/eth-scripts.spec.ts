import { ethVersions } from '../../protocols/eth/versions.ts'
import { requireEthtest } from '../harness/ethtest.ts'
import { type OwnNode, startOwnNode } from '../harness/own-node.ts'
import { Trial } from './eth-scripts/eth-case.ts'
import { readEthtestChain } from './eth-scripts/ethtest-chain.ts'
import { ethCases } from './eth-scripts/index.ts'

describe("the cases of geth's eth-test as scripts, against our node", function () {
  this.timeout(60_000)
  let node: OwnNode
  before(async function () {
    const { genesis, chain } = requireEthtest(this)
    node = await startOwnNode({ genesis, chain })
  })
  after(() => node?.stop())

  for (const version of ethVersions)
    describe(`at eth/${version}`, () => {
      let trial: Trial
      before(() => {
        trial = new Trial({ enode: node.enode, forkchoice: async () => {} }, readEthtestChain(), version)
      })
      afterEach(() => trial.end())

      for (const { name, needs, since = 68, run } of ethCases)
        if (version < since) it(`${name} — not at eth/${version}: it is about what eth/${since} has`)
        else if (needs) it(`${name} — waits for ${needs}`)
        else it(name, () => run(trial))
    })
})
