import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { findDevp2p, requireClient } from '../support/clients.ts'
import { type OwnNode, startOwnNode } from '../support/own-node.ts'

describe("geth's devp2p rlpx ping", () => {
  let node: OwnNode | undefined
  after(() => node?.stop())

  it('prints our Hello', async function () {
    const path = requireClient(this, findDevp2p(), 'devp2p')
    node = await startOwnNode()
    const { stdout } = await promisify(execFile)(path, ['rlpx', 'ping', node.enode], { timeout: 10_000 })
    expect(stdout).to.match(/Version:5 Name:peerchart\//i)
    expect(stdout).to.contain('eth/69 eth/70 eth/71 eth/72]')
  })
})
