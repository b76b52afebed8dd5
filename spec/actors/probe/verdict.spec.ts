import { expect } from 'chai'
import { dial } from '../../../actors/harness/dial.ts'
import { listen } from '../../../actors/harness/listen.ts'
import { probe } from '../../../actors/probe/probe.ts'
import { memoryNetwork } from '../../harness/memory-network.ts'

describe('why a node hung up at our auth', () => {
  for (const [where, host, causes] of [
    ['that is near', '127.0.0.1', 'its key is not that of the enode, or it does not speak RLPx'],
    [
      'that is far, and may count how often it is dialed',
      '203.0.113.7',
      'its key is not that of the enode, it does not speak RLPx, or our address has dialed it within the last 30 s',
    ],
  ] as const)
    it(`is told of one ${where}`, async () => {
      const network = memoryNetwork()
      await using listener = await listen({ network, host, port: 30_303, through: 'tcp' })
      await using other = listener.accept()
      await using peer = dial(listener.enode, { network })
      const probing = probe(peer, { now: () => 0n, timeout: 1_000, step() {} })
      await other.until('securing')
      other.close()
      const { outcome, cause } = await probing
      expect({ outcome, cause }).to.deep.equal({
        outcome: 'not-devp2p',
        cause: `it closed the connection at our auth: ${causes}`,
      })
    })
})
