import { test } from 'node:test'
import { createNode } from '../../actors/peerchart/create-node.ts'
import { dial } from '../../actors/scripted-peer/index.ts'

// Run under node:test by runners.spec.ts: what a test leaves when it fails.

test('fails with a node that runs and a peer of it', async () => {
  await using node = await createNode({ port: 0 })
  await node.start()
  await using peer = dial(node.enode)
  await peer.until('running')
  throw new Error('as the spec wants it')
})
