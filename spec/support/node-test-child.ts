import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dial, listen, ScriptError } from '../../actors/scripted-peer/index.ts'

// Run under node:test by runners.spec.ts: the harness wants no runner's globals.

test('two scripted peers meet, talk and part', async () => {
  await using listener = await listen({ caps: ['eth/72'], status })
  await using theirs = listener.accept()
  await using peer = dial(listener.enode)
  await Promise.all([peer.until('running'), theirs.until('running')])
  assert.equal(peer.version, 72)
  theirs.send('Disconnect', { reason: 'UselessPeer' })
  await peer.expectDisconnect('UselessPeer')
})

test('what does not come is reported with the exchange', async () => {
  await using listener = await listen({ caps: ['eth/72'], status })
  await using theirs = listener.accept()
  await using peer = dial(listener.enode)
  await theirs.until('running')
  await assert.rejects(peer.expect('Cells', {}, { timeout: 10 }), (error) => {
    return error instanceof ScriptError && /^no Cells within 10 ms\n {2}states: dialing/.test(error.message)
  })
})

const status = {
  networkId: 1n,
  genesis: new Uint8Array(32),
  forkId: { hash: new Uint8Array(4), next: 0n },
  range: { earliest: 0n, latest: 1n, latestHash: new Uint8Array(32).fill(1) },
}
