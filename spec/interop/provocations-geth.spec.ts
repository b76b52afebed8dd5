import { itBehavesAsGeth } from '../behaviour/it-behaves-as-geth.ts'
import { syncedProvocations } from '../behaviour/provocations.ts'
import { findGeth, requireClient } from '../support/clients.ts'
import { ethtest, requireEthtest } from '../support/ethtest.ts'
import { Geth } from '../support/geth.ts'
import { ethtestGeth } from './ethtest-geth.ts'

const versions = [69, 70, 71, 72] as const

describe('geth, provoked', () => {
  let geth: Geth
  before(async function () {
    geth = await ethtestGeth(this)
  })

  itBehavesAsGeth(() => worldOf(geth), versions)
})

describe('geth, provoked when it is synced', () => {
  let geth: Geth
  before(async function () {
    const path = requireClient(this, findGeth(), 'geth')
    const { genesis, chain, networkId, update } = requireEthtest(this)
    geth = await Geth.start({ path, genesis, chain, networkId })
    await geth.engine(update)
  })
  after(() => geth?.stop())

  itBehavesAsGeth(() => worldOf(geth), versions, syncedProvocations)
})

const worldOf = ({ enode, nodeKey }: Geth) => ({ enode, head: Number(ethtest.head.number), nodeKey })
