import { exec } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { createNode } from '../actors/peerchart/create-node.ts'
import type { PeerchartNode } from '../actors/peerchart/peerchart-node.ts'
import { documents } from './readme-examples.ts'
import { findCurl, skip } from './support/clients.ts'

describe("the README's use of curl", () => {
  let node: PeerchartNode
  before(async function () {
    if (findCurl() === undefined) skip(this, 'no curl on PATH')
    node = await createNode({ port: 0, noDial: true, rpc: { http: { port: 0 } } })
    await node.start()
  })
  after(() => node?.stop())

  const examples = [...documents.matchAll(/^\$ (curl .*)\n((?:[^$`].*\n)*)/gm)].map(([, command, output]) => ({
    command: command!,
    output: output!,
  }))
  it('is there', () => expect(examples).to.have.length.above(2))
  for (const { command, output } of examples)
    it(`is answered as it says: ${command.slice(-60)}`, async () => {
      const { host } = new URL(node.rpc!.http!)
      const { stdout } = await promisify(exec)(command.replace('127.0.0.1:8545', host))
      expect(stdout.trimEnd()).to.equal(output.trimEnd())
    })
})
