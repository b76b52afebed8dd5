import { itBehavesAsGeth } from '../behaviour/it-behaves-as-geth.ts'
import { ethtest } from '../harness/ethtest.ts'
import type { Geth } from '../harness/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

describe('geth, provoked', () => {
  let geth: Geth
  before(async function () {
    geth = await ethtestGeth(this)
  })

  itBehavesAsGeth(
    () => ({ enode: geth.enode, head: Number(ethtest.head.number), nodeKey: geth.nodeKey }),
    [69, 70, 71, 72],
  )
})
