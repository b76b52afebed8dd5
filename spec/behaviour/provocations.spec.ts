import { ethVersions } from '../../protocols/eth/versions.ts'
import { type OwnNode, startOwnNode } from '../harness/own-node.ts'
import { itBehavesAsGeth } from './it-behaves-as-geth.ts'

describe('our node, provoked', () => {
  let node: OwnNode
  before(async function () {
    this.timeout(30_000)
    node = await startOwnNode()
  })
  after(() => node?.stop())

  itBehavesAsGeth(() => node, ethVersions)
})
