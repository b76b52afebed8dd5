import { ExampleFolder, examples } from '../readme-examples.ts'
import type { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe("the README's test of a client", () => {
  let geth: Geth
  const folder = new ExampleFolder()
  before(async function () {
    geth = await ethtestGeth(this)
  })
  after(() => folder.remove())

  for (const code of examples.filter((code) => code.includes("'peerchart/harness'")))
    it('passes against geth', () => folder.expectAsPromised(code, geth.enode))
})
