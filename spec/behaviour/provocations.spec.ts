import type { EthVersion } from '../../protocols/eth/versions.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'
import { itBehavesAsGeth } from './it-behaves-as-geth.ts'
import { syncedProvocations } from './provocations.ts'

describe('our node, provoked', () => {
  behaves('with the versions of eth that geth speaks', [69, 70, 71, 72])
  behaves('with the version of eth that geth spoke last before', [68])
  behaves('when it is synced', [69, 70, 71, 72], true)
})

function behaves(title: string, ethVersions: readonly EthVersion[], isSynced = false): void {
  describe(title, () => {
    let node: OwnNode
    before(async function () {
      this.timeout(30_000)
      node = await startOwnNode({ ethVersions, isSynced })
    })
    after(() => node?.stop())

    itBehavesAsGeth(() => node, ethVersions, isSynced ? syncedProvocations : undefined)
  })
}
