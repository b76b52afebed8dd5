import { randomBytes } from 'node:crypto'
import { ethVersions } from '../../protocols/eth/versions.ts'
import { requireEthtest } from '../support/ethtest.ts'
import { askEngine } from '../support/geth.ts'
import type { OwnNode } from '../support/own-node.ts'
import { startOnChain } from './eth.ts'
import { type Target, Trial } from './eth-scripts/eth-case.ts'
import { readEthtestChain } from './eth-scripts/ethtest-chain.ts'
import { ethCases } from './eth-scripts/index.ts'

describe("the cases of geth's eth-test as scripts, against our node", function () {
  this.timeout(60_000)
  const secret = randomBytes(32)
  let node: OwnNode
  before(async function () {
    node = await startOnChain(requireEthtest(this), secret)
  })
  after(() => node?.stop())

  for (const version of ethVersions)
    describe(`at eth/${version}`, () => {
      let trial: Trial
      before(() => {
        const target: Target = { enode: node.enode, engine: (request) => askEngine(node.auth!, secret, request) }
        trial = new Trial(target, readEthtestChain(), version)
      })
      afterEach(() => trial.end())

      for (const { name, needs, since = 68, run } of ethCases)
        if (version < since) it(`${name} — not at eth/${version}: it is about what eth/${since} has`)
        else if (needs) it(`${name} — waits for ${needs}`)
        else it(name, () => run(trial))
    })
})
