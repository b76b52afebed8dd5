import assert from 'node:assert/strict'
import { createNode } from 'peerchart'
import { dial } from 'peerchart/harness'

/** The README's example of a harness, in plain JavaScript, against a node of ours: under every runner the same. */
export async function script() {
  const node = await createNode({ port: 0 })
  await node.start()
  const peer = dial(node.enode, { caps: ['eth/69'] })
  try {
    await peer.until('running')
    assert.equal(peer.theirStatus?.range.earliest, 0n)
    const { headers } = await peer.request('GetBlockHeaders', { origin: 0, amount: 1 })
    assert.deepEqual(
      Array.from(headers, ({ number }) => number),
      [0n],
    )
    peer.send('BlockRangeUpdate', { earliest: 10, latest: 5, latestHash: new Uint8Array(32) })
    await peer.expectDisconnect('SubprotocolError')
  } finally {
    peer.close()
    await node.stop()
  }
}
